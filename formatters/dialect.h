/* formatters/dialect.h: a log format as a table, used to write it and to read it.
 *
 *     const struct spanlog_dialect *d = spanlog_dialect_find("json");
 *     char *end = d->write(&line, out, out_end);
 *
 * A new format is one file with one such table, named in table.c. Pure: no clock, no malloc, no
 * I/O, no lock, no global state; safe from any thread and in a child after fork.
 */
#ifndef SPANLOG_FORMATTERS_DIALECT_H
#define SPANLOG_FORMATTERS_DIALECT_H

#include "formatters/line.h"

/* The canonical fields, in the order of the json dialect. */
enum spanlog_field {
    SPANLOG_FIELD_TS,
    SPANLOG_FIELD_LEVEL,
    SPANLOG_FIELD_MSG,
    SPANLOG_FIELD_SERVICE,
    SPANLOG_FIELD_TRACE_ID,
    SPANLOG_FIELD_SPAN_ID,
    SPANLOG_FIELD_PARENT_ID,
    SPANLOG_FIELD_TRACE_FLAGS,
    SPANLOG_FIELD_LOGGER, /* logs: logger src pid tid; spans: operation ... error src pid tid */
    SPANLOG_FIELD_OPERATION,
    SPANLOG_FIELD_KIND,
    SPANLOG_FIELD_START,
    SPANLOG_FIELD_DURATION_MS,
    SPANLOG_FIELD_STATUS,
    SPANLOG_FIELD_STATUS_CODE,
    SPANLOG_FIELD_ERROR,
    SPANLOG_FIELD_SRC,
    SPANLOG_FIELD_PID,
    SPANLOG_FIELD_TID,
    SPANLOG_FIELD_EVENTS,
    SPANLOG_FIELD_LINKS,
    SPANLOG_FIELD_HOST, /* an attribute as any other, but readers look for it */
    SPANLOG_FIELD_COUNT
};

enum spanlog_syntax { SPANLOG_SYNTAX_JSON, SPANLOG_SYNTAX_LOGFMT, SPANLOG_SYNTAX_PRETTY };

struct spanlog_dialect {
    const char *name;
    enum spanlog_syntax syntax;
    const char *keys[SPANLOG_FIELD_COUNT]; /* NULL: the format has no such field */

    /* Writes one line with its '\n' into [out, end) and returns the byte after it, or NULL when not
     * even the line without attributes fits (4 KiB plus head, tail, message, operation and error
     * always suffice). Never writes at or past end. Attributes, events and links that do not fit
     * are left out and added to the dropped_ counts. */
    char *(*write)(const struct spanlog_line *line, char *out, char *end);

    /* Renders what is constant for a call site into [out, end): head is level, message (or the
     * span's message) and service, in otlp with logger and pid; tail is logger, source and pid. A
     * key is the text between the value before it and its own value, reserved names already
     * renamed. Each returns the byte after it, or NULL when it does not fit. */
    char *(*render_head)(const struct spanlog_line *line, char *out, char *end);
    char *(*render_tail)(const struct spanlog_line *line, char *out, char *end);
    char *(*render_key)(struct spanlog_text key, enum spanlog_line_kind kind, char *out, char *end);

    /* What every line of this dialect begins with, so that a torn last line can be told from
     * another program's text: "{\"ts\":\"", "ts=", "" (unknown). */
    const char *line_start;
};

/* The dialect of that name, or NULL. The names are listed by spanlog_dialect_at(0), (1), ... NULL.
 */
const struct spanlog_dialect *spanlog_dialect_find(const char *name);
const struct spanlog_dialect *spanlog_dialect_at(size_t index);

/* Bytes in which every dialect can write the whole line. */
size_t spanlog_line_room(const struct spanlog_line *line);

extern const struct spanlog_dialect spanlog_dialect_json;
extern const struct spanlog_dialect spanlog_dialect_logfmt;
extern const struct spanlog_dialect spanlog_dialect_pretty;
extern const struct spanlog_dialect spanlog_dialect_pretty_color; /* for terminals */
extern const struct spanlog_dialect spanlog_dialect_ecs;
extern const struct spanlog_dialect spanlog_dialect_gcp;
extern const struct spanlog_dialect spanlog_dialect_datadog;
extern const struct spanlog_dialect spanlog_dialect_zap;
extern const struct spanlog_dialect spanlog_dialect_otlp;
extern const struct spanlog_dialect spanlog_dialect_syslog;

#endif
