/* cli/input.c: see input.h. */
#include "src/cli/input.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "src/analyzer/base/output.h"
#include "src/cli/from.h"
#include "src/cli/verbs.h"

void spanlog_say_visible(const char *text) {
    struct spanlog_output out;
    fflush(stderr);
    spanlog_output_open(&out, STDERR_FILENO);
    spanlog_put_visible(&out, spanlog_text_of(text));
    spanlog_output_close(&out);
}

void spanlog_print_visible(const char *text) {
    struct spanlog_output out = {.fd = -1};
    spanlog_put_visible(&out, spanlog_text_of(text));
    fwrite(out.data, 1, out.size, stdout);
    free(out.data);
}

void spanlog_print_visible_padded(const char *text, size_t width) {
    struct spanlog_output out = {.fd = -1};
    size_t used = spanlog_put_visible_cut(&out, spanlog_text_of(text), width, false);
    fwrite(out.data, 1, out.size, stdout);
    printf("%*s", used < width ? (int)(width - used) : 0, "");
    free(out.data);
}

void spanlog_print_json_string(const char *text) {
    struct spanlog_output out = {.fd = -1};
    spanlog_put_json_string(&out, spanlog_text_of(text));
    fwrite(out.data, 1, out.size, stdout);
    free(out.data);
}

/* ---- progress ----------------------------------------------------------------------------- */

static bool progress_is_shown;

static double seconds_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

void spanlog_show_progress(uint64_t done, uint64_t total) {
    static double started, shown;
    static int terminal = -1;
    if (terminal < 0) {
        terminal = isatty(STDERR_FILENO);
        started = terminal ? seconds_now() : 0;
    }
    if (!terminal)
        return;
    double now = seconds_now();
    if (now - started < 1 || now - shown < 0.2)
        return;
    shown = now;
    progress_is_shown = true;
    if (total)
        fprintf(stderr, "\r\033[K%3u %%  %.1f of %.1f GB", (unsigned)(100 * done / total),
                (double)done / 1e9, (double)total / 1e9);
    else
        fprintf(stderr, "\r\033[K%.1f GB", (double)done / 1e9);
}

void spanlog_clear_progress(void) {
    if (progress_is_shown)
        fprintf(stderr, "\r\033[K");
    progress_is_shown = false;
}

/* ---- issues ------------------------------------------------------------------------------- */

static int open_from(struct spanlog_input *input, const struct spanlog_options *options) {
    int rc = spanlog_from_open(&input->sources, &input->issues, options);
    if (rc < 0) {
        spanlog_issues_free(&input->issues);
        spanlog_sources_free(&input->sources);
    }
    return rc;
}

int spanlog_input_open(struct spanlog_input *input, const struct spanlog_options *options) {
    *input = (struct spanlog_input){.issues = SPANLOG_ISSUES_EMPTY};
    if (options->from.to)
        return open_from(input, options);
    if (options->from.given) {
        fprintf(stderr, "spanlog: %s: %s goes with --from loki:URL (see: spanlog %s --help)\n",
                options->usage->verb, options->from.given, options->usage->verb);
        return -EINVAL;
    }
    int rc =
        spanlog_sources_open(&input->sources, options->paths, options->path_count, &input->issues);
    const struct spanlog_filter *filter = &options->query.filter;
    if (rc == 0 && (filter->since_ns || filter->until_ns))
        (void)spanlog_sources_prune(&input->sources, filter->since_ns, filter->until_ns);
    if (rc < 0)
        fprintf(stderr, "spanlog: %s\n", strerror(-rc));
    return rc;
}

static const char *error_text(int error) {
    return error == ESTALE ? "was replaced while it was being read" : strerror(error);
}

static void say_place(const struct spanlog_source *source,
                      const struct spanlog_source_issues *issues) {
    uint64_t line =
        issues->first_line ? issues->first_line : spanlog_source_line(source, issues->first_offset);
    fprintf(stderr, "spanlog: ");
    spanlog_say_visible(source->path);
    if (line)
        fprintf(stderr, ":%" PRIu64 ": ", line);
    else
        fprintf(stderr, ": at byte %" PRIu64 ": ", issues->first_offset);
}

/* What became of the bad lines, behind what is wrong with the first. */
static void say_consequence(const struct spanlog_source_issues *issues) {
    uint64_t more = issues->lines_bad - 1, partly = issues->lines_partly;
    if (issues->lines_good == 0)
        fprintf(stderr, " (nothing in this file could be read)\n");
    else if (more == 0)
        fprintf(stderr, partly ? " (the rest of the line was taken)\n" : " (line skipped)\n");
    else if (partly)
        fprintf(stderr,
                " (skipped, and %" PRIu64 " more; the rest of %" PRIu64 " lines was taken)\n", more,
                partly);
    else
        fprintf(stderr, " (this line and %" PRIu64 " more skipped)\n", more);
}

static void say_issues_of(const struct spanlog_source *source,
                          const struct spanlog_source_issues *issues) {
    if (issues->lines_bad) {
        say_place(source, issues);
        fprintf(stderr, "%s", issues->first_reason);
        say_consequence(issues);
    }
    if (issues->truncated) {
        fprintf(stderr, "spanlog: ");
        spanlog_say_visible(source->path);
        fprintf(stderr, ": truncated last line (left out)\n");
    }
}

static void say_note(const struct spanlog_note *note) {
    if (!note->path || !note->text)
        return;
    fprintf(stderr, "spanlog: ");
    spanlog_say_visible(note->path);
    fprintf(stderr, ": ");
    spanlog_say_visible(note->text);
    fprintf(stderr, "\n");
}

static void say_unreadable(const struct spanlog_unreadable *unreadable) {
    fprintf(stderr, "spanlog: ");
    spanlog_say_visible(unreadable->path);
    fprintf(stderr, ": %s\n", error_text(unreadable->error));
}

void spanlog_input_say_news(struct spanlog_input *input) {
    const struct spanlog_issues *issues = &input->issues;
    while (input->notes_said < issues->note_count)
        say_note(&issues->notes[input->notes_said++]);
    while (input->unreadable_said < issues->unreadable_count)
        say_unreadable(&issues->unreadable[input->unreadable_said++]);
}

int spanlog_input_close_quietly(struct spanlog_input *input, int rc, bool found) {
    int status = found ? SPANLOG_EXIT_DONE : SPANLOG_EXIT_NOTHING;
    spanlog_clear_progress();
    if (rc < 0 && rc != -EPIPE && rc != -ECANCELED) { /* the last is among the notes */
        fprintf(stderr, "spanlog: %s\n", strerror(-rc));
        status = SPANLOG_EXIT_ERROR;
    }
    spanlog_issues_free(&input->issues);
    spanlog_sources_free(&input->sources);
    return status;
}

int spanlog_input_close(struct spanlog_input *input, int rc, bool found) {
    bool unreadable = input->issues.unreadable_count > 0;
    spanlog_clear_progress();
    for (size_t i = 0; i < input->issues.source_count; i++)
        say_issues_of(&input->sources.list[i], &input->issues.sources[i]);
    spanlog_input_say_news(input);
    for (size_t i = 0; i < input->issues.note_count; i++)
        unreadable = unreadable || input->issues.notes[i].is_error;
    int status = spanlog_input_close_quietly(input, rc, found);
    return unreadable ? SPANLOG_EXIT_ERROR : status;
}
