/* cli/status.c: `spanlog status`: the processes that log here, their settings and figures. Nothing
 * is asked of them: it is all in their journals. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/cli/input.h"
#include "src/cli/live.h"
#include "src/cli/verbs.h"

static const char help[] =
    "spanlog status [SERVICE|PID] [--json]\n\n"
    "The processes that log here: their settings, what is changed live, and their figures. A\n"
    "process that died and left a journal is shown as dead: spanlog recover writes what it had\n"
    "logged.\n\n"
    "  --json           one object a line\n"
    "  --dir DIR        where journals lie (SPANLOG_JOURNAL_DIR, else /dev/shm/spanlog-<uid>)\n\n"
    "Examples:\n"
    "  spanlog status\n"
    "  spanlog status orders --json | jq .lag_ms\n\n"
    "Exit status: 0 done, 1 there is none, 2 a usage error.\n";

static const char *state_of(const struct attached *a) {
    char enabled[8];
    if (!a->alive)
        return "dead";
    attach_value(a->state, "enabled", enabled, sizeof enabled);
    return enabled[0] == '\0' ? "starting" : strcmp(enabled, "0") == 0 ? "off" : "on";
}

/* The share of new traces that it records, where no rule says otherwise. */
static double sample_ratio(const struct attached *a) {
    char sampler[64], rate[32];
    attach_value(a->state, "sampler", sampler, sizeof sampler);
    attach_value(a->state, "sample_rate", rate, sizeof rate);
    return strstr(sampler, "always_off") != NULL     ? 0
           : strstr(sampler, "traceidratio") != NULL ? strtod(rate, NULL)
                                                     : 1;
}

static uint64_t lost(const struct control_counts *counts) {
    uint64_t sum = 0;
    for (unsigned i = 0; i < LOSS_CAUSES; i++)
        sum += counts->lost[i];
    return sum;
}

/* ---- live rules ----------------------------------------------------------------------------- */

/* Calls each(rule, left_ns, arg) for every line that holds; left_ns 0: for good. */
static void each_rule(const struct attached *a,
                      void (*each)(const char *rule, uint64_t left_ns, void *arg), void *arg) {
    char text[CONTROL_TEXT_SIZE + 1];
    uint64_t now = clock_gettime_ns(CLOCK_MONOTONIC), expiry = 0;
    attach_rules(a, text);
    for (char *at = text; *at != '\0';) {
        char *end = at + strcspn(at, "\n");
        char *next = end + (*end == '\n');
        *end = '\0';
        if (at[0] == '@')
            expiry = strtoull(at + 1, NULL, 10);
        else if (at[0] != '\0' && (expiry == 0 || expiry > now))
            each(at, expiry == 0 ? 0 : expiry - now, arg);
        at = next;
    }
}

static void print_words(const char *what, const char *text) {
    printf("  %s", what);
    spanlog_print_visible(text);
}

static void print_rule(const char *rule, uint64_t left_ns, void *arg) {
    (void)arg;
    print_words("live: ", rule);
    if (left_ns != 0)
        printf(", for %.1f s more", (double)left_ns / 1e9);
    putchar('\n');
}

/* ---- --json --------------------------------------------------------------------------------- */

static void json_setting(const struct attached *a, const char *name) {
    char value[SETTING_TEXT_SIZE];
    attach_value(a->state, name, value, sizeof value);
    if (strcmp(name, "output") == 0 && value[0] == '\0')
        snprintf(value, sizeof value, "%s", journal_outputs(a->header));
    if (value[0] == '\0')
        return;
    printf(",\"%s\":", name);
    spanlog_print_json_string(value);
}

static void json_rule(const char *rule, uint64_t left_ns, void *arg) {
    bool *first = arg;
    printf("%s{\"rule\":", *first ? "" : ",");
    spanlog_print_json_string(rule);
    if (left_ns != 0)
        printf(",\"left_ms\":%.3f", (double)left_ns / 1e6);
    putchar('}');
    *first = false;
}

static void print_json(const struct attached *a) {
    const struct control_counts *c = &a->header->control.counts;
    printf("{\"pid\":%u,\"service\":", a->header->pid);
    spanlog_print_json_string(a->header->service);
    printf(",\"state\":\"%s\",\"sample_ratio\":%.9g", state_of(a), sample_ratio(a));
    json_setting(a, "output");
    json_setting(a, "output_refused");
    json_setting(a, "output_refused_because");
    for (size_t i = 0; i < settings_count; i++)
        if (settings_table[i].live && strcmp(settings_table[i].name, "enabled") != 0 &&
            strcmp(settings_table[i].name, "output") != 0)
            json_setting(a, settings_table[i].name);
    printf(",\"records\":%" PRIu64 ",\"spans\":%" PRIu64 ",\"dropped\":%" PRIu64, c->records,
           c->spans, lost(c));
    printf(",\"dropped_full\":%" PRIu64 ",\"dropped_sink\":%" PRIu64 ",\"dropped_damaged\":%" PRIu64
           ",\"dropped_spans\":%" PRIu64 ",\"dropped_tail\":%" PRIu64,
           c->lost[LOSS_FULL], c->lost[LOSS_SINK], c->lost[LOSS_DAMAGED], c->lost[LOSS_SPANS],
           c->lost[LOSS_TAIL]);
    printf(",\"lag_ms\":%.3f,\"ring_used\":%" PRIu64 ",\"ring_size\":%" PRIu64,
           (double)a->lag_ns / 1e6, a->ring_used, a->ring_size);
    printf(",\"open_spans\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"writes\":%" PRIu64
           ",\"sink_errors\":%" PRIu64 ",\"recovered\":%" PRIu64,
           a->open_spans, c->bytes, c->writes, c->sink_errors, c->recovered);
    printf(",\"changes\":%" PRIu64 ",\"refused\":%" PRIu64 ",\"live\":[", c->changes, c->refused);
    bool first = true; /* of the rules */
    each_rule(a, json_rule, &first);
    printf("]}\n");
}

/* ---- for people ----------------------------------------------------------------------------- */

/* Without what is usual. */
static void spell_output(const struct attached *a, char *text, size_t size) {
    struct output_setting outputs[JOURNAL_MAX_OUTPUTS];
    char value[SETTING_TEXT_SIZE];
    uint32_t count = 0;
    attach_value(a->state, "output", value, sizeof value);
    if (value[0] == '\0')
        snprintf(value, sizeof value, "%s", journal_outputs(a->header));
    if (outputs_parse(value, outputs, &count) == NULL)
        outputs_spell(outputs, count, text, size);
    else
        snprintf(text, size, "%s", value);
}

/* 0 to 999,999,999 with commas. */
static void grouped(uint64_t number, char text[32]) {
    char digits[24];
    int size = snprintf(digits, sizeof digits, "%" PRIu64, number), used = 0;
    for (int i = 0; i < size; i++) {
        if (i > 0 && (size - i) % 3 == 0)
            text[used++] = ',';
        text[used++] = digits[i];
    }
    text[used] = '\0';
}

static int widest_service(const struct attach_list *list) {
    size_t most = strlen("SERVICE");
    for (size_t i = 0; i < list->count; i++) {
        size_t size = spanlog_visible_width(spanlog_text_of(list->found[i].header->service));
        most = size > most ? size : most;
    }
    return most < 40 ? (int)most : 40;
}

/* What it is asked for by its configuration or live, and cannot have. */
static void print_refused(const struct attached *a) {
    char output[SETTING_TEXT_SIZE];
    attach_value(a->state, "output_refused", output, sizeof output);
    if (output[0] == '\0')
        return;
    print_words("refused: output = ", output);
    putchar('\n');
}

static void print_row(const struct attached *a, int width) {
    const struct control_counts *c = &a->header->control.counts;
    char records[32], dropped[32], level[SETTING_TEXT_SIZE], output[SETTING_TEXT_SIZE];
    grouped(c->records, records);
    grouped(lost(c), dropped);
    attach_value(a->state, "level", level, sizeof level);
    spell_output(a, output, sizeof output);
    spanlog_print_visible_padded(a->header->service, (size_t)width);
    printf(" %7u  %-8s %12s %9s %8.1f ms %4.0f %%  %5.4g %%", a->header->pid, state_of(a), records,
           dropped, (double)a->lag_ns / 1e6,
           a->ring_size > 0 ? 100.0 * (double)a->ring_used / (double)a->ring_size : 0.0,
           100 * sample_ratio(a));
    print_words("", level[0] != '\0' ? level : "-");
    print_words("", output);
    putchar('\n');
    if (c->sink_errors > 0)
        printf("  %" PRIu64 " errors of its outputs\n", c->sink_errors);
    print_refused(a);
    each_rule(a, print_rule, NULL);
}

static void print_table(const struct attach_list *list) {
    int width = widest_service(list);
    printf("%-*s %7s  %-8s %12s %9s %11s %6s  %7s  %s  %s\n", width, "SERVICE", "PID", "STATE",
           "RECORDS", "DROPPED", "LAG", "RINGS", "SAMPLED", "LEVEL", "OUTPUT");
    for (size_t i = 0; i < list->count; i++)
        print_row(&list->found[i], width);
}

int spanlog_verb_status(int argc, char **argv) {
    struct live live = {.verb = "status", .help = help, .takes = LIVE_JSON};
    struct attach_list list;
    int status = live_parse(&live, argc, argv);
    if (status >= 0)
        return status;
    if (live.word_count > 1)
        return live_usage_error(&live, "one word too many: ", live.words[1]);
    live.target = live.word_count > 0 ? live.words[0] : NULL;
    status = live_find_all(&live, &list);
    if (status >= 0)
        return status;
    if (live.json)
        for (size_t i = 0; i < list.count; i++)
            print_json(&list.found[i]);
    else
        print_table(&list);
    if (list.unreadable > 0)
        fprintf(stderr, "spanlog: %zu journals of other versions, or damaged, are left out\n",
                list.unreadable);
    attach_close(&list);
    return SPANLOG_EXIT_DONE;
}
