/* tests/unit/library_living.h: a child that logs numbers until it is told to stop, and the tool's
 * hands on it.
 *
 *     pid_t pid = start_child(logs_until_stopped);
 *     struct attach_list list = attach_to(pid);
 *     change(&list.found[0], "db=debug");
 *     attach_close(&list);
 *     stop(pid, &run);
 *     assert_all_numbers(run);
 */
#ifndef SPANLOG_TESTS_LIBRARY_LIVING_H
#define SPANLOG_TESTS_LIBRARY_LIVING_H

#include "tests/unit/library_check.h"

#include "src/control/attach.h"

#define SOON_MS 20000

void logs_until_stopped(void);
bool is_told_to_stop(void); /* the child asks */

/* The process that the child became, once it has begun to write. */
struct attach_list attach_to(pid_t pid);
void stop(pid_t pid, struct run **ret_run);
/* Each thread's numbers from 0 up, none missing, none twice. Returns how many there are. */
size_t assert_all_numbers(const struct run *run);

int set_level(char text[CONTROL_TEXT_SIZE + 1], void *level); /* for attach_change */
/* Until it is in force. */
void change(struct attached *process, const char *level);
void level_in_force(struct attached *process, char ret_level[200]);
/* The control area itself, as somebody has it who keeps to no rules. */
struct control *theirs(const struct attached *process);

#endif
