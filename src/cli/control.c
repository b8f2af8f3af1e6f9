/* cli/control.c: the verbs that change living processes: level, sample, enable, disable, flush,
 * rotate. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/cli/live.h"
#include "src/cli/verbs.h"

#define TARGET_HELP                                                                                \
    "  --all            all processes, in place of a SERVICE or a pid\n"                           \
    "  --dir DIR        where journals lie (SPANLOG_JOURNAL_DIR, else /dev/shm/spanlog-<uid>)\n"
#define CHANGE_HELP                                                                                \
    "  --for TIME       only so long: 10s, 5m; then it is as before\n"                             \
    "  --save           also in your configuration file, for later starts\n"                       \
    "  --reset          take such live changes back\n"
#define EXIT_HELP                                                                                  \
    "\nExit status: 0 in force everywhere, 1 no such process, 2 a usage error, or a process has\n" \
    "refused a change or not taken it up within a second.\n"

static const char level_help[] =
    "spanlog level SERVICE|PID DIRECTIVES [--for TIME] [--save]\n"
    "spanlog level --all DIRECTIVES ...\n"
    "spanlog level SERVICE|PID --reset\n\n"
    "Sets levels of living processes, from their next record on. DIRECTIVES are comma\n"
    "separated: a LEVEL for all, LOGGER=LEVEL for a logger and those below it, FILE=LEVEL and\n"
    "FILE:LINE=LEVEL for call sites. What is not named stays as it is. Levels: trace, debug,\n"
    "info, warn, error, fatal, off. A span has the level info: db=warn turns those of db off;\n"
    "a LEVEL for all is about records alone.\n\n" CHANGE_HELP TARGET_HELP "\nExamples:\n"
    "  spanlog level orders db=debug --for 10s\n"
    "  spanlog level --all warn,src/orders.c:42=trace\n" EXIT_HELP;

static const char enable_help[] =
    "spanlog enable SERVICE|PID [OPTION]...\n\n"
    "Switches logging and tracing on in living processes, from their next record on.\n\n"
    "  --level DIRECTIVES   as spanlog level\n"
    "  --sample-rate RATIO  as spanlog sample\n"
    "  --output OUTPUT      as SPANLOG_OUTPUT, in place of the outputs that it has: what was "
    "logged\n"
    "                       before goes to those. Also --exporter\n"
    "  --otlp-endpoint URL  where the output otlp is; also --zipkin-endpoint, --jaeger-endpoint,\n"
    "                       --loki-endpoint. A process that sends already keeps whom it sends to\n"
    "  --service-name NAME  the same as SERVICE; a running service keeps its name\n" CHANGE_HELP
        TARGET_HELP "\nExamples:\n"
    "  spanlog enable orders\n"
    "  spanlog enable orders --output file:orders.jsonl,error:syslog: --sample-rate 0.5\n"
    "  spanlog enable --exporter otlp --otlp-endpoint http://127.0.0.1:4318 --sample-rate 0.5 \\\n"
    "                 --service-name orders --for 1h\n"
    "  spanlog enable --service-name orders --level db=debug --for 5m\n" EXIT_HELP;

static const char disable_help[] =
    "spanlog disable SERVICE|PID [--for TIME] [--save]\n\n"
    "Switches logging and tracing off in living processes, from their next record on. Contexts\n"
    "still travel from header to header.\n\n" CHANGE_HELP TARGET_HELP "\nExamples:\n"
    "  spanlog disable orders --for 5m\n" EXIT_HELP;

static const char sample_help[] =
    "spanlog sample SERVICE|PID [--operation NAME] [--route ROUTE] RATIO [--for TIME] [--save]\n"
    "spanlog sample SERVICE|PID --reset\n\n"
    "Sets which share of new traces is recorded in living processes, from the next trace on; with\n"
    "--operation or --route, of those that begin with such a span: a rule before those in force.\n"
    "RATIO is 0 to 1, 0% to 100%, and with --operation or --route also 100/s.\n\n"
    "  --operation NAME  * stands for any characters, ? for one\n"
    "  --route ROUTE     of the span's http.route; likewise\n" CHANGE_HELP TARGET_HELP
    "\nExamples:\n"
    "  spanlog sample gateway --route /checkout 1.0 --for 10m\n"
    "  spanlog sample --all 10%\n" EXIT_HELP;

static const char flush_help[] =
    "spanlog flush SERVICE|PID\n\n"
    "Waits until all that has been logged so far is written.\n\n" TARGET_HELP EXIT_HELP;

static const char rotate_help[] =
    "spanlog rotate SERVICE|PID\n\n"
    "Writes all that has been logged so far and opens the files anew by their names. Afterwards\n"
    "nothing more comes into a file that was renamed before.\n\n" TARGET_HELP "\nExamples:\n"
    "  mv orders.jsonl orders.jsonl.1 && spanlog rotate orders && gzip orders.jsonl.1\n" EXIT_HELP;

int spanlog_verb_level(int argc, char **argv) {
    struct live live = {.verb = "level", .help = level_help, .takes = LIVE_FOR | LIVE_SAVE};
    int status = live_parse(&live, argc, argv);
    if (status < 0)
        status = live_take_target(&live);
    if (status >= 0)
        return status;
    if (live.word_count != (live.reset ? 0 : 1))
        return live_usage_error(&live,
                                live.word_count == 0 ? "which level? Give a SERVICE and then "
                                                       "DIRECTIVES, as info,db=debug"
                                                     : "one word too many: ",
                                live.word_count == 0 ? "" : live.words[live.word_count - 1]);
    status = live_change(&live, "level", live.reset ? "info" : live.words[0]);
    return status >= 0 ? status : live_apply(&live);
}

static int switch_to(struct live *live, const char *value, int argc, char **argv) {
    int status = live_parse(live, argc, argv);
    if (status < 0)
        status = live_take_target(live);
    if (status < 0 && live->word_count > 0)
        status = live_usage_error(live, "one word too many: ", live->words[0]);
    if (status < 0)
        status = live_change(live, "enabled", value);
    if (status < 0 && live->reset && (live->takes & LIVE_ENABLE) != 0)
        live_reset_outputs(live);
    return status >= 0 ? status : live_apply(live);
}

int spanlog_verb_enable(int argc, char **argv) {
    struct live live = {
        .verb = "enable", .help = enable_help, .takes = LIVE_FOR | LIVE_SAVE | LIVE_ENABLE};
    return switch_to(&live, "1", argc, argv);
}

int spanlog_verb_disable(int argc, char **argv) {
    struct live live = {.verb = "disable", .help = disable_help, .takes = LIVE_FOR | LIVE_SAVE};
    return switch_to(&live, "0", argc, argv);
}

static int sample_change(struct live *live, const char *ratio) {
    char rule[SETTING_TEXT_SIZE];
    const char *operation = live->operation, *route = live->route;
    if (operation == NULL && route == NULL)
        return live_change(live, "sample_rate", ratio);
    if ((operation != NULL && strpbrk(operation, ",;\n") != NULL) ||
        (route != NULL && strpbrk(route, ",;\n") != NULL))
        return live_usage_error(live,
                                "a comma or a semicolon parts conditions and rules; in "
                                "--operation and --route ? stands for it",
                                "");
    int size =
        snprintf(rule, sizeof rule, "%s%s%s%s%s:%s", operation != NULL ? "operation=" : "",
                 operation != NULL ? operation : "", operation != NULL && route != NULL ? "," : "",
                 route != NULL ? "route=" : "", route != NULL ? route : "", ratio);
    if ((size_t)size >= sizeof rule)
        return live_usage_error(live, "too long: ", operation != NULL ? operation : route);
    return live_change(live, "sample_rules", rule);
}

int spanlog_verb_sample(int argc, char **argv) {
    struct live live = {
        .verb = "sample", .help = sample_help, .takes = LIVE_FOR | LIVE_SAVE | LIVE_SAMPLE};
    int status = live_parse(&live, argc, argv);
    if (status < 0)
        status = live_take_target(&live);
    if (status < 0 && live.word_count != (live.reset ? 0 : 1))
        status = live_usage_error(&live, "right is a SERVICE and then a RATIO", "");
    if (status < 0 && live.reset)
        status = live_change(&live, "sample_rules", "none");
    if (status < 0)
        status = live.reset ? live_change(&live, "sample_rate", "1")
                            : sample_change(&live, live.words[0]);
    return status >= 0 ? status : live_apply(&live);
}

static bool wait_for(struct attached *process, bool rotate) {
    struct control *control = process->control;
    return attach_wait(process, rotate ? &control->rotate_done : &control->flush_done,
                       rotate ? control->rotate_wanted : control->flush_wanted, LIVE_WAIT_MS) == 0;
}

/* Asks all, then waits for all. */
static int ask(struct live *live, bool rotate, const char *done) {
    struct attach_list list;
    int status = live_find(live, &list);
    if (status >= 0)
        return status;
    bool *asked = calloc(list.count, sizeof *asked);
    for (size_t i = 0; asked != NULL && i < list.count; i++) {
        struct control *control = list.found[i].control;
        asked[i] =
            control != NULL && attach_ask(&list.found[i], rotate ? &control->rotate_wanted
                                                                 : &control->flush_wanted) == 0;
    }
    status = asked != NULL ? SPANLOG_EXIT_DONE : SPANLOG_EXIT_ERROR;
    for (size_t i = 0; asked != NULL && i < list.count; i++) {
        bool in_time = asked[i] && wait_for(&list.found[i], rotate);
        live_print_name(&list.found[i]);
        printf(": %s\n",
               in_time ? done : "not yet: the process is stopped, or its output does not move");
        if (!in_time)
            status = SPANLOG_EXIT_ERROR;
    }
    free(asked);
    attach_close(&list);
    return status;
}

static int ask_verb(struct live *live, bool rotate, const char *done, int argc, char **argv) {
    int status = live_parse(live, argc, argv);
    if (status < 0)
        status = live_take_target(live);
    if (status < 0 && live->word_count > 0)
        status = live_usage_error(live, "one word too many: ", live->words[0]);
    return status >= 0 ? status : ask(live, rotate, done);
}

int spanlog_verb_flush(int argc, char **argv) {
    struct live live = {.verb = "flush", .help = flush_help};
    return ask_verb(&live, false, "written", argc, argv);
}

int spanlog_verb_rotate(int argc, char **argv) {
    struct live live = {.verb = "rotate", .help = rotate_help};
    return ask_verb(&live, true, "written, and files opened anew", argc, argv);
}
