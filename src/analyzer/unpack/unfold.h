/* analyzer/unpack/unfold.h: JSON over many lines becomes one line a value.
 *
 *     struct spanlog_unfold unfold = {0};
 *     size_t written = spanlog_unfold(&unfold, in, in_size, out);     out: room for 2 * in_size
 *
 *     [                                  [   {"a": 1},   {"b": 2} ]
 *       {"a": 1},                 ->     {"c": 3}
 *       {"b": 2}
 *     ]{"c": 3}
 *
 * Newlines inside a value become blanks; what follows a value, a newline. So offsets stay as they
 * are, unless two values touch. The first line decides whether there is anything to do: when it is
 * one whole value, or begins with none, all bytes pass unchanged. Text between values is a line of
 * its own. A value is broken, and ends, at a newline that JSON cannot have: in a string, or where
 * something follows that cannot follow there, as a new line behind a torn one.
 */
#ifndef SPANLOG_ANALYZER_UNPACK_UNFOLD_H
#define SPANLOG_ANALYZER_UNPACK_UNFOLD_H

#include <stddef.h>
#include <stdint.h>

enum spanlog_unfold_mode {
    SPANLOG_UNFOLD_START,     /* only blanks so far */
    SPANLOG_UNFOLD_UNDECIDED, /* in the first line, which begins with a value */
    SPANLOG_UNFOLD_DOCUMENT,
    SPANLOG_UNFOLD_LINES, /* nothing to do any more */
};

struct spanlog_unfold {
    uint8_t mode; /* enum spanlog_unfold_mode */
    uint8_t state;
    char before; /* at the start of a line in a value: what stands before it, but for blanks */
    char last;   /* of what the call before wrote, but for blanks */
    uint64_t depth;
    uint64_t objects;  /* a bit for each of the first 64 levels: it is an object */
    uint64_t inserted; /* newlines between values that touch */
};

/* Returns the bytes written. The state lasts over calls: cut the input where you like. */
size_t spanlog_unfold(struct spanlog_unfold *unfold, const char *in, size_t size, char *out);

#endif
