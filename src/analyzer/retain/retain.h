/* analyzer/retain/retain.h: rotated logs are thinned by age, and go in the end.
 *
 *     struct spanlog_retain retain = {.keep_ns = 7 * DAY, .keep_errors_ns = 30 * DAY,
 *                                     .now_ns = now, .said = say, .said_argument = &out};
 *     int rc = spanlog_retain_run(&retain, "/var/log/shop", &sources, &issues);
 *
 * Sources are all logs of the directory, since a trace may have lines in any of them; what is
 * rotated away (rotated.h) is judged by when it was last written:
 *
 *     up to keep_ns            stays, compressed if that is asked for
 *     up to keep_errors_ns     lines of traces with an error stay, whole traces of them; and errors
 *                              outside of any trace
 *     older                    goes, or is moved to the archive folder
 *
 * What cannot be judged so stays whole until it goes: a file of which more lines are bad than good
 * (it may be no log at all), and one in which no line has a trace id.
 *
 * An error is a line of level error or fatal, or a span that failed. Where it was in a file that
 * has gone, the directory remembers it for the rest of its trace (retain_traces.c). Each file is
 * written anew beside the old one and takes its name in one step, so a kill at any time leaves the
 * old or the new, and the next run ends what it was killed over: in the end all is as if it had not
 * been. A second run of it at the same time is refused.
 */
#ifndef SPANLOG_ANALYZER_RETAIN_RETAIN_H
#define SPANLOG_ANALYZER_RETAIN_RETAIN_H

#include "src/analyzer/unpack/inflate.h"
#include "src/analyzer/input/scan.h"
#include "src/analyzer/translate/translate.h"

enum spanlog_retain_action {
    SPANLOG_RETAIN_STAYS,
    SPANLOG_RETAIN_COMPRESSED,
    SPANLOG_RETAIN_THINNED,
    SPANLOG_RETAIN_REMOVED,
    SPANLOG_RETAIN_ARCHIVED
};

struct spanlog_retained {
    const char *path;
    enum spanlog_retain_action action;
    uint64_t lines, lines_kept; /* of what was read */
    uint64_t lines_bad;         /* that nothing could be made of, and are not kept */
    const char *reason;         /* NULL, or why it was left as it was although it is old */
    uint64_t size, size_kept;   /* bytes */
    int error;                  /* -errno: it was left as it was */
};

struct spanlog_retain {
    uint64_t now_ns;
    uint64_t keep_ns;        /* 0: nothing is thinned */
    uint64_t keep_errors_ns; /* 0: nothing goes */
    const char *archive;     /* NULL: what goes is removed */
    enum spanlog_inflate_kind compress;
    bool dry_run;
    unsigned jobs;
    int32_t error_status_min;
    struct spanlog_translate_settings translate;
    void (*progress)(uint64_t done, uint64_t total);
    void (*said)(void *argument, const struct spanlog_retained *retained); /* of each old file */
    void *said_argument;
};

/* 0; -EBUSY: another one is at it; -ENOMEM; -errno of the directory or the archive folder. */
int spanlog_retain_run(const struct spanlog_retain *retain, const char *directory,
                       struct spanlog_sources *sources, struct spanlog_issues *issues);

#endif
