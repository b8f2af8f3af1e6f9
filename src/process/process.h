/* process/process.h: what the files of this folder share. */
#ifndef SPANLOG_PROCESS_PROCESS_H
#define SPANLOG_PROCESS_PROCESS_H

#include "src/config/settings.h"
#include "src/core/process.h"

/* Once a process: fork handlers; with `signals`, handlers of fatal signals. */
void process_watch(bool signals);
/* Flushes and ends; exiting: spans that are still open will never be ended. */
int process_end(int timeout_ms, bool exiting);

/* live.c. In a forked child: what the parent was started with or has read since, with the outputs
 * that it has now: the child's first record goes where the parent's next one goes. */
void process_live_resume(struct settings *settings);
/* At a start: from then on level_of and take_control answer by these settings. */
void process_live_start(const struct settings *settings);
/* As process_redact_add, and the running process goes by it. */
int process_live_redact(const char *rules);
/* With the new journal: takes over the parent's rules (NULL: there is no parent) and says what
 * holds. */
void process_live_inherit(const struct journal_header *parent);
/* Makes these the settings of the running process: those that may change while it runs, from the
 * next record on. On the back's thread, under its lock. */
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

/* follow.c. Makes the spool of the network outputs; where that cannot be they are dropped. */
void process_follow_prepare(struct settings *settings);
/* NULL, or why these network outputs cannot be had while the process runs: what it sends already
 * has its targets for good. Makes the spool where nothing is sent yet. */
const char *process_follow_refuses(const struct settings *settings);
/* Sends what stands in it, from now on; without threads says who can. */
void process_follow_start(const struct settings *settings, bool threads);
/* Once all is in the spool: sends the rest, within the timeout of the outputs or that one, if it is
 * shorter (negative: no other), and ends. */
void process_follow_stop(int timeout_ms);
/* Of exit's: ends all while what sends still works. */
void process_follow_exit(void);
void process_at_exit(void);
/* How many threads that takes now. */
unsigned process_follow_threads(void);
/* Says what these had to say. */
void process_follow_tell(void);
void process_follow_before_fork(void);
void process_follow_after_fork_parent(void);
void process_follow_after_fork_child(void);

void process_before_fork(void);
void process_after_fork_parent(void);
void process_after_fork_child(void);

#endif
