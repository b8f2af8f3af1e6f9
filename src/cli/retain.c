/* cli/retain.c: `spanlog retain`: rotated logs are thinned by age, and go in the end. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "src/analyzer/base/parallel.h"
#include "src/analyzer/retain/retain.h"
#include "src/analyzer/base/output.h"
#include "src/cli/input.h"
#include "src/cli/verbs.h"

static const struct spanlog_usage usage = {
    .verb = "retain",
    .synopsis = "[options] DIR",
    .about =
        "Thins the rotated logs of a directory by when they were last written: older than\n"
        "--keep, only whole traces with an error stay (a span that failed, a line of level\n"
        "error), and errors outside of traces; older than --keep-errors, a file goes. Logs\n"
        "that are still being written are read, since traces may go on in them, and left\n"
        "alone. An old file that is mostly unreadable, or in which no line has a trace id, is\n"
        "left as it was until it goes. It may be ended at any moment: each file is the old or\n"
        "the new one, and the next run does the rest. Of a trace whose error has gone with a\n"
        "file, DIR/.spanlog-retain keeps the id, so that the rest of it stays as long as\n"
        "others. What is in the archive already is never written over.\n"
        "Processes that were killed want their logs finished first (spanlog recover).",
    .examples = "  spanlog retain --keep 7d --keep-errors 30d /var/log/shop\n"
                "  spanlog retain --keep 7d --keep-errors 30d --archive /mnt/old /var/log/shop\n"
                "  nice spanlog retain --compress zstd /var/log/shop\n"
                "  spanlog retain --keep 1d --dry-run --json /var/log/shop\n",
    .options =
        SPANLOG_TAKES_INPUT | SPANLOG_TAKES_RETAIN | SPANLOG_TAKES_JSON | SPANLOG_TAKES_ERRORS};

struct report {
    struct spanlog_output out;
    bool json;
    size_t files, failed;
    uint64_t size, size_kept;
};

static const char *const actions[] = {"stays", "compressed", "thinned", "removed", "archived"};

static void put_json(struct report *report, const struct spanlog_retained *done) {
    struct spanlog_output *out = &report->out;
    const char *action = done->error ? "failed" : actions[done->action];
    spanlog_put_json_text(out, "{\"file\":", spanlog_text_of(done->path));
    spanlog_put_json_text(out, ",\"action\":", spanlog_text_of(action));
    spanlog_put_json_count(out, ",\"lines\":", done->lines);
    spanlog_put_json_count(out, ",\"lines_kept\":", done->lines_kept);
    spanlog_put_json_count(out, ",\"lines_bad\":", done->lines_bad);
    spanlog_put_json_count(out, ",\"bytes\":", done->size);
    spanlog_put_json_count(out, ",\"bytes_kept\":", done->size_kept);
    if (done->reason)
        spanlog_put_json_text(out, ",\"reason\":", spanlog_text_of(done->reason));
    spanlog_put(out, "}\n");
}

static void put_text(struct report *report, const struct spanlog_retained *done) {
    struct spanlog_output *out = &report->out;
    spanlog_put_right(out, done->error ? "failed" : actions[done->action], 10);
    spanlog_put(out, "  ");
    spanlog_put_visible(out, spanlog_text_of(done->path));
    if (done->reason) {
        spanlog_put(out, ": left as it was: ");
        spanlog_put(out, done->reason);
    }
    if (done->action == SPANLOG_RETAIN_THINNED && !done->error) {
        spanlog_put(out, ": ");
        spanlog_put_thousands(out, done->lines_kept);
        spanlog_put(out, " of ");
        spanlog_put_thousands(out, done->lines);
        spanlog_put(out, " lines");
        if (done->lines_bad) {
            spanlog_put(out, ", and none of ");
            spanlog_put_thousands(out, done->lines_bad);
            spanlog_put(out, " bad ones");
        }
    }
    if (done->size_kept != done->size) {
        spanlog_put(out, ", ");
        spanlog_put_thousands(out, done->size);
        spanlog_put(out, " to ");
        spanlog_put_thousands(out, done->size_kept);
        spanlog_put(out, " bytes");
    }
    spanlog_put(out, "\n");
}

static const char *what_failed(const struct spanlog_retained *done) {
    if (done->error == -ESTALE)
        return "was written to or renamed meanwhile";
    if (done->error == -EEXIST)
        return done->action == SPANLOG_RETAIN_ARCHIVED
                   ? "the archive has another file of that name"
                   : "there is a compressed file of that name already";
    return strerror(-done->error);
}

static void say(void *argument, const struct spanlog_retained *done) {
    struct report *report = argument;
    report->files++;
    report->failed += done->error != 0;
    report->size += done->size;
    report->size_kept += done->size_kept;
    spanlog_clear_progress();
    if (report->json)
        put_json(report, done);
    else
        put_text(report, done);
    spanlog_output_flush(&report->out);
    if (done->error) {
        fprintf(stderr, "spanlog: retain: ");
        spanlog_say_visible(done->path);
        fprintf(stderr, ": %s (left as it was)\n", what_failed(done));
    }
}

static void say_why_not(const struct spanlog_options *options, int rc) {
    if (rc == -EBUSY)
        fprintf(stderr, "spanlog: retain: %s: another retain is at it\n", options->paths[0]);
    else if (rc == -EBADMSG)
        fprintf(stderr,
                "spanlog: retain: %s/.spanlog-retain: no list of traces as retain writes it: "
                "nothing is done; what it says is lost when it is moved away\n",
                options->paths[0]);
    else if (rc < 0 && rc != -ENOMEM)
        fprintf(stderr, "spanlog: retain: %s: %s\n",
                options->archive && access(options->archive, R_OK | W_OK | X_OK) != 0
                    ? options->archive
                    : options->paths[0],
                strerror(-rc));
}

static bool is_complete(const struct spanlog_options *options) {
    const char *missing = NULL;
    if (options->path_count != 1 || strcmp(options->paths[0], "-") == 0)
        missing = "name one directory";
    else if (!options->keep_ns && !options->keep_errors_ns &&
             options->compress == SPANLOG_INFLATE_NONE)
        missing = "say what to do: --keep 7d, --keep-errors 30d, --compress zstd";
    else if (options->archive && !options->keep_errors_ns)
        missing = "--archive takes what --keep-errors lets go";
    else if (options->keep_ns && options->keep_errors_ns &&
             options->keep_errors_ns < options->keep_ns)
        missing = "--keep-errors is shorter than --keep";
    if (missing)
        fprintf(stderr, "spanlog: retain: %s (see: spanlog retain --help)\n", missing);
    return !missing;
}

int spanlog_verb_retain(int argc, char **argv) {
    struct spanlog_options options;
    struct spanlog_input input;
    struct timespec now;
    int status = spanlog_options_parse(&options, &usage, argc, argv);
    if (status >= 0)
        return status;
    if (!is_complete(&options))
        return SPANLOG_EXIT_ERROR;
    if (spanlog_input_open(&input, &options) < 0)
        return SPANLOG_EXIT_ERROR;
    struct report report = {.json = options.json};
    spanlog_output_open(&report.out, STDOUT_FILENO);
    clock_gettime(CLOCK_REALTIME, &now);
    struct spanlog_retain retain = {.now_ns =
                                        (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec,
                                    .keep_ns = options.keep_ns,
                                    .keep_errors_ns = options.keep_errors_ns,
                                    .archive = options.archive,
                                    .compress = options.compress,
                                    .dry_run = options.dry_run,
                                    .jobs = spanlog_job_count(options.jobs),
                                    .error_status_min = options.error_status_min,
                                    .translate = options.translate,
                                    .progress = spanlog_show_progress,
                                    .said = say,
                                    .said_argument = &report};
    int rc = spanlog_retain_run(&retain, options.paths[0], &input.sources, &input.issues);
    spanlog_clear_progress();
    say_why_not(&options, rc);
    spanlog_output_close(&report.out);
    status = spanlog_input_close_quietly(&input, rc == -ENOMEM ? rc : 0, report.files > 0);
    return rc < 0 || report.failed ? SPANLOG_EXIT_ERROR : status;
}
