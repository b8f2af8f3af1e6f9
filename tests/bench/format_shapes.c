/* tests/bench/format_shapes.c: see format_shapes.h. */
#include "format_shapes.h"

#include "formatters/keys.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* 2026-11-21T10:30:45Z */
#define SECOND UINT64_C(1795257045)

/* The time in parts, from the same nanoseconds that the formatter gets. */
static struct tm parts(uint64_t ns) {
    time_t second = (time_t)(ns / 1000000000);
    struct tm tm;
    gmtime_r(&second, &tm);
    return tm;
}

#define F_DATE "%04d-%02d-%02dT%02d:%02d:%02d.%09uZ"
#define A_DATE(tm, ns)                                                                             \
    (tm).tm_year + 1900, (tm).tm_mon + 1, (tm).tm_mday, (tm).tm_hour, (tm).tm_min, (tm).tm_sec, (ns)
#define F_TS "{\"ts\":\"" F_DATE "\",\"level\":\"info\",\"msg\":"
#define A_TS(s) A_DATE(tm, (s)->nanoseconds)
#define F_4 "%02x%02x%02x%02x"
#define A_4(b) (b)[0], (b)[1], (b)[2], (b)[3]
#define F_8 F_4 F_4
#define A_8(b) A_4(b), A_4((b) + 4)
#define F_IDS "\"trace_id\":\"" F_8 F_8 "\",\"span_id\":\"" F_8 "\","
#define A_IDS(s) A_8((s)->line.trace_id), A_8((s)->line.trace_id + 8), A_8((s)->line.span_id)
#define F_TAIL "\"logger\":\"db\",\"src\":\"src/db.c:42\",\"pid\":71123,\"tid\":%u"

#define I(s, n) ((long long)(s)->attributes[n].value.i)
#define D(s, n) ((s)->attributes[n].value.d)
#define T(s, n) ((s)->attributes[n].value.text)

static int print_standard(const struct format_shape *s, char *out, size_t size) {
    struct tm tm = parts(s->line.time_ns);
    return snprintf(out, size,
                    F_TS
                    "\"cache miss\",\"service\":\"orders\"," F_IDS "\"trace_flags\":\"03\"," F_TAIL
                    ",\"key\":\"%s\",\"http.route\":\"%s\",\"hits\":%lld,\"elapsed_ms\":%.17g}\n",
                    A_TS(s), A_IDS(s), s->line.tid, T(s, 0), T(s, 1), I(s, 2), D(s, 3));
}

static int print_bare(const struct format_shape *s, char *out, size_t size) {
    struct tm tm = parts(s->line.time_ns);
    return snprintf(out, size, F_TS "\"ready\",\"service\":\"orders\"," F_TAIL "}\n", A_TS(s),
                    s->line.tid);
}

static int print_span(const struct format_shape *s, char *out, size_t size) {
    struct tm tm = parts(s->line.time_ns);
    return snprintf(
        out, size,
        F_TS "\"span completed\",\"service\":\"orders\"," F_IDS "\"parent_id\":\"" F_8
             "\",\"trace_flags\":\"03\",\"operation\":\"db.query\",\"kind\":"
             "\"client\",\"start\":\"" F_DATE "\",\"duration_ms\":%.17g,"
             "\"src\":\"src/db.c:42\",\"pid\":71123,\"tid\":%u,\"table\":\"%s\",\"rows\":%lld}\n",
        A_TS(s), A_IDS(s), A_8(s->line.parent_id), A_DATE(tm, s->nanoseconds - 45250000), 45.25,
        s->line.tid, T(s, 0), I(s, 1));
}

static int print_integers(const struct format_shape *s, char *out, size_t size) {
    struct tm tm = parts(s->line.time_ns);
    return snprintf(
        out, size,
        F_TS "\"counts\",\"service\":\"orders\"," F_TAIL
             ",\"i0\":%lld,\"i1\":%lld,\"i2\":%lld,\"i3\":%lld,\"i4\":%lld,\"i5\":%lld,"
             "\"i6\":%lld,\"i7\":%lld,\"i8\":%lld,\"i9\":%lld,\"i10\":%lld,\"i11\":%lld,"
             "\"i12\":%lld,\"i13\":%lld,\"i14\":%lld,\"i15\":%lld}\n",
        A_TS(s), s->line.tid, I(s, 0), I(s, 1), I(s, 2), I(s, 3), I(s, 4), I(s, 5), I(s, 6),
        I(s, 7), I(s, 8), I(s, 9), I(s, 10), I(s, 11), I(s, 12), I(s, 13), I(s, 14), I(s, 15));
}

static int print_doubles(const struct format_shape *s, char *out, size_t size) {
    struct tm tm = parts(s->line.time_ns);
    return snprintf(out, size,
                    F_TS "\"levels\",\"service\":\"orders\"," F_TAIL
                         ",\"d0\":%.17g,\"d1\":%.17g,\"d2\":%.17g,\"d3\":%.17g,\"d4\":%.17g,\"d5\":"
                         "%.17g}\n",
                    A_TS(s), s->line.tid, D(s, 0), D(s, 1), D(s, 2), D(s, 3), D(s, 4), D(s, 5));
}

static int print_text(const struct format_shape *s, char *out, size_t size) {
    struct tm tm = parts(s->line.time_ns);
    return snprintf(out, size,
                    F_TS "\"body\",\"service\":\"orders\"," F_IDS "\"trace_flags\":\"03\"," F_TAIL
                         ",\"text\":\"%s\"}\n",
                    A_TS(s), A_IDS(s), s->line.tid, s->escaped);
}

/* ---- the records ----------------------------------------------------------------------------- */

static void add(struct format_shape *s, const char *key, struct spanlog_value value) {
    uint32_t n = s->line.attribute_count++;
    struct spanlog_attribute *a = &s->attributes[n];
    a->key = (struct spanlog_text){key, (uint32_t)strlen(key)};
    a->value = value;
}

static struct spanlog_value text_value(const char *text) {
    return (struct spanlog_value){
        .type = SPANLOG_VALUE_TEXT, .size = (uint32_t)strlen(text), .text = text};
}

static struct spanlog_value int_value(int64_t i) {
    return (struct spanlog_value){.type = SPANLOG_VALUE_INT, .i = i};
}

static struct spanlog_value double_value(double d) {
    return (struct spanlog_value){.type = SPANLOG_VALUE_DOUBLE, .d = d};
}

static void begin(struct format_shape *s, const char *message, bool context) {
    struct spanlog_line *l = &s->line;
    l->level = 9;
    l->pid = 71123;
    l->tid = 71125;
    l->message = (struct spanlog_text){message, (uint32_t)strlen(message)};
    l->service = SPANLOG_TEXT("orders");
    l->logger = SPANLOG_TEXT("db");
    l->source = SPANLOG_TEXT("src/db.c:42");
    l->has_context = context;
    l->trace_flags = 3;
    l->attributes = s->attributes;
    s->trace_high = 0x0193500000004bf9, s->trace_low = 0x0a3ce929d0e0e473,
    s->span = 0xf067aa0ba902b0;
}

void format_shape_use(struct format_shape *s, const struct spanlog_dialect *dialect) {
    struct spanlog_line *l = &s->line;
    char *end = dialect->render_head(l, s->head, s->head + sizeof s->head);
    l->head = (struct spanlog_text){s->head, (uint32_t)(end - s->head)};
    end = dialect->render_tail(l, s->tail, s->tail + sizeof s->tail);
    l->tail = (struct spanlog_text){s->tail, (uint32_t)(end - s->tail)};
    for (uint32_t i = 0; i < l->attribute_count; i++) {
        char *key = s->keys[i];
        end = dialect->render_key(s->attributes[i].key, l->line_kind, key, key + sizeof s->keys[i]);
        s->attributes[i].rendered = (struct spanlog_text){key, (uint32_t)(end - key)};
    }
    /* As the back does it. */
    l->distinct_keys = spanlog_keys_are_distinct(s->attributes, l->attribute_count);
}

static void finish(struct format_shape *s) {
    format_shape_use(s, &spanlog_dialect_json);
    s->line.second = &s->second;
}

static void make_standard(struct format_shape *s) {
    begin(s, "cache miss", true);
    add(s, "key", text_value("user:7f3a9c"));
    add(s, "http.route", text_value("/api/orders"));
    add(s, "hits", int_value(3));
    add(s, "elapsed_ms", double_value(12.375));
}

static void make_bare(struct format_shape *s) {
    begin(s, "ready", false);
}

static void make_span(struct format_shape *s) {
    begin(s, "", true);
    s->line.line_kind = SPANLOG_LINE_SPAN;
    s->line.has_parent = true;
    s->line.span_kind = 2;
    s->line.operation = SPANLOG_TEXT("db.query");
    s->line.logger = (struct spanlog_text){NULL, 0};
    s->line.duration_ns = 45250000;
    add(s, "table", text_value("orders"));
    add(s, "rows", int_value(17));
}

static void make_integers(struct format_shape *s) {
    static const char *const names[] = {"i0", "i1", "i2",  "i3",  "i4",  "i5",  "i6",  "i7",
                                        "i8", "i9", "i10", "i11", "i12", "i13", "i14", "i15"};
    begin(s, "counts", false);
    int64_t value = 7;
    for (size_t i = 0; i < 16; i++, value = value * -11 + 5)
        add(s, names[i], int_value(value));
}

static const char *const double_names[] = {"d0", "d1", "d2", "d3", "d4", "d5"};

static void make_decimals(struct format_shape *s) {
    static const double values[] = {0.5, 12.375, 1024, 99.25, 0.0625, 250.75};
    begin(s, "levels", false);
    for (size_t i = 0; i < 6; i++)
        add(s, double_names[i], double_value(values[i]));
}

static void make_doubles_17(struct format_shape *s) {
    static const double values[] = {0.12345678901234568,    3.1415926535897931,
                                    1.7976931348623157e308, 2.2250738585072014e-308,
                                    123456.78901234567,     6.0221407600000003e23};
    begin(s, "levels", false);
    for (size_t i = 0; i < 6; i++)
        add(s, double_names[i], double_value(values[i]));
    s->inexact = true;
}

static void repeat(char *out, const char *text, size_t count) {
    size_t size = strlen(text);
    for (size_t i = 0; i < count; i++)
        memcpy(out + i * size, text, size);
    out[count * size] = 0;
}

static void make_text(struct format_shape *s, const char *text, const char *escaped, size_t count) {
    begin(s, "body", true);
    repeat(s->text, text, count);
    repeat(s->escaped, escaped, count);
    add(s, "text", text_value(s->text));
}

static void make_long(struct format_shape *s) {
    make_text(s, "The quick brown fox jumps over it. ", "The quick brown fox jumps over it. ", 29);
}

static void make_escapes(struct format_shape *s) {
    make_text(s, "C:\\x\t\"q\"\n\x1b[0m", "C:\\\\x\\u0009\\\"q\\\"\\u000a\\u001b[0m", 20);
}

static void make_non_ascii(struct format_shape *s) {
    make_text(s, "Grüße, привет, 世界 😀 ", "Grüße, привет, 世界 😀 ", 8);
}

static void make_invalid(struct format_shape *s) {
    make_text(s, "ab\xff\xc3(\xe2\x82x", "ab\xef\xbf\xbd\xef\xbf\xbd(\xef\xbf\xbdx", 32);
}

static const struct {
    const char *name;
    void (*make)(struct format_shape *s);
    int (*print)(const struct format_shape *s, char *out, size_t size);
} shapes[] = {
    {"standard", make_standard, print_standard},
    {"bare", make_bare, print_bare},
    {"span", make_span, print_span},
    {"integers_16", make_integers, print_integers},
    {"decimals_6", make_decimals, print_doubles},
    {"doubles_17", make_doubles_17, print_doubles},
    {"text_1k", make_long, print_text},
    {"escapes", make_escapes, print_text},
    {"non_ascii", make_non_ascii, print_text},
    {"invalid_utf8", make_invalid, print_text},
};
enum { SHAPES = sizeof shapes / sizeof shapes[0] };

static void store_id(uint8_t *out, uint64_t id) {
    for (int i = 7; i >= 0; i--, id >>= 8)
        out[i] = (uint8_t)id;
}

struct format_shape *format_shape_at(size_t index) {
    static struct format_shape made[SHAPES];
    if (index >= SHAPES)
        return NULL;
    struct format_shape *s = &made[index];
    if (s->name == NULL) {
        s->name = shapes[index].name;
        s->print = shapes[index].print;
        shapes[index].make(s);
        finish(s);
        format_shape_step(s, 0);
    }
    return s;
}

void format_shape_step(struct format_shape *s, uint64_t i) {
    s->nanoseconds = 123456789 + (uint32_t)(i * 1009 % 800000000);
    s->line.time_ns = SECOND * 1000000000 + s->nanoseconds;
    s->line.start_ns = s->line.time_ns - s->line.duration_ns;
    s->line.tid = 71125 + (uint32_t)(i % 8);
    s->span += 2;
    store_id(s->line.trace_id, s->trace_high);
    store_id(s->line.trace_id + 8, s->trace_low);
    store_id(s->line.span_id, s->span);
    store_id(s->line.parent_id, s->span + 1);
}
