/* process/process.h: what the files of this folder share. */
#ifndef SPANLOG_PROCESS_PROCESS_H
#define SPANLOG_PROCESS_PROCESS_H

#include "src/core/process.h"

/* Once a process: fork handlers; with `signals`, handlers of fatal signals. */
void process_watch(bool signals);
/* Flushes and ends; exiting: spans that are still open will never be ended. */
int process_end(int timeout_ms, bool exiting);

void process_before_fork(void);
void process_after_fork_parent(void);
void process_after_fork_child(void);

#endif
