/* cli/live.c: see live.h. */
#include "src/cli/live.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/analyzer/read/fields.h"
#include "src/cli/input.h"
#include "src/cli/verbs.h"
#include "src/control/rules.h"
#include "src/control/save.h"

int live_usage_error(const struct live *live, const char *what, const char *word) {
    fprintf(stderr, "spanlog: %s: %s%s (see: spanlog %s --help)\n", live->verb, what, word,
            live->verb);
    return SPANLOG_EXIT_ERROR;
}

/* ---- options -------------------------------------------------------------------------------- */

/* The seeds' options of `enable`, and the settings that they are. */
static const struct {
    const char *option;
    const char *setting;
} enable_options[] = {{"--exporter", "exporter"},
                      {"--otlp-endpoint", "otlp_endpoint"},
                      {"--jaeger-endpoint", "jaeger_endpoint"},
                      {"--zipkin-endpoint", "zipkin_endpoint"},
                      {"--loki-endpoint", "loki_endpoint"},
                      {"--output", "output"},
                      {"--sample-rate", "sample_rate"},
                      {"--level", "level"}};

static int set_for(struct live *live, const char *value) {
    if (!spanlog_duration_read(value, &live->for_ns) || live->for_ns == 0)
        return live_usage_error(live, "--for is a time with its unit (10s, 5m, 1h), not ", value);
    live->for_text = value;
    return -1;
}

static int take_value(struct live *live, const char *word, const char *value) {
    if (strcmp(word, "--dir") == 0)
        live->directory = value;
    else if (strcmp(word, "--for") == 0)
        return set_for(live, value);
    else if (strcmp(word, "--operation") == 0)
        live->operation = value;
    else if (strcmp(word, "--route") == 0)
        live->route = value;
    else if (strcmp(word, "--service-name") == 0)
        live->service_name = value;
    else
        for (size_t i = 0; i < sizeof enable_options / sizeof *enable_options; i++)
            if (strcmp(word, enable_options[i].option) == 0)
                return live_change(live, enable_options[i].setting, value);
    return -1;
}

static bool takes_value(const struct live *live, const char *word) {
    bool enable = (live->takes & LIVE_ENABLE) != 0, sample = (live->takes & LIVE_SAMPLE) != 0;
    if (strcmp(word, "--dir") == 0 || (enable && strcmp(word, "--service-name") == 0) ||
        (sample && (strcmp(word, "--operation") == 0 || strcmp(word, "--route") == 0)))
        return true;
    for (size_t i = 0; enable && i < sizeof enable_options / sizeof *enable_options; i++)
        if (strcmp(word, enable_options[i].option) == 0 &&
            setting_find(enable_options[i].setting) != NULL)
            return true;
    return (live->takes & LIVE_FOR) != 0 && strcmp(word, "--for") == 0;
}

/* True: it was one. */
static bool take_flag(struct live *live, const char *word) {
    bool change = (live->takes & LIVE_SAVE) != 0;
    if (strcmp(word, "--all") == 0)
        live->all = true;
    else if (change && strcmp(word, "--save") == 0)
        live->save = true;
    else if (change && strcmp(word, "--reset") == 0)
        live->reset = true;
    else if ((live->takes & LIVE_JSON) != 0 && strcmp(word, "--json") == 0)
        live->json = true;
    else
        return false;
    return true;
}

/* The option at argv[*at]. */
static int take_option(struct live *live, int argc, char **argv, int *at) {
    char *word = argv[*at], *equals = strchr(word, '=');
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
        fputs(live->help, stdout);
        return SPANLOG_EXIT_DONE;
    }
    if (equals != NULL)
        *equals = '\0';
    else if (take_flag(live, word))
        return -1;
    if (!takes_value(live, word))
        return live_usage_error(live, "unknown option ", word);
    if (equals == NULL && *at + 1 == argc)
        return live_usage_error(live, "a value is missing behind ", word);
    return take_value(live, word, equals != NULL ? equals + 1 : argv[++*at]);
}

/* "-1", "-.5": a rate, though none that is right. */
static bool is_number(const struct live *live, const char *word) {
    word += word[1] == '.' ? 2 : 1;
    return (live->takes & LIVE_SAMPLE) != 0 && *word >= '0' && *word <= '9';
}

int live_parse(struct live *live, int argc, char **argv) {
    live->directory = getenv("SPANLOG_JOURNAL_DIR");
    for (int i = 1; i < argc; i++) {
        int status = -1;
        if (live->word_count == LIVE_WORDS_MOST)
            status = live_usage_error(live, "too many words: ", argv[i]);
        else if (argv[i][0] == '-' && argv[i][1] != '\0' && !is_number(live, argv[i]))
            status = take_option(live, argc, argv, &i);
        else
            live->words[live->word_count++] = argv[i];
        if (status >= 0)
            return status;
    }
    if (live->save && (live->for_text != NULL || live->reset))
        return live_usage_error(live, "--save is for good: not with ",
                                live->reset ? "--reset" : "--for");
    return -1;
}

int live_take_target(struct live *live) {
    const char *named = live->service_name;
    if (named != NULL &&
        (live->all || (live->word_count > 0 && strcmp(live->words[0], named) != 0)))
        return live_usage_error(live,
                                "a running service keeps its name: its journal, its recovery and "
                                "its section of the configuration go by it. Another one for the "
                                "next start: SERVICE_NAME=",
                                named);
    if (named != NULL && live->word_count == 0) {
        live->target = named;
        return -1;
    }
    if (live->all)
        return -1;
    if (live->word_count == 0)
        return live_usage_error(live, "of which process? Give a SERVICE, a pid, or --all", "");
    live->target = live->words[0];
    live->word_count--;
    memmove(live->words, live->words + 1, live->word_count * sizeof *live->words);
    return -1;
}

static int refuse_change(const struct live *live, const struct setting *setting, const char *value,
                         const char *why) {
    char right[400];
    setting_right(setting, right, sizeof right);
    fprintf(stderr, "spanlog: %s: %s = \"%.100s\" is not right: %s; right is %s\n", live->verb,
            setting->name, value, why, right);
    return SPANLOG_EXIT_ERROR;
}

int live_change(struct live *live, const char *name, const char *value) {
    static struct settings scratch; /* only to check the value */
    const struct setting *setting = setting_find(name);
    struct setting_origin origin = {.rank = SETTING_LIVE, .name = live->verb};
    if (setting == NULL || live->change_count == LIVE_CHANGES_MOST)
        return live_usage_error(live, "there is no setting ", name);
    settings_defaults(&scratch);
    const char *wrong = settings_try(&scratch, setting, value, origin);
    if (wrong != NULL)
        return refuse_change(live, setting, value, wrong);
    struct live_change *change = &live->changes[live->change_count++];
    change->setting = setting;
    snprintf(change->value, sizeof change->value, "%s", value);
    if (scratch.clamped != NULL) { /* what holds, so that the processes need not say it too */
        setting_print(&scratch, setting, change->value, sizeof change->value);
        fprintf(stderr, "spanlog: %s: %s = %.100s: %s; %s is used\n", live->verb, setting->name,
                value, scratch.clamped, change->value);
    }
    if (strcmp(setting->name, "output") == 0) /* the processes have folders of their own */
        outputs_spell(scratch.named, scratch.named_count, change->value, sizeof change->value);
    return -1;
}

static bool is_changed(const struct live *live, size_t count, const char *name) {
    for (size_t i = 0; i < count; i++)
        if (strcmp(live->changes[i].setting->name, name) == 0)
            return true;
    return false;
}

void live_reset_outputs(struct live *live) {
    static const char *const names[] = {"output", "otlp_endpoint", "jaeger_endpoint",
                                        "zipkin_endpoint", "loki_endpoint"};
    size_t given = live->change_count;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (live->change_count < LIVE_CHANGES_MOST && !is_changed(live, given, names[i]))
            live->changes[live->change_count++].setting = setting_find(names[i]);
}

/* ---- doing it ------------------------------------------------------------------------------- */

static int find(const struct live *live, struct attach_list *list, bool dead) {
    int error = attach_find(list, live->directory, live->target, dead);
    if (error != 0) {
        fprintf(stderr, "spanlog: %s: %s\n",
                live->directory != NULL ? live->directory : "the journals' directory",
                strerror(-error));
        return SPANLOG_EXIT_ERROR;
    }
    if (list->count > 0)
        return -1;
    if (live->save)
        printf("no such process logs here now: from the next start on\n");
    else if (live->target != NULL)
        fprintf(stderr, "spanlog: no process %s logs here (spanlog status shows those that do)\n",
                live->target);
    else
        fprintf(stderr, "spanlog: no process logs here\n");
    attach_close(list);
    return SPANLOG_EXIT_NOTHING;
}

int live_find(const struct live *live, struct attach_list *list) {
    return find(live, list, false);
}

int live_find_all(const struct live *live, struct attach_list *list) {
    return find(live, list, true);
}

static int edit(char text[CONTROL_TEXT_SIZE + 1], void *arg) {
    const struct live *live = arg;
    uint64_t now = clock_gettime_ns(CLOCK_MONOTONIC);
    uint64_t expiry = live->for_text != NULL ? now + live->for_ns : 0;
    int error = 0;
    for (size_t i = 0; error == 0 && i < live->change_count; i++) {
        const struct live_change *change = &live->changes[i];
        if (!change->setting->live)
            continue;
        if (live->reset)
            rules_remove(text, now, change->setting->name);
        else
            error = rules_add(text, now, expiry, change->setting->name, change->value);
    }
    return error;
}

static bool any_live(const struct live *live) {
    for (size_t i = 0; i < live->change_count; i++)
        if (live->changes[i].setting->live)
            return true;
    return false;
}

void live_print_name(const struct attached *process) {
    spanlog_print_visible(process->header->service);
    printf("[%u]", process->header->pid);
}

static void say_change(const struct live *live, const struct attached *process) {
    live_print_name(process);
    putchar(':');
    bool first = true;
    for (size_t i = 0; i < live->change_count; i++) {
        if (!live->changes[i].setting->live)
            continue;
        if (live->reset)
            printf("%s %s", first ? "" : ",", live->changes[i].setting->name);
        else
            printf("%s %s = %s", first ? "" : ",", live->changes[i].setting->name,
                   live->changes[i].value);
        first = false;
    }
    if (live->reset)
        printf(" as configured");
    if (live->for_text != NULL)
        printf(" for %s", live->for_text);
}

/* The header was copied before anything was changed. */
static bool has_refused(const struct attached *process) {
    return process->control->counts.refused != process->header->control.counts.refused;
}

static bool is_same_output(const char *value, const char *wanted) {
    struct output_setting is[JOURNAL_MAX_OUTPUTS], want[JOURNAL_MAX_OUTPUTS];
    uint32_t is_count = 0, want_count = 0;
    if (outputs_parse(value, is, &is_count) != NULL ||
        outputs_parse(wanted, want, &want_count) != NULL || is_count != want_count)
        return false;
    for (uint32_t i = 0; i < is_count; i++)
        if (strcmp(is[i].sink, want[i].sink) != 0 || strcmp(is[i].target, want[i].target) != 0)
            return false;
    return true;
}

/* A process keeps the outputs that it has where others cannot be had, with their endpoints. */
static bool is_where_to(const struct setting *setting) {
    return strcmp(setting->name, "output") == 0 || strstr(setting->name, "_endpoint") != NULL;
}

/* Whether that is in force, by what the process says of itself: once more it would change nothing.
 * *ret_why, where it can be known here. */
static bool holds(const struct live *live, const struct attached *process,
                  const struct live_change *change, const char **ret_why) {
    static const struct setting_origin is_origin = {.rank = SETTING_OWN, .name = "state"},
                                       live_origin = {.rank = SETTING_LIVE, .name = "live"};
    static struct settings scratch;
    const struct setting *setting = change->setting;
    char is[SETTING_TEXT_SIZE], again[SETTING_TEXT_SIZE];
    if (live->reset) /* to outputs that only the process knows */
        return !is_where_to(setting) ||
               !attach_value(process->state, "output_refused", is, sizeof is);
    if (!attach_value(process->state, setting->name, is, sizeof is)) /* perhaps had no room there */
        return !is_where_to(setting) && !has_refused(process);
    if (strcmp(setting->name, "output") == 0)
        return is_same_output(is, change->value);
    settings_defaults(&scratch);
    settings_try(&scratch, setting, is, is_origin);
    setting_print(&scratch, setting, is, sizeof is);
    const char *wrong = settings_try(&scratch, setting, change->value, live_origin);
    setting_print(&scratch, setting, again, sizeof again);
    *ret_why = wrong != NULL ? wrong : *ret_why;
    return wrong == NULL && strcmp(is, again) == 0;
}

/* Says it of those changes whose `held` is that. */
static void say_those(const struct live *live, const struct attached *process,
                      const bool held[LIVE_CHANGES_MOST], bool which, const char *what) {
    static struct live those;
    those = *live;
    those.change_count = 0;
    for (size_t i = 0; i < live->change_count; i++)
        if (live->changes[i].setting->live && held[i] == which)
            those.changes[those.change_count++] = live->changes[i];
    if (those.change_count == 0)
        return;
    say_change(&those, process);
    printf(": ");
    spanlog_print_visible(what);
    putchar('\n');
}

/* Of each change whether it holds; those for so short a time that it is over have held. */
static bool say_each(const struct live *live, struct attached *process) {
    bool held[LIVE_CHANGES_MOST], all = true;
    char what[SETTING_TEXT_SIZE], because[SETTING_TEXT_SIZE];
    const char *why = "its stderr says why";
    bool unknown = process->state[0] == '\0' ||
                   (live->for_text != NULL && clock_gettime_ns(CLOCK_MONOTONIC) >= live->until);
    bool has_reason =
        attach_value(process->state, "output_refused_because", because, sizeof because);
    for (size_t i = 0; i < live->change_count; i++) {
        const struct live_change *change = &live->changes[i];
        held[i] = unknown || !change->setting->live || holds(live, process, change, &why);
        if (!held[i] && has_reason && is_where_to(change->setting))
            why = because;
        all &= held[i];
    }
    snprintf(what, sizeof what, "refused: %.200s", why);
    say_those(live, process, held, true, "in force");
    say_those(live, process, held, false, what);
    return all;
}

/* One process after the other; the first has had its time when the last is written. */
static bool say_taken(const struct live *live, struct attached *process, int error,
                      uint32_t generation) {
    if (error != 0) {
        fprintf(stderr, "spanlog: ");
        spanlog_say_visible(process->header->service);
        fprintf(stderr, "[%u]: %s; nothing is changed\n", process->header->pid,
                error == -E2BIG   ? "there are too many live rules (--reset takes them back)"
                : error == -EBUSY ? "another spanlog is changing it"
                                  : strerror(-error));
        return false;
    }
    if (attach_wait(process, &process->control->taken, generation, LIVE_WAIT_MS) == 0)
        return say_each(live, process);
    say_change(live, process);
    printf(": not in force yet: the process is stopped, or its output does not move\n");
    return false;
}

static int change_living(struct live *live) {
    struct attach_list list;
    int status = live_find(live, &list);
    if (status >= 0)
        return status;
    int *errors = calloc(list.count, sizeof *errors);
    uint32_t *generations = calloc(list.count, sizeof *generations);
    bool all = errors != NULL && generations != NULL;
    live->until = clock_gettime_ns(CLOCK_MONOTONIC) + live->for_ns;
    for (size_t i = 0; all && i < list.count; i++)
        errors[i] = attach_change(&list.found[i], edit, live, &generations[i]);
    bool done = all;
    for (size_t i = 0; all && i < list.count; i++)
        done &= say_taken(live, &list.found[i], errors[i], generations[i]);
    free(errors);
    free(generations);
    attach_close(&list);
    return done ? SPANLOG_EXIT_DONE : SPANLOG_EXIT_ERROR;
}

static int save(const struct live *live) {
    char path[1024];
    int error = save_path(path, sizeof path);
    for (size_t i = 0; error == 0 && i < live->change_count; i++) {
        const struct live_change *change = &live->changes[i];
        error = save_setting(path, live->target, change->setting->name, change->value);
        if (error == 0)
            printf("%s: %s%s%s%s = %s%s\n", path, live->target != NULL ? "[" : "",
                   live->target != NULL ? live->target : "", live->target != NULL ? "] " : "",
                   change->setting->name, change->value,
                   change->setting->live ? "" : ": from the next start on");
    }
    if (error == 0)
        return SPANLOG_EXIT_DONE;
    fprintf(stderr, "spanlog: %s is not saved: %s\n", error == -ENOENT ? "it" : path,
            error == -ENOENT   ? "neither SPANLOG_CONFIG nor HOME says where"
            : error == -EISDIR ? "not a file"
                               : strerror(-error));
    return SPANLOG_EXIT_ERROR;
}

int live_apply(struct live *live) {
    char *end = NULL;
    bool is_pid = live->target != NULL && strtoul(live->target, &end, 10) > 0 && *end == '\0';
    if (live->save && is_pid)
        return live_usage_error(live, "--save is for a SERVICE or --all, not for the pid ",
                                live->target);
    for (size_t i = 0; !live->save && i < live->change_count; i++)
        if (!live->changes[i].setting->live)
            return live_usage_error(live, "only from the next start on, and so only with --save: ",
                                    live->changes[i].setting->name);
    int saved = live->save ? save(live) : SPANLOG_EXIT_DONE;
    int status = any_live(live) ? change_living(live) : SPANLOG_EXIT_DONE;
    if (live->save && status == SPANLOG_EXIT_NOTHING)
        status = SPANLOG_EXIT_DONE; /* it will be read at the next start */
    return saved != SPANLOG_EXIT_DONE ? saved : status;
}
