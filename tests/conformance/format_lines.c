/* tests/conformance/format_lines.c: random records of every shape, written by one dialect.
 *
 *     format_lines json 1000 7      1000 lines of seed 7 on stdout
 *
 * Texts, keys and ids are hostile: quotes, escapes, line breaks, broken UTF-8, reserved names,
 * words that look like fields. The attribute "first" always comes first with the record's number.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formatters/dialect.h"
#include "formatters/keys.h"

#define ATTRIBUTES_MAX 24

static uint64_t seed;

static uint64_t next(void) {
    seed ^= seed >> 12;
    seed ^= seed << 25;
    seed ^= seed >> 27;
    return seed * 0x2545F4914F6CDD1Du;
}

static uint32_t below(uint32_t n) {
    return (uint32_t)(next() >> 33) % n;
}

static const char *const texts[] = {
    "",
    "plain",
    "two words",
    "\"quoted\" and \\",
    "line\nbreak\r\n{\"ts\":\"x\",\"msg\":\"span completed\"}",
    "\",\"trace_id\":\"forged",
    "x trace_id=forged",
    "x  operation=forged duration_ms=1",
    "\x1b[31mred\x1b[0m\x07",
    "\x7f\xC2\x9B\xE2\x80\xA8\xE2\x80\xAE",
    "\xFF\xC3",
    "gr\xC3\xB6\xC3\x9F! \xF0\x9F\x98\x80",
    "=",
    "a=b",
    "[1,{\"a\":null}]",
    " [ [ ] , {} , -0 , 1e3 , 9223372036854775808 , { \"k\\u0041\" : [ \"\\\"]}\" , true ] } ] ",
    "{\"a\":\n1}",
    "${jndi:ldap://x} %n%s",
};
static const char *const keys[] = {
    "key",
    "http.route",
    "a b",
    "a_b",
    "a=b",
    "",
    "_",
    "ts",
    "level",
    "msg",
    "pid",
    "pid_",
    "pid__",
    "trace_id",
    "trace id",
    "trace\"id",
    "span_id",
    "parent_id",
    "status",
    "status_",
    "error",
    "events",
    "operation",
    "duration_ms",
    "\xFF",
    "\xFE",
    "new\nline",
    "\"",
    "\\",
    "kind",
    "start",
    "dropped_attributes",
    "name",
    "links",
    "sample_ratio",
    "gr\xC3\xB6",
    "\xE2\x80\xAE",
    "src",
    "tid",
    "logger",
    "message",
    "@timestamp",
    "trace",
    "trace.id",
    "trace.id_",
    "log.level",
    "error.message",
    "severity",
    "severityNumber",
    "serviceContext",
    "logging.googleapis.com/trace",
    "dd.trace_id",
    "caller",
    "duration",
    "thread.id",
    "code.file.path",
};

static struct spanlog_text some_text(void) {
    const char *text = texts[below(sizeof texts / sizeof *texts)];
    return (struct spanlog_text){text, (uint32_t)strlen(text)};
}

static struct spanlog_text some_key(void) {
    static char long_key[300];
    const char *key = keys[below(sizeof keys / sizeof *keys)];
    if (below(40) == 0) {
        memset(long_key, 'k', sizeof long_key);
        memcpy(long_key + 127, "\xC3\xB6", 2); /* across the limit */
        return (struct spanlog_text){long_key, sizeof long_key};
    }
    return (struct spanlog_text){key, (uint32_t)strlen(key)};
}

static struct spanlog_value some_value(void) {
    static const uint32_t types[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 8, 8, 10, 11, 99};
    struct spanlog_value value = {.type = types[below(sizeof types / sizeof *types)]};
    struct spanlog_text text = some_text();
    uint64_t bits = next();

    switch (value.type) {
    case SPANLOG_VALUE_TEXT:
    case SPANLOG_VALUE_HEX:
    case SPANLOG_VALUE_JSON:
        value.text = below(10) ? text.data : NULL;
        value.size = value.text ? text.size : 0;
        value.original_size = below(10) ? 0 : 1 << 20;
        break;
    case SPANLOG_VALUE_FLOAT:
        value.d = (float)(int64_t)bits / 1000.0f;
        break;
    case SPANLOG_VALUE_ERRNO:
        value.i = below(140);
        break;
    default:
        value.u = below(3) ? bits : bits >> below(64);
        break;
    }
    return value;
}

static uint32_t fill_attributes(struct spanlog_attribute *attributes, uint32_t count) {
    for (uint32_t i = 0; i < count; i++)
        attributes[i] = (struct spanlog_attribute){.key = some_key(), .value = some_value()};
    return count;
}

static struct spanlog_attribute attributes[ATTRIBUTES_MAX], event_attributes[6];
static struct spanlog_event events[3];
static struct spanlog_span_link links[3];

static void fill_line(struct spanlog_line *line, int64_t number) {
    memset(line, 0, sizeof *line);
    for (size_t i = 0; i < sizeof links; i++)
        ((uint8_t *)links)[i] = (uint8_t)next();
    line->time_ns = next();
    line->line_kind = (uint8_t)below(3);
    line->level = (uint8_t)below(26);
    line->has_context = below(2) || line->line_kind;
    line->has_parent = line->has_context && below(2);
    line->trace_flags = (uint8_t)next();
    line->span_kind = (uint8_t)below(6);
    line->span_status = (uint8_t)below(3);
    line->has_status_code = below(2);
    line->status_code = (int32_t)next();
    line->pid = below(3) ? below(100000) : 0;
    line->tid = below(3) ? below(100000) : 0;
    memcpy(line->trace_id, links[0].trace_id, 16);
    memcpy(line->span_id, links[0].span_id, 8);
    memcpy(line->parent_id, links[1].span_id, 8);
    if (below(10) == 0)
        line->trace_text = some_text();
    if (below(10) == 0)
        line->parent_text = some_text();
    if (below(20))
        line->message = some_text();
    if (below(20))
        line->service = some_text();
    if (below(2))
        line->logger = some_text();
    if (below(2))
        line->source = below(2) ? some_text() : SPANLOG_TEXT("src/db.c:42");
    line->operation = some_text();
    line->start_ns = next();
    line->duration_ns = next() >> below(64);
    if (below(2))
        line->error = some_text();
    line->sample_ratio = below(3) * 0.25;
    line->attributes = attributes;
    line->attribute_count = 1 + fill_attributes(attributes + 1, below(ATTRIBUTES_MAX));
    attributes[0] = (struct spanlog_attribute){.key = SPANLOG_TEXT("first"),
                                               .value = {.type = SPANLOG_VALUE_INT, .i = number}};
    fill_attributes(event_attributes, 6);
    for (int i = 0; i < 3; i++)
        events[i] = (struct spanlog_event){next(), some_text(), event_attributes + i, below(4)};
    line->events = events;
    line->event_count = below(4);
    line->links = links;
    line->link_count = below(4);
    line->dropped_attributes = below(2);
    line->dropped_events = below(2);
    line->dropped_links = below(2);
}

/* What the back does for a call site it knows: head, tail and keys once, and then the line. */
static void render_parts(const struct spanlog_dialect *d, struct spanlog_line *line) {
    static char head[4096], tail[4096], rendered[ATTRIBUTES_MAX][1024];

    line->head = (struct spanlog_text){
        head, (uint32_t)(d->render_head(line, head, head + sizeof head) - head)};
    line->tail = (struct spanlog_text){
        tail, (uint32_t)(d->render_tail(line, tail, tail + sizeof tail) - tail)};
    for (uint32_t i = 0; i < line->attribute_count; i++) {
        char *out = rendered[i];
        char *end =
            d->render_key(attributes[i].key, line->line_kind, out, out + sizeof rendered[i]);
        attributes[i].rendered = (struct spanlog_text){out, (uint32_t)(end - out)};
    }
    /* A call site's keys are compared once. */
    line->distinct_keys = spanlog_keys_are_distinct(attributes, line->attribute_count);
}

int main(int argc, char **argv) {
    static char plain[65536], parts[65536];
    const struct spanlog_dialect *d = argc == 4 ? spanlog_dialect_find(argv[1]) : NULL;

    if (!d)
        return 2;
    seed = strtoull(argv[3], NULL, 10) * 2 + 1;
    for (long i = 0; i < atol(argv[2]); i++) {
        struct spanlog_line line;
        char *end, *parts_end;
        fill_line(&line, i);
        end = d->write(&line, plain, plain + sizeof plain);
        render_parts(d, &line);
        parts_end = d->write(&line, parts, parts + sizeof parts);
        if (!end || !parts_end || end - plain != parts_end - parts ||
            memcmp(plain, parts, (size_t)(end - plain)) != 0) {
            fprintf(stderr, "rendered parts change line %ld:\n%.*s%.*s", i,
                    end ? (int)(end - plain) : 0, plain, parts_end ? (int)(parts_end - parts) : 0,
                    parts);
            return 1;
        }
        fwrite(plain, 1, (size_t)(end - plain), stdout);
    }
    return 0;
}
