/* process/process.h: what the files of this folder share. */
#ifndef SPANLOG_PROCESS_PROCESS_H
#define SPANLOG_PROCESS_PROCESS_H

#include "src/config/settings.h"
#include "src/core/process.h"

/* Once a process: fork handlers; with `signals`, handlers of fatal signals. */
void process_watch(bool signals);
/* Flushes and ends; exiting: spans that are still open will never be ended. */
int process_end(int timeout_ms, bool exiting);

/* Makes these the settings of the running process: those that may change while it runs. On the
 * back's thread. */
void process_apply(const struct settings *settings);

/* redact.c. The list of these settings with what the program has added. Valid until the next. */
const char *process_redact_list(const struct settings *settings);
/* Adds rules, for this process and its children. 0, -EINVAL or -ENOSPC. */
int process_redact_add(const char *rules);
/* The same, and the running process goes by them. */
int process_redact(const char *rules);

/* Watches the configuration files that were read: process.settings_changed. Does nothing when there
 * is none. */
void process_watch_files(void);
/* Whether a thread of ours does so: one more than the program's and the back. */
bool process_watches_files(void);

void process_before_fork(void);
void process_after_fork_parent(void);
void process_after_fork_child(void);

#endif
