/* ship/loki.c: a push of Loki's, in JSON:
 *
 *     {"streams":[{"stream":{"service_name":"orders","env":"prod"},"values":[
 *      ["1795257045123456789","{\"ts\":…}",{"trace_id":"…","span_id":"…"}],…]},…]}
 *
 * The line is the canonical line; ids are structured metadata as well. Loki drops an entry whose
 * time and line it has already, which is what makes it safe to send one twice. Two equal lines of a
 * log are two, though: the second gets a time one nanosecond later, and the third two, counted in
 * the order of the file, so that they get the same times when they are sent again.
 */
#include "src/ship/protocol.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "formatters/number.h"
#include "src/analyzer/base/hash.h"

#define TWINS 2048 /* slots: the upper bits of a hash, the lowest 16 a count */
#define FIXED (SPANLOG_NUMBER_MAX + 128)

uint64_t spanlog_ship_twins(struct spanlog_ship_file *file, uint64_t time_ns, const char *line,
                            size_t size) {
    if (!file->twins)
        file->twins = calloc(TWINS, sizeof *file->twins);
    if (!file->twins)
        return 0;
    uint64_t hash = spanlog_hash(line, size) ^ time_ns * 0x9e3779b97f4a7c15u;
    uint64_t *slot = &file->twins[hash >> 32 & (TWINS - 1)];
    if ((*slot ^ hash) >> 16 != 0) {
        *slot = hash & ~(uint64_t)0xffff;
        return 0;
    }
    *slot += (*slot & 0xffff) < 0xffff;
    return *slot & 0xffff;
}

/* How many bytes at p stand before the first quote or backslash; at most 16. All of them are copied
 * to `out`. */
static unsigned copy_plain(char *out, const char *p) {
#ifdef SPANLOG_JSON_SSE2
    __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)p);
    _mm_storeu_si128((__m128i *)(void *)out, bytes);
    unsigned special = (unsigned)_mm_movemask_epi8(_mm_or_si128(
        _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')), _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'))));
    return special ? (unsigned)__builtin_ctz(special) : 16;
#else
    unsigned count = 0;
    for (; count < 16 && p[count] != '"' && p[count] != '\\'; count++)
        out[count] = p[count];
    return count;
#endif
}

/* A line that is valid JSON, as the inside of a string: only quotes and backslashes need care.
 * Padding follows the line, and so may what is copied too much. */
static char *put_line(char *out, const char *line, size_t size) {
    const char *end = line + size;
    while (line < end) {
        unsigned count = copy_plain(out, line);
        size_t left = (size_t)(end - line);
        if (count >= left)
            return out + left;
        out += count;
        line += count;
        if (count < 16) {
            *out++ = '\\';
            *out++ = *line++;
        }
    }
    return out;
}

static char *put_literal(char *out, const char *text, size_t size) {
    memcpy(out, text, size);
    return out + size;
}
#define PUT_LITERAL(out, text) put_literal(out, text, sizeof(text) - 1)

static char *put_id(char *out, const char *key, const struct spanlog_json_value *value) {
    out = put_literal(out, key, strlen(key));
    out = put_literal(out, value->begin, (size_t)(value->end - value->begin));
    *out++ = '"';
    return out;
}

/* The structured metadata. */
static char *put_ids(char *out, const struct spanlog_record *record) {
    const struct spanlog_json_value *trace = &record->raw[SPANLOG_FIELD_TRACE_ID];
    const struct spanlog_json_value *span = &record->raw[SPANLOG_FIELD_SPAN_ID];
    bool has_trace = trace->type == SPANLOG_JSON_STRING && trace->begin < trace->end;
    bool has_span = span->type == SPANLOG_JSON_STRING && span->begin < span->end;
    if (!has_trace && !has_span)
        return out;
    out = PUT_LITERAL(out, ",{");
    if (has_trace)
        out = put_id(out, "\"trace_id\":\"", trace);
    if (has_span)
        out = put_id(out, has_trace ? ",\"span_id\":\"" : "\"span_id\":\"", span);
    *out++ = '}';
    return out;
}

static int add_loki(struct spanlog_ship_writer *writer, const struct spanlog_ship_record *of) {
    const struct spanlog_record *record = of->record;
    struct spanlog_ship_batch *batch = &writer->batches[SPANLOG_SHIP_DOOR_LOGS];
    size_t size = (size_t)(record->end - of->line);
    while (size && (of->line[size - 1] == '\r' || of->line[size - 1] == ' '))
        size--;
    uint64_t time_ns = of->time_ns + spanlog_ship_twins(of->file, of->time_ns, of->line, size);
    int64_t group =
        spanlog_ship_labels_find(&writer->labels, writer->state, record, of->line, time_ns);
    char *to = spanlog_ship_batch_reserve(batch, 4 * size + FIXED);
    if (group < 0 || !to)
        return -ENOMEM;
    char *out = PUT_LITERAL(to, "[\"");
    out = spanlog_put_u64(out, time_ns);
    out = PUT_LITERAL(out, "\",\"");
    out = put_line(out, of->line, size);
    *out++ = '"';
    out = put_ids(out, record);
    *out++ = ']';
    return spanlog_ship_batch_add(batch, out, size + 1, (uint32_t)group);
}

static void put_stream(const struct spanlog_ship_writer *writer, size_t from, size_t to,
                       uint32_t group, struct spanlog_output *out) {
    const struct spanlog_ship_batch *batch = &writer->batches[SPANLOG_SHIP_DOOR_LOGS];
    const char *between = "";
    spanlog_put(out, "{\"stream\":");
    spanlog_ship_labels_put(&writer->labels, writer->state, group, out);
    spanlog_put(out, ",\"values\":[");
    for (size_t i = from; i < to; i++) {
        if (batch->entries[i].group != group)
            continue;
        spanlog_put(out, between);
        between = ",";
        spanlog_put_bytes(out, batch->text.data + batch->entries[i].at, batch->entries[i].size);
    }
    spanlog_put(out, "]}");
}

/* Stream by stream, each where its first entry stands. */
static void put_loki(const struct spanlog_ship_writer *writer, enum spanlog_ship_door door,
                     size_t from, size_t to, struct spanlog_output *out) {
    const struct spanlog_ship_batch *batch = &writer->batches[door];
    size_t groups = writer->state->stream_count * SPANLOG_SHIP_LANES;
    unsigned char *seen = calloc(1, groups + 1);
    if (!seen) {
        out->error = -ENOMEM;
        return;
    }
    spanlog_put(out, "{\"streams\":[");
    bool first = true;
    for (size_t i = from; i < to; i++) {
        uint32_t group = batch->entries[i].group;
        if (seen[group])
            continue;
        seen[group] = 1;
        spanlog_put(out, first ? "" : ",");
        first = false;
        put_stream(writer, i, to, group, out);
    }
    spanlog_put(out, "]}");
    free(seen);
}

const struct spanlog_ship_protocol spanlog_ship_loki = {add_loki, put_loki};
