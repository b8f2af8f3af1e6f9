/* formatters/line.h: one record, decoded. What every dialect writes, and what reading one gives.
 *
 *     struct spanlog_line line = {.level = 9, .message = SPANLOG_TEXT("cache miss"), ...};
 *     char *end = spanlog_dialect_json.write(&line, buffer, buffer + sizeof buffer);
 *
 * Pure data: nothing here owns memory; every text points into something that outlives the line.
 * The back fills it from a ring's record, the analyzer from a line of a log file.
 */
#ifndef SPANLOG_FORMATTERS_LINE_H
#define SPANLOG_FORMATTERS_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct spanlog_second;

struct spanlog_text {
    const char *data; /* NULL: absent */
    uint32_t size;
};
static inline struct spanlog_text spanlog_text_of(const char *string) {
    struct spanlog_text text = {string, (uint32_t)strlen(string)};
    return text;
}
#define SPANLOG_TEXT(literal) ((struct spanlog_text){"" literal "", sizeof(literal) - 1})

/* The numbers equal SPANLOG__T_* of include/spanlog/macros.h (checked at build time). */
enum spanlog_value_type {
    SPANLOG_VALUE_NULL = 0, /* JSON null; from readers only */
    SPANLOG_VALUE_INT = 1,
    SPANLOG_VALUE_UINT = 2,
    SPANLOG_VALUE_BOOL = 3,
    SPANLOG_VALUE_DOUBLE =
        4, /* NaN and infinities become the texts "NaN", "Infinity", "-Infinity" */
    SPANLOG_VALUE_FLOAT = 5, /* d holds a float: shortest digits that give the float back */
    SPANLOG_VALUE_PTR = 6,   /* "0x7f12..." */
    SPANLOG_VALUE_ERRNO = 7, /* "ENOENT: No such file or directory" */
    SPANLOG_VALUE_TEXT = 8,  /* arbitrary bytes; repaired to UTF-8 and escaped when written */
    SPANLOG_VALUE_HEX = 10,  /* bytes, written as lower-case hex */
    SPANLOG_VALUE_JSON = 11  /* claims to be JSON: copied if one valid value, else as TEXT */
};

struct spanlog_value {
    uint32_t type;          /* enum spanlog_value_type */
    uint32_t size;          /* bytes at text, for TEXT, HEX and JSON */
    uint64_t original_size; /* TEXT that was cut: its whole size; else 0. See FORMAT below */
    union {
        int64_t i;
        uint64_t u;
        double d;
        const char *text; /* NULL: "(null)" */
    };
};

struct spanlog_attribute {
    struct spanlog_text key;      /* as given; reserved names are renamed by the writer, not here */
    struct spanlog_text rendered; /* by dialect->render_key, or absent: the writer renders it */
    struct spanlog_value value;
};

struct spanlog_event {
    uint64_t time_ns;
    struct spanlog_text name;
    const struct spanlog_attribute *attributes;
    uint32_t attribute_count;
};

struct spanlog_span_link {
    uint8_t trace_id[16];
    uint8_t span_id[8];
};

enum spanlog_line_kind {
    SPANLOG_LINE_LOG = 0,
    SPANLOG_LINE_SPAN = 1,     /* "span completed" */
    SPANLOG_LINE_ABANDONED = 2 /* "span abandoned": the span part is what was known at the death */
};

enum spanlog_span_status {
    SPANLOG_STATUS_UNSET = 0,
    SPANLOG_STATUS_OK = 1,
    SPANLOG_STATUS_ERROR = 2
};

struct spanlog_line {
    uint64_t time_ns; /* wall clock, ns since the epoch; of a span its end */
    uint8_t line_kind;
    uint8_t level;    /* OpenTelemetry's 1..24 */
    bool has_context; /* trace_id, span_id and trace_flags are set */
    bool has_parent;  /* parent_id is set */
    uint8_t trace_flags;
    uint8_t span_kind;   /* enum spanlog_kind's numbers */
    uint8_t span_status; /* enum spanlog_span_status */
    bool has_status_code;
    int32_t status_code;
    uint32_t pid;         /* 0: absent */
    uint32_t tid;         /* 0: absent */
    uint8_t trace_id[16]; /* 24 bytes in one run with span_id */
    uint8_t span_id[8];
    uint8_t parent_id[8];
    /* Ids that are not hex, kept as text by readers; they win over the binary ones when set. */
    struct spanlog_text trace_text, span_text, parent_text;
    struct spanlog_text message; /* of a log; spans have a fixed one */
    struct spanlog_text service;
    struct spanlog_text host;   /* for the headers of formats that have one; others leave it out */
    struct spanlog_text logger; /* absent: not written, and so below */
    struct spanlog_text source; /* "src/db.c:42" */

    /* Spans. */
    struct spanlog_text operation;
    uint64_t start_ns;
    uint64_t duration_ns;
    struct spanlog_text error;
    double sample_ratio; /* written when above 0 and below 1 */

    const struct spanlog_attribute
        *attributes; /* in call order; a key twice: the last value counts */
    uint32_t attribute_count;
    uint32_t event_count;
    uint32_t link_count;
    uint32_t dropped_attributes; /* written when not 0, and so the next two */
    uint32_t dropped_events;
    uint32_t dropped_links;
    const struct spanlog_event *events;
    const struct spanlog_span_link *links;

    /* All keys are rendered, and spanlog_keys_are_distinct (keys.h) said so of them: known once for
     * a call site, so that the writer need not compare them in every record. */
    bool distinct_keys;

    /* What dialect->render_head and render_tail made of this record's constant parts, or absent. */
    struct spanlog_text head;
    struct spanlog_text tail;

    /* NULL, or zeroed memory of the caller's (time.h) that makes lines of one second cheaper. Never
     * shared between threads. */
    struct spanlog_second *second;
};

#endif
