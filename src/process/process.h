/* process/process.h: what the files of this folder share. */
#ifndef SPANLOG_PROCESS_PROCESS_H
#define SPANLOG_PROCESS_PROCESS_H

#include "src/config/settings.h"
#include "src/core/process.h"

/* Once a process: fork handlers; with `signals`, handlers of fatal signals. */
void process_watch(bool signals);
/* Flushes and ends; exiting: spans that are still open will never be ended. */
int process_end(int timeout_ms, bool exiting);

/* live.c. At a start: from then on level_of and take_control answer by these settings. A forked
 * child goes on with the levels that its call sites have. */
void process_live_start(const struct settings *settings);
/* With the new journal: takes over the parent's rules (NULL: there is no parent) and says what
 * holds. */
void process_live_inherit(const struct journal_header *parent);
/* Levels by other settings from the next record on: of call sites, loggers and outputs. On the
 * back's thread. */
void process_apply(const struct settings *settings);

void process_before_fork(void);
void process_after_fork_parent(void);
void process_after_fork_child(void);

#endif
