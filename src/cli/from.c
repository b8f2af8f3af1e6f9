/* cli/from.c: see from.h. The asking is done by libspanlog-ship. */
#include "src/cli/from.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "src/analyzer/base/scratch.h"
#include "src/cli/input.h"
#include "src/cli/ship_library.h"

#define HOUR_NS (3600 * UINT64_C(1000000000))

static void say(void *argument, const char *text) {
    const char *name = argument;
    spanlog_clear_progress();
    fprintf(stderr, "spanlog: ");
    spanlog_say_visible(name);
    fprintf(stderr, ": ");
    spanlog_say_visible(text);
    fprintf(stderr, "\n");
}

static uint64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static uint64_t an_hour_before(uint64_t ns) {
    return ns > HOUR_NS ? ns - HOUR_NS : 1;
}

/* The trace that is asked for, or all lines of a time. Whether a trace began within it, only the
 * lines before can tell, and its last ones may come later. */
static void set_times(struct spanlog_ship_question *question, const struct spanlog_options *options,
                      struct spanlog_issues *issues, const char *name) {
    const struct spanlog_filter *filter = &options->query.filter;
    question->trace_id = options->full ? NULL : options->id;
    question->since_ns = options->from.since_ns;
    question->until_ns = options->from.until_ns;
    if (filter->since_ns)
        question->since_ns = an_hour_before(filter->since_ns);
    if (filter->until_ns)
        question->until_ns = filter->until_ns + HOUR_NS;
    if (!question->trace_id && !question->since_ns) {
        uint64_t end_ns = filter->until_ns ? filter->until_ns : options->from.until_ns;
        question->since_ns = an_hour_before(end_ns ? end_ns : now_ns());
        spanlog_issues_note(issues, name, false, "the last hour (--since says how far back)");
    }
}

/* The target without its password, broken as the URL may be. */
static const char *name_of(const char *to, char *name, size_t room) {
    const char *at = strrchr(to, '@'), *scheme = strstr(to, "://");
    size_t kept = at && scheme && scheme < at ? (size_t)(scheme + 3 - to) : strlen("loki:");
    snprintf(name, room, "%.*s%s", (int)kept, to, at ? at + 1 : to + kept);
    return name;
}

static int check(const struct spanlog_options *options) {
    if (options->path_count == 0)
        return 0;
    fprintf(stderr,
            "spanlog: %s: --from asks Loki in place of files: give one of both (see: spanlog %s "
            "--help)\n",
            options->usage->verb, options->usage->verb);
    return -EINVAL;
}

/* rc: of the asking. What was had is worth to be looked at. */
static int take(struct spanlog_sources *sources, struct spanlog_issues *issues, int fd, int rc,
                uint64_t lines, char *name, const char *problem) {
    spanlog_clear_progress();
    if (rc < 0 && lines == 0) {
        say(name, problem);
        close(fd);
        return rc;
    }
    if (rc < 0)
        spanlog_issues_note(issues, name, true, problem);
    return spanlog_sources_add_open(sources, fd, name, issues);
}

int spanlog_from_open(struct spanlog_sources *sources, struct spanlog_issues *issues,
                      const struct spanlog_options *options) {
    static char name[1024];
    char problem[SPANLOG_SHIP_PROBLEM];
    const struct spanlog_from_options *from = &options->from;
    struct spanlog_ship_library library;
    uint64_t lines = 0;
    struct spanlog_ship_target target = {.to = from->to,
                                         .tenant = from->tenant,
                                         .user = from->user,
                                         .bearer = from->bearer,
                                         .headers = from->headers,
                                         .ca = from->ca,
                                         .timeout_ms = from->timeout_ms};
    struct spanlog_ship_question question = {.size = SPANLOG_SHIP_ASK_SIZE,
                                             .target = &target,
                                             .select = from->select,
                                             .as_they_are = options->translate.dialect,
                                             .say = say,
                                             .progress = spanlog_show_progress,
                                             .argument = name};
    if (check(options) < 0)
        return -EINVAL;
    name_of(from->to, name, sizeof name);
    if (!spanlog_ship_library_open(&library, "--from"))
        return -ELIBACC;
    set_times(&question, options, issues, name);
    question.fd = spanlog_scratch_open();
    if (question.fd < 0) {
        say((void *)(uintptr_t)spanlog_scratch_folder(), strerror(-question.fd));
        return question.fd;
    }
    int rc = library.ask(&question, &lines, problem);
    return take(sources, issues, question.fd, rc, lines, name, problem);
}
