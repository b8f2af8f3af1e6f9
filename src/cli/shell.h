/* cli/shell.h: what `spanlog log` and `spanlog exec` share: they write with the library, as part of
 * the trace that TRACEPARENT names, and speak for one job (SPANLOG_JOB).
 *
 *     shell_start(NULL, "shell", "none", true);      this thread is in the context of the
 * environment shell_hand_on(spanlog_ctx_current());
 */
#ifndef SPANLOG_CLI_SHELL_H
#define SPANLOG_CLI_SHELL_H

#include <spanlog/spanlog.h>

/* Which service these lines belong to: that of the outermost `spanlog exec`, handed to all below.
 */
#define SHELL_JOB "SPANLOG_JOB"

/* Makes of the value of -o what SPANLOG_OUTPUT takes, with absolute paths: a word that is no output
 * is a file's path. Returns NULL, or what is wrong with it. */
const char *shell_output(const char *value, char *ret_output, size_t size);
/* Starts the library: `output` (NULL: stderr) unless SPANLOG_OUTPUT says another, `service` unless
 * OTEL_SERVICE_NAME or SPANLOG_JOB do. source: which of src,pid,tid. sync: without a journal. */
void shell_start(const char *output, const char *service, const char *source, bool sync);
/* Writes ctx into the environment, for children. */
void shell_hand_on(spanlog_ctx ctx);

#endif
