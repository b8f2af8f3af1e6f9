/* formatters/reading.h: the dialects of other loggers, as tables for reading.
 *
 *     {.name = "zap", .fingerprint = {"ts# level$ msg$"}, .keys = zap_keys}
 *
 * A row of keys says what a key means in that dialect; what all of them share stands once in
 * spanlog_reading_common. Nested members are named by their path: `trace:{id}` and the flat
 * "trace.id" are the same key. Of several keys with one meaning the earlier row counts, a
 * dialect's own rows before the common ones; what is left over stays an attribute.
 *
 * A fingerprint lists keys that a line must have: `#` behind one asks for a number, `$` for a
 * string, `{` for an object; `!` before one says that it must be absent. The first row of the table
 * with a fingerprint that fits is the line's dialect; so the same key may mean different things,
 * and a numeric level is never guessed from its value. A head names the keys with which every line
 * of the dialect begins that spanlog itself writes: attributes that follow, whatever their names,
 * do not make it another one.
 *
 * A new dialect is one more row here. Pure data and pure functions: no malloc, no I/O, no clock.
 */
#ifndef SPANLOG_FORMATTERS_READING_H
#define SPANLOG_FORMATTERS_READING_H

#include "formatters/line.h"

enum spanlog_meaning {
    SPANLOG_MEANS_NOTHING,
    SPANLOG_MEANS_TIME,
    SPANLOG_MEANS_SECONDS,     /* whole seconds of the epoch, beside ... */
    SPANLOG_MEANS_NANOSECONDS, /* ... the nanoseconds of the second */
    SPANLOG_MEANS_LEVEL,       /* a name, or a number of the dialect's scale */
    SPANLOG_MEANS_LEVEL_OTEL,  /* the number is of this scale in any dialect, and so below */
    SPANLOG_MEANS_LEVEL_PYTHON,
    SPANLOG_MEANS_LEVEL_JAVA,
    SPANLOG_MEANS_LEVEL_SYSLOG,
    SPANLOG_MEANS_LEVEL_AZURE,
    SPANLOG_MEANS_MESSAGE,
    SPANLOG_MEANS_SERVICE,
    SPANLOG_MEANS_TRACE_ID,
    SPANLOG_MEANS_SPAN_ID,
    SPANLOG_MEANS_PARENT_ID,
    SPANLOG_MEANS_TRACE_FLAGS,
    SPANLOG_MEANS_SAMPLED,
    SPANLOG_MEANS_LOGGER,
    SPANLOG_MEANS_SOURCE, /* "db.c:42", or the file alone */
    SPANLOG_MEANS_SOURCE_LINE,
    SPANLOG_MEANS_PID,
    SPANLOG_MEANS_TID,
    SPANLOG_MEANS_HOST,
    /* Spans. */
    SPANLOG_MEANS_OPERATION,
    SPANLOG_MEANS_DURATION_MS,
    SPANLOG_MEANS_KIND,
    SPANLOG_MEANS_START,
    SPANLOG_MEANS_STATUS,
    SPANLOG_MEANS_STATUS_CODE,
    SPANLOG_MEANS_ERROR,
    SPANLOG_MEANS_SPAN_NAME, /* of the span that a log line is in */
    SPANLOG_MEANS_BUSY,      /* tracing-subscriber's times of a closed span */
    SPANLOG_MEANS_IDLE,
    SPANLOG_MEANS_DURATION_US, /* of an Elastic APM document, whose time is the start */
    SPANLOG_MEANS_OUTCOME,
    SPANLOG_MEANS_DURATION_NS, /* of a completed span, as with ms */
    SPANLOG_MEANS_DURATION_S,
    SPANLOG_MEANS_EVENTS,
    SPANLOG_MEANS_LINKS,
    SPANLOG_MEANS_SAMPLE_RATIO,
    SPANLOG_MEANS_DROPPED_EVENTS,
    SPANLOG_MEANS_DROPPED_LINKS,
    /* Of any record. */
    SPANLOG_MEANS_DROPPED_ATTRIBUTES,
    SPANLOG_MEANS_IGNORED, /* says nothing that is not known */
    /* Containers. */
    SPANLOG_MEANS_INSIDE,       /* ids and service may lie in it; its members lose its name */
    SPANLOG_MEANS_IDS_INSIDE,   /* the same, but the names of its members stay as they are */
    SPANLOG_MEANS_TRACE_INSIDE, /* spans[]: its span ids are those of other spans */
    SPANLOG_MEANS_COUNT
};

enum spanlog_level_scale {
    SPANLOG_SCALE_OTEL,   /* 1..24 */
    SPANLOG_SCALE_TENS,   /* pino, bunyan: 10 trace .. 60 fatal */
    SPANLOG_SCALE_SYSLOG, /* 0 emergency .. 7 debug */
    SPANLOG_SCALE_PYTHON, /* 5 trace, 10 debug .. 50 critical */
    SPANLOG_SCALE_JAVA,   /* 5000 trace, 10000 debug .. 40000 error */
    SPANLOG_SCALE_AZURE   /* 0 verbose .. 4 critical */
};

struct spanlog_reading_key {
    const char *path;
    enum spanlog_meaning meaning;
};

struct spanlog_reading {
    const char *name;
    const char *fingerprint[4];             /* NULL behind the last; none: only by its name */
    const struct spanlog_reading_key *keys; /* up to a NULL path; NULL: the common ones suffice */
    enum spanlog_level_scale scale;
};

/* The keys with which every line begins that spanlog writes in a dialect of others; a
 * severityNumber may stand behind the level. */
struct spanlog_reading_head {
    const char *name; /* of the dialect */
    const char *keys[4];
};

extern const struct spanlog_reading spanlog_readings[]; /* up to a NULL name; the last fits all */
extern const struct spanlog_reading_key spanlog_reading_common[];
extern const struct spanlog_reading_head spanlog_reading_heads[]; /* up to a NULL name */

/* ---- values ------------------------------------------------------------------------------- */

/* A point in time: RFC 3339 and what resembles it (no offset: UTC; a comma or slashes; +0100), or
 * digits since the epoch, where 10 of them are seconds, 13 ms, 16 us and 19 ns. 0 or -EINVAL. */
int spanlog_reading_time(struct spanlog_text text, uint64_t *ret_ns);

/* OpenTelemetry's 1..24; 0: unknown. Names of either case, also "DEBUG-4" and "ERROR+4". */
uint8_t spanlog_reading_level(struct spanlog_text name);
uint8_t spanlog_reading_level_number(int64_t number, enum spanlog_level_scale scale);

/* A number with its unit: "61.4µs", "3ms", "1.5s". 0 or -EINVAL. */
int spanlog_reading_duration(struct spanlog_text text, uint64_t *ret_ns);

/* An id as it may be written. */
struct spanlog_reading_id {
    uint8_t bytes[16]; /* of 64-bit ids the first eight are zero */
    bool wide;         /* more than 64 bits */
};

/* Hex of either case with 0x, UUID dashes or X-Ray's 1-8-24, `projects/P/traces/ID`, `Root=...;`.
 * 0; -ENOENT when it is empty or all zeros: there is no id; -EINVAL when it is some other text. */
int spanlog_reading_id(struct spanlog_text text, struct spanlog_reading_id *ret);
/* Datadog's: a decimal number of 64 bits; anything else as above. */
int spanlog_reading_decimal_id(struct spanlog_text text, struct spanlog_reading_id *ret);

#endif
