/* control/attach.h: live control, the tool's side: the processes that log here, what they have
 * done, and changing them.
 *
 *     struct attach_list list;
 *     attach_find(&list, directory, "orders");        NULL: all
 *     attach_change(&list.found[0], edit, arg, &generation);
 *     attach_wait(&list.found[0], &list.found[0].control->taken, generation, 1000);
 *     attach_close(&list);
 *
 * Nothing is believed of what a journal holds: its header is copied and checked, its rings are read
 * with bounds. Files are 0600, so that only their owner, and root, come this far; but root comes to
 * those of people who may cut them short at any time. So all is read and written by pread and
 * pwrite; the words through which tool and process wake each other are mapped too, for the kernel's
 * futex calls and nobody else.
 */
#ifndef SPANLOG_CONTROL_ATTACH_H
#define SPANLOG_CONTROL_ATTACH_H

#include "src/core/journal.h"

struct attached {
    char path[768];
    int fd;
    bool alive;
    struct journal_header *header;     /* a copy */
    struct control *control;           /* a copy, as last looked at; NULL: dead, or not to be had */
    uint8_t *words;                    /* the mapping: never looked into */
    char state[CONTROL_TEXT_SIZE + 1]; /* what the process says of itself: `name = value` lines */
    uint64_t ring_size, ring_used;     /* bytes, of all rings */
    uint64_t open_spans;
    uint64_t lag_ns; /* age of the oldest record that waits; 0: none does */
};

struct attach_list {
    struct attached *found; /* by service and pid */
    size_t count;
    size_t unreadable; /* of another version, damaged or somebody else's */
};

/* The journals of that directory (NULL: the default); for root those of all users. target: a
 * service's name or a pid; NULL: all. dead: also those whose process is gone. Returns 0 or -errno.
 */
int attach_find(struct attach_list *ret_list, const char *directory, const char *target, bool dead);
void attach_close(struct attach_list *list);

/* Lets edit() change the text of the live rules and hands it over; edit returns 0, or -errno, and
 * then nothing is changed. -EBUSY: another tool is at it. *ret_generation is what `taken` will
 * become. */
int attach_change(struct attached *process,
                  int (*edit)(char text[CONTROL_TEXT_SIZE + 1], void *arg), void *arg,
                  uint32_t *ret_generation);
/* Takes the copies of the control area and the state anew; a state that is damaged is "". 0 or
 * -errno. */
int attach_look(struct attached *process);
/* The rules that were seen there, "" for none or what is damaged. */
void attach_rules(const struct attached *process, char ret_text[CONTROL_TEXT_SIZE + 1]);
/* Of these two, the word of the copy stands for the process's. Asks for what `wanted` counts, which
 * then is the ticket. 0 or -errno. */
int attach_ask(struct attached *process, uint32_t *wanted);
/* Waits until `done` has come to that ticket or generation, and looks again. 0, -ETIMEDOUT or
 * -errno. */
int attach_wait(struct attached *process, uint32_t *done, uint32_t ticket, int timeout_ms);

/* The value of a `name = value` line of a state or a rule; "" and false when there is none. */
bool attach_value(const char *text, const char *name, char *ret_value, size_t size);

#endif
