/* cli/check.c: `spanlog check`: what is wrong with the logs. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "src/analyzer/base/parallel.h"
#include "src/analyzer/render/check_render.h"
#include "src/cli/input.h"
#include "src/cli/verbs.h"

static const struct spanlog_usage usage = {
    .verb = "check",
    .synopsis = "[options] [FILE|DIR|-]...",
    .about =
        "Says what is wrong with the logs: lines that cannot be read, records that were lost,\n"
        "spans without parents or ends, processes that died, clocks that disagree; each with\n"
        "how often and where first. Exit status: 0 nothing is wrong (notes do not count),\n"
        "1 something is, or a rule failed, 2 a file cannot be read. No file means stdin.\n\n"
        "Rules: p50 p99 p99.9 max min mean (of a duration), count, errors, rate, error_share of\n"
        "OPERATION, SERVICE/OPERATION or nothing (all spans); orphans, lost, spans, traces.",
    .examples =
        "  spanlog check logs/\n"
        "  spanlog check logs/ --assert 'p99(checkout) < 200ms' --assert 'error_share() < 1%'\n"
        "  spanlog check logs/ --rules slo.txt --on-fail 'mail -s broken ops'\n"
        "  spanlog check logs/ --json | jq 'select(.kind == \"records_dropped\")'\n",
    .options = SPANLOG_TAKES_INPUT | SPANLOG_TAKES_FROM | SPANLOG_TAKES_TIMES | SPANLOG_TAKES_LOOK |
               SPANLOG_TAKES_COLOR | SPANLOG_TAKES_JSON | SPANLOG_TAKES_ERRORS |
               SPANLOG_TAKES_CHECK};

static int print(const struct spanlog_check *check, const struct spanlog_options *options) {
    struct spanlog_look look = spanlog_options_look(options);
    struct spanlog_output out;
    spanlog_output_open(&out, STDOUT_FILENO);
    if (options->json)
        spanlog_render_check_json(check, &out);
    else
        spanlog_render_check(check, &look, &out);
    return spanlog_output_close(&out);
}

/* ---- rules -------------------------------------------------------------------------------- */

#define RULES_SIZE_MAX (1u << 20)

/* The whole file, or NULL after an error was said. */
static char *read_rules(const char *path, size_t *ret_size) {
    FILE *file = fopen(path, "re");
    char *text = malloc(RULES_SIZE_MAX + 1);
    *ret_size = file && text ? fread(text, 1, RULES_SIZE_MAX + 1, file) : 0;
    bool bad = !file || !text || ferror(file);
    if (bad || *ret_size > RULES_SIZE_MAX) {
        fprintf(stderr, "spanlog: check: --rules ");
        spanlog_say_visible(path);
        fprintf(stderr, ": %s\n", bad ? strerror(errno) : "longer than 1 MB");
        free(text);
        text = NULL;
    }
    if (file)
        fclose(file);
    return text;
}

static void say_mistake(const char *where, const char *text,
                        const struct spanlog_where_error *error) {
    char *explained = spanlog_where_explain(where, text, error);
    fprintf(stderr, "spanlog: check: ");
    spanlog_say_visible(explained ? "" : text);
    fprintf(stderr, "%s\n", explained ? explained : "");
    free(explained);
}

static int take_rules(const struct spanlog_options *options, struct spanlog_arena *arena,
                      struct spanlog_asserts *ret) {
    struct spanlog_where_error error;
    char *text = NULL;
    size_t size = 0;
    *ret = (struct spanlog_asserts){0};
    if (options->rules) {
        text = read_rules(options->rules, &size);
        int rc = text ? spanlog_asserts_parse(text, size, arena, ret, &error) : -EIO;
        if (rc == -EINVAL) {
            char where[300];
            snprintf(where, sizeof where, "%.256s:%zu", options->rules, ret->line);
            say_mistake(where, ret->line_text, &error);
        }
        free(text);
        if (rc < 0)
            return rc;
    }
    struct spanlog_assert *list =
        spanlog_arena_array(arena, ret->count + options->assert_count + 1, sizeof *list);
    if (!list)
        return -ENOMEM;
    if (ret->count)
        memcpy(list, ret->list, ret->count * sizeof *list);
    ret->list = list;
    for (size_t i = 0; i < options->assert_count; i++) {
        int rc = spanlog_assert_parse(options->asserts[i], arena, &list[ret->count], &error);
        if (rc == -EINVAL)
            say_mistake("--assert", options->asserts[i], &error);
        if (rc < 0)
            return rc;
        ret->count++;
    }
    return 0;
}

/* The failed ones, one a line. NULL: none failed, or no memory. */
static char *failed_rules(const struct spanlog_check *check) {
    char *text = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&text, &size);
    for (size_t i = 0; memory && i < check->count; i++)
        if (check->findings[i].kind == SPANLOG_CHECK_ASSERTION_FAILED)
            fprintf(memory, "%s\n", check->findings[i].detail);
    if (memory)
        fclose(memory);
    if (text && size == 0) {
        free(text);
        text = NULL;
    }
    return text;
}

/* A command that does not read all of its input, or fails, is its own affair: said, no more. */
static void run_on_fail(const char *command, const struct spanlog_check *check) {
    enum { ENVIRONMENT_MAX = 100000 };
    char *text = failed_rules(check);
    if (!text)
        return;
    char *copy = strndup(text, ENVIRONMENT_MAX);
    if (copy)
        setenv("SPANLOG_FAILED", copy, 1);
    FILE *pipe = popen(command, "we");
    void (*before)(int) = signal(SIGPIPE, SIG_IGN); /* after, or the command would inherit it */
    if (pipe)
        fputs(text, pipe);
    int status = pipe ? pclose(pipe) : -1;
    signal(SIGPIPE, before);
    if (status == -1)
        fprintf(stderr, "spanlog: check: --on-fail: %s\n", strerror(errno));
    else if (status != 0)
        fprintf(stderr, "spanlog: check: --on-fail: the command failed (status %d)\n",
                WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    free(copy);
    free(text);
}

/* ---- the verb ----------------------------------------------------------------------------- */

int spanlog_verb_check(int argc, char **argv) {
    struct spanlog_options options;
    struct spanlog_input input;
    struct spanlog_check check = {0};
    int status = spanlog_options_parse(&options, &usage, argc, argv);
    if (status >= 0)
        return status;
    struct spanlog_arena arena = {0};
    struct spanlog_asserts rules;
    if (take_rules(&options, &arena, &rules) < 0 || spanlog_input_open(&input, &options) < 0) {
        spanlog_arena_free(&arena);
        return SPANLOG_EXIT_ERROR;
    }
    struct spanlog_check_query query = {.jobs = spanlog_job_count(options.jobs),
                                        .error_status_min = options.error_status_min,
                                        .raw_clocks = options.query.filter.raw_clocks,
                                        .translate = options.translate,
                                        .progress = spanlog_show_progress};
    int rc = spanlog_check_run(&query, &input.sources, &input.issues, &check);
    if (rc == 0 && rules.count)
        rc = spanlog_check_assert(&check, &rules, query.raw_clocks);
    spanlog_clear_progress();
    if (rc == 0)
        rc = print(&check, &options);
    if (rc == 0 && options.on_fail)
        run_on_fail(options.on_fail, &check);
    bool wrong =
        check.of_severity[SPANLOG_SEVERITY_ERROR] || check.of_severity[SPANLOG_SEVERITY_WARNING];
    bool unreadable = input.issues.unreadable_count > 0;
    for (size_t i = 0; i < input.issues.note_count; i++)
        unreadable = unreadable || input.issues.notes[i].is_error;
    spanlog_check_free(&check);
    spanlog_arena_free(&arena);
    status = spanlog_input_close_quietly(&input, rc, !wrong);
    return unreadable ? SPANLOG_EXIT_ERROR : status;
}
