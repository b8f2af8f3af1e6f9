/* tests/bench/format_shapes.h: records of several shapes, each with the snprintf call that makes
 * the same line.
 *
 *     struct format_shape *s = format_shape_at(0);           "standard", a line of 321 bytes
 *     s->step(s, i);                                         other values for the next line
 *     spanlog_dialect_json.write(&s->line, out, end);        ours
 *     s->print(s, out, size);                                what it is compared with
 *
 * Both start from the same record: a time in nanoseconds, ids as bytes. snprintf gets what is
 * constant in its format, and texts escaped beforehand. Both make the same bytes for every shape
 * but `doubles_17` (snprintf writes digits that nobody needs).
 */
#ifndef SPANLOG_TESTS_BENCH_FORMAT_SHAPES_H
#define SPANLOG_TESTS_BENCH_FORMAT_SHAPES_H

#include "formatters/dialect.h"
#include "formatters/time.h"

#include <stdbool.h>
#include <stddef.h>

enum { FORMAT_MOST_ATTRIBUTES = 16, FORMAT_LINE_BYTES = 8192 };

struct format_shape {
    const char *name;
    int (*print)(const struct format_shape *s, char *out, size_t size);
    bool inexact; /* not the same bytes */
    struct spanlog_line line;
    struct spanlog_attribute attributes[FORMAT_MOST_ATTRIBUTES];
    char keys[FORMAT_MOST_ATTRIBUTES][64]; /* rendered */
    char head[512], tail[512];
    char text[2048], escaped[FORMAT_LINE_BYTES]; /* a long value as given, and as JSON text */
    struct spanlog_second second;
    uint32_t nanoseconds;
    uint64_t trace_high, trace_low, span;
};

/* The shape of that number, or NULL behind the last. */
struct format_shape *format_shape_at(size_t index);
/* Gives the record another time and other numbers. */
void format_shape_step(struct format_shape *s, uint64_t i);
/* Renders what is constant for another dialect than json. */
void format_shape_use(struct format_shape *s, const struct spanlog_dialect *dialect);

#endif
