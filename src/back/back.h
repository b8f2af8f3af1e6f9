/* back/back.h: the one thread that may block: it drains the rings, lags under load so that neither
 * side waits for the other's cache lines, and sleeps without polling when there is nothing to do.
 */
#ifndef SPANLOG_BACK_BACK_H
#define SPANLOG_BACK_BACK_H

#include "src/back/drain.h"

/* Opens the outputs on the process's journal. Returns 0 or -errno. */
int back_open(const struct settings *settings);
/* Starts the thread. Returns 0 or -errno: then records are written by their callers. */
int back_start(void);
/* One pass on this thread, where there is no back thread. */
void back_drain(void);
/* Waits until all that was acknowledged before is written. 0 or -ETIMEDOUT; timeout_ms < 0: no
 * limit. Async-signal-safe. */
int back_flush(int timeout_ms);
/* Ends the thread and writes what is left: open spans as abandoned when abandon() says so (NULL:
 * no), "process ended". Returns 0 when everything is out, else -ETIMEDOUT; the journal then has to
 * stay. */
int back_stop(int timeout_ms, bool (*abandon)(void));
/* Whether this thread is the back. */
bool back_is_self(void);
/* The levels of the outputs and what records are held against, from settings that name the same
 * outputs. On the back's thread, inside
 * process.take_control. */
void back_take_levels(const struct settings *settings);
/* Other outputs, likewise. 0; -EAGAIN: as soon as the old ones have taken what is theirs, then
 * process.take_control is called again; -errno: they cannot be had, and the old ones stay. */
int back_take_outputs(const struct settings *settings);
/* Calls work() while the back stands still. 0, or -EDEADLK: it was the back that called. */
int back_call(void (*work)(void));

/* Threads of ours beside the back. */
unsigned back_helpers(void);
/* How many spans are open now. */
void back_count_spans(uint64_t *ret_count);

/* Around fork: the back stands still; in the child its files are closed and it is forgotten. */
void back_before_fork(void);
void back_after_fork_parent(void);
void back_after_fork_child(void);

#endif
