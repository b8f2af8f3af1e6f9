/* cli/input.h: opens what a verb was given, and says at the end what was wrong with it.
 *
 *     struct spanlog_input input;
 *     if (spanlog_input_open(&input, &options) < 0) return SPANLOG_EXIT_ERROR;
 *     ... work ...
 *     return spanlog_input_close(&input, rc, found_something);
 */
#ifndef SPANLOG_CLI_INPUT_H
#define SPANLOG_CLI_INPUT_H

#include "src/analyzer/input/sources.h"
#include "src/cli/options.h"

struct spanlog_input {
    struct spanlog_sources sources;
    struct spanlog_issues issues;
    size_t notes_said, unreadable_said; /* of the issues; the rest is said at the end */
};

int spanlog_input_open(struct spanlog_input *input, const struct spanlog_options *options);
/* rc: what the work returned. Returns the exit status. */
int spanlog_input_close(struct spanlog_input *input, int rc, bool found);
/* The same when the answer has said already what was wrong with the input. */
int spanlog_input_close_quietly(struct spanlog_input *input, int rc, bool found);

/* Says the notes, and what could not be read, that are new. */
void spanlog_input_say_news(struct spanlog_input *input);

/* Shown on stderr's terminal once the work has taken a second. Give it to the scan. */
void spanlog_show_progress(uint64_t done, uint64_t total);
void spanlog_clear_progress(void);

/* Path, name or other text from outside, on stderr: nothing in it can steer a terminal. */
void spanlog_say_visible(const char *text);
/* The same on stdout, among what printf writes there; padded: cut or filled up to that width. */
void spanlog_print_visible(const char *text);
void spanlog_print_visible_padded(const char *text, size_t width);
/* Between quotes, on stdout, among what printf writes there. */
void spanlog_print_json_string(const char *text);

#endif
