/* core/control.h: the part of a journal's header through which the tool and a living process talk.
 *
 *     tool                                    process (its back)
 *     control_fill(rules, next, text, size)
 *     counts `generation` and `wake` up       wakes, sees another generation
 *     waits on `taken`                        control_get(control.rules, generation, ...)
 *                                             puts what is in force into `state`, counts `taken` up
 *
 * A text has two slots: the one that counts is that of the generation's lowest bit. The writer
 * fills the other, then counts the generation up with one store, so that whoever dies in between
 * has changed nothing. A reader copies and believes nothing that the checksum does not agree with.
 * One tool writes at a time: it holds the OFD lock on byte CONTROL_LOCK_BYTE of the file.
 *
 * Neither side believes the other. The process keeps to itself whether it has been woken
 * (process.h), so that no value of a word here can keep it from its records; the tool reads and
 * writes the file, and never looks into a mapping of it (control/attach.h).
 */
#ifndef SPANLOG_CORE_CONTROL_H
#define SPANLOG_CORE_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONTROL_TEXT_SIZE 4000u
#define CONTROL_LOCK_BYTE 1

struct control_slot {
    uint32_t generation;
    uint32_t size;
    uint64_t checksum; /* of generation, size and text */
    char text[CONTROL_TEXT_SIZE];
};

/* Why records were lost. */
enum loss { LOSS_FULL, LOSS_SINK, LOSS_DAMAGED, LOSS_SPANS, LOSS_TAIL, LOSS_CAUSES };

/* What the process has done, as of the back's last turn. */
struct control_counts {
    uint64_t records, spans, bytes, writes, sink_errors;
    uint64_t lost[LOSS_CAUSES];
    uint64_t sleeps;
    uint64_t recovered;
    uint64_t headers_refused, contexts_refused;
    uint64_t changes; /* of settings, taken from the control area */
    uint64_t refused; /* which were not to be read, or wrong */
};

struct control {
    uint32_t wake;          /* futex: what the back sleeps on; counts calls */
    uint32_t generation;    /* of the rules */
    uint32_t taken;         /* futex: the newest generation that the back has read */
    uint32_t said;          /* generation of the state */
    uint32_t flush_wanted;  /* tickets: everything written */
    uint32_t flush_done;    /* futex: the newest ticket that is served */
    uint32_t rotate_wanted; /* tickets: and files opened anew by their names */
    uint32_t rotate_done;
    struct control_slot rules[2]; /* tool to process */
    struct control_slot state[2]; /* process to tool */
    struct control_counts counts;
};

/* The generation after this one: 0 is for nothing yet. */
uint32_t control_next(uint32_t generation);
/* Fills the slot of that generation, which does not count yet. -E2BIG: longer than a slot. */
int control_fill(struct control_slot slots[2], uint32_t generation, const char *text, size_t size);
/* Makes `text` the next generation of the slots, by filling and counting. */
int control_put(struct control_slot slots[2], uint32_t *generation, const char *text, size_t size);
/* Copies the text of the newest generation and NUL; *ret_generation is what was tried. -EBADMSG:
 * what stands there is nobody's work. Generation 0 is the empty text. */
int control_get(const struct control_slot slots[2], const uint32_t *generation,
                char ret_text[CONTROL_TEXT_SIZE + 1], uint32_t *ret_generation);
/* Wakes the back of the process whose control this is. */
void control_call(struct control *control);

#endif
