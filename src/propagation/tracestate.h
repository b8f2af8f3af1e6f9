/* propagation/tracestate.h: W3C trace-context's tracestate, as text. Pure.
 *
 *     char state[TRACESTATE_MAX + 1];
 *     tracestate_read(" congo=t61 , ,rojo=00f0", state);      "congo=t61,rojo=00f0"
 *     tracestate_set(state, "ours", "x1");                    "ours=x1,congo=t61,rojo=00f0"
 *
 * At most 32 members and TRACESTATE_MAX characters: what is longer loses whole members, those over
 * 128 characters first, then from the end.
 */
#ifndef SPANLOG_PROPAGATION_TRACESTATE_H
#define SPANLOG_PROPAGATION_TRACESTATE_H

#include <stdbool.h>
#include <stddef.h>

#define TRACESTATE_MAX 1024u
#define TRACESTATE_MEMBERS 32u

/* The members without white space and empty ones; of a key that is there twice the first. Returns
 * 0, or -EINVAL with *ret_text "": one bad member, or too many, spoil the whole. */
int tracestate_read(const char *header, char ret_text[TRACESTATE_MAX + 1]);
/* The value of a key in a text that tracestate_read made: its start and size. False: not there. */
bool tracestate_find(const char *state, const char *key, const char **ret_value, size_t *ret_size);
/* Puts the key on the left with that value; NULL takes it out. Returns 0, or -EINVAL and changes
 * nothing. */
int tracestate_set(char state[TRACESTATE_MAX + 1], const char *key, const char *value);

#endif
