/* cli/tail.c: `spanlog tail`: a tree as each trace completes. */
#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "src/analyzer/render/render.h"
#include "src/analyzer/trace/tail.h"
#include "src/cli/following.h"
#include "src/cli/verbs.h"

#define MEMORY_MAX (64u << 20)

static const struct spanlog_usage usage = {
    .verb = "tail",
    .synopsis = "[options] [FILE|DIR|-]...",
    .about =
        "Follows logs, also through rotation, and shows each trace as soon as it is complete: its\n"
        "root has ended and nothing more came for a while (--settle). The root is a span without\n"
        "parent, or one of a server whose caller is not in these logs. What does not complete is\n"
        "shown after --give-up, marked INCOMPLETE. Begins at the end of files; of a trace that "
        "was\n"
        "under way, what is new is shown. Ctrl-C shows what is still open. No file means stdin.",
    .examples = "  spanlog tail logs/\n"
                "  spanlog tail --status error --service payment logs/\n"
                "  spanlog tail --where '{ duration > 100ms }' shop.jsonl\n"
                "  ./orders | spanlog tail\n",
    .options = SPANLOG_TAKES_TAIL | SPANLOG_TAKES_LOOK | SPANLOG_TAKES_COLOR | SPANLOG_TAKES_JSON |
               SPANLOG_TAKES_FILTER | SPANLOG_TAKES_ERRORS};

struct printer {
    const struct spanlog_options *options;
    struct spanlog_look look;
    struct spanlog_output out;
    uint64_t printed;
};

static uint64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static const char *words_for(enum spanlog_tail_reason reason) {
    switch (reason) {
    case SPANLOG_TAIL_GIVEN_UP:
        return "INCOMPLETE: nothing more came in time (--give-up)\n";
    case SPANLOG_TAIL_LET_GO:
        return "INCOMPLETE: let go to make room (--memory)\n";
    case SPANLOG_TAIL_STOPPED:
        return "INCOMPLETE: still open at the end\n";
    default:
        return "";
    }
}

/* At once: somebody is waiting for it. */
static int print_trace(void *argument, const struct spanlog_trace *trace,
                       enum spanlog_tail_reason reason) {
    struct printer *printer = argument;
    struct spanlog_output *out = &printer->out;
    if (printer->options->json) {
        spanlog_render_trace_json(trace, out);
    } else {
        spanlog_put(out, printer->printed ? "\n" : "");
        spanlog_put(out, words_for(reason));
        spanlog_render_trace(trace, &printer->look, out);
    }
    printer->printed++;
    spanlog_output_flush(out);
    return out->error;
}

static int follow(struct spanlog_following *following, struct spanlog_tail *tail) {
    struct spanlog_chunk chunk;
    int rc = 0;
    while (rc == 0) {
        int got =
            spanlog_following_next(following, spanlog_tail_timeout_ms(tail, now_ns()), &chunk);
        if (got < 0)
            return got;
        if (got == SPANLOG_FOLLOW_ENDED)
            return spanlog_tail_end(tail);
        if (got == SPANLOG_FOLLOW_LINES)
            rc = spanlog_tail_take(tail, &chunk, now_ns());
        if (rc == 0)
            rc = spanlog_tail_due(tail, now_ns());
    }
    return rc;
}

static void say_counts(const struct spanlog_tail_counts *counts, const struct printer *printer) {
    if (counts->late_lines)
        fprintf(stderr,
                "spanlog: lines that came after their trace was shown: %" PRIu64 ", of %" PRIu64
                " traces (--settle, --give-up and --memory say how long it waits)\n",
                counts->late_lines, counts->late_traces);
    if (counts->let_go)
        fprintf(stderr,
                "spanlog: traces let go before they were complete, to make room: %" PRIu64
                " (--memory)\n",
                counts->let_go);
    if (counts->traces > printer->printed)
        fprintf(stderr, "spanlog: traces that do not match: %" PRIu64 " of %" PRIu64 "\n",
                counts->traces - printer->printed, counts->traces);
}

int spanlog_verb_tail(int argc, char **argv) {
    struct spanlog_options options;
    struct spanlog_following following;
    struct spanlog_tail *tail = NULL;
    int status = spanlog_options_parse(&options, &usage, argc, argv);
    if (status >= 0)
        return status;
    struct printer printer = {.options = &options, .look = spanlog_options_look(&options)};
    spanlog_output_open(&printer.out, STDOUT_FILENO);
    if (spanlog_following_open(&following, &options) < 0)
        return SPANLOG_EXIT_ERROR;
    struct spanlog_tail_settings settings = {.translate = options.translate,
                                             .filter = options.query.filter,
                                             .error_status_min = options.error_status_min,
                                             .settle_ns = options.settle_ns,
                                             .give_up_ns = options.give_up_ns,
                                             .bytes_max =
                                                 options.memory ? options.memory : MEMORY_MAX,
                                             .issues = &following.input.issues,
                                             .trace = print_trace,
                                             .argument = &printer};
    int rc = spanlog_tail_open(&tail, &settings);
    if (rc == 0)
        rc = follow(&following, tail);
    bool found = false;
    if (tail) {
        say_counts(spanlog_tail_counts(tail), &printer);
        found = printer.printed > 0;
        spanlog_tail_close(tail);
    }
    int written = spanlog_output_close(&printer.out);
    return spanlog_following_close(&following, rc < 0 ? rc : written, found);
}
