/* analyzer/diff/diff_lines.c: attributes and log texts of two sets of traces, each counted once in
 * a trace; see diff.h. */
#include "src/analyzer/diff/diff_parts.h"
#include "src/analyzer/diff/diff_values.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

#define VALUE_SIZE_MAX 64 /* longer ones are no categories */
#define TEMPLATE_SIZE_MAX 160

/* ---- templates ---------------------------------------------------------------------------- */

static bool is_word_char(char c) {
    return isalnum((unsigned char)c) || c == '_';
}

/* How much of text, where a word begins, is a number or an id; 0: it is a word. */
static size_t variable_size(const char *text, size_t size) {
    size_t at = 0, digits = 0, others = 0;
    for (; at < size && (is_word_char(text[at]) || (text[at] == '-' && digits)); at++) {
        digits += isdigit((unsigned char)text[at]) != 0;
        others += !isxdigit((unsigned char)text[at]) && text[at] != '-';
    }
    if (digits == 0)
        return 0;
    if (others == 0) /* a number, hex digits or a UUID */
        return isdigit((unsigned char)*text) || at >= 8 ? at : 0;
    size_t number = 0; /* "12ms", "0x7f": the unit stays */
    while (number < at && isdigit((unsigned char)text[number]))
        number++;
    if (number == 1 && text[0] == '0' && at > 2 && (text[1] | 0x20) == 'x')
        return at;
    return number;
}

static size_t quoted_size(const char *text, size_t size) {
    const char *end = memchr(text + 1, *text, size - 1);
    return end ? (size_t)(end + 1 - text) : 0;
}

size_t spanlog_diff_template(const char *text, size_t size, char *out, size_t room) {
    size_t used = 0;
    bool word_begins = true;
    for (size_t at = 0; at < size && used + 3 <= room;) {
        char c = text[at];
        bool quote = (c == '"' || c == '\'') && word_begins;
        size_t variable = quote         ? quoted_size(text + at, size - at)
                          : word_begins ? variable_size(text + at, size - at)
                                        : 0;
        if (variable == 0) {
            out[used++] = c;
            word_begins = !is_word_char(c);
            at++;
            continue;
        }
        if (quote)
            out[used++] = c;
        out[used++] = '#';
        if (quote)
            out[used++] = c;
        at += variable;
        word_begins = quote;
    }
    return used;
}

/* ---- which traces ------------------------------------------------------------------------- */

/* Open addressing; number + 1, where those of the side after come behind those before. */
struct trace_index {
    const struct spanlog_diff_traces *traces;
    uint32_t *slots;
    uint32_t mask;
};

static const struct spanlog_diff_trace *trace_at(const struct trace_index *index, uint32_t number) {
    size_t before = index->traces[0].count;
    return number < before ? &index->traces[0].list[number]
                           : &index->traces[1].list[number - before];
}

/* Its number on its side, where traces stand in the order of their ids' hashes. */
static uint32_t rank_of(uint32_t trace, uint32_t before) {
    return trace < before ? trace : trace - before;
}

/* UINT32_MAX: not among them. */
static uint32_t find_trace(const struct trace_index *index, const struct spanlog_id *id,
                           uint32_t *ret_slot) {
    uint32_t at = (uint32_t)((id->low * 0x9e3779b97f4a7c15u) >> 32) & index->mask;
    for (; index->slots[at]; at = (at + 1) & index->mask) {
        const struct spanlog_diff_trace *trace = trace_at(index, index->slots[at] - 1);
        if (trace->low == id->low && (trace->high == id->high || trace->high == 0 || id->high == 0))
            return index->slots[at] - 1;
    }
    *ret_slot = at;
    return UINT32_MAX;
}

static int build_index(struct trace_index *index, const struct spanlog_diff_traces *traces) {
    size_t count = traces[0].count + traces[1].count;
    index->traces = traces;
    index->mask = 63;
    while (index->mask < 2 * count)
        index->mask = 2 * index->mask + 1;
    index->slots = calloc(index->mask + (size_t)1, sizeof *index->slots);
    if (!index->slots)
        return -ENOMEM;
    for (uint32_t i = 0; i < count; i++) {
        const struct spanlog_diff_trace *trace = trace_at(index, i);
        struct spanlog_id id = {.high = trace->high, .low = trace->low};
        uint32_t slot = 0;
        if (find_trace(index, &id, &slot) == UINT32_MAX)
            index->slots[slot] = i + 1;
    }
    return 0;
}

/* ---- lines -------------------------------------------------------------------------------- */

struct counter {
    const struct trace_index *index;
    struct spanlog_lines lines;
    struct spanlog_diff_values values;
};

static int count_item(struct counter *counter, uint32_t trace, struct spanlog_text key,
                      const char *text, size_t size) {
    uint32_t before = (uint32_t)counter->index->traces[0].count;
    return spanlog_diff_values_count(&counter->values, trace, rank_of(trace, before), key,
                                     (struct spanlog_text){text, (uint32_t)size});
}

/* The text without its escapes, at most `size` bytes of it. */
static size_t put_plain(const struct spanlog_json_value *value, size_t size, char *out) {
    ssize_t plain = value->escaped ? spanlog_json_unescape(value->begin, size, out) : -1;
    if (plain >= 0)
        return (size_t)plain;
    memcpy(out, value->begin, size);
    return size;
}

static int count_attribute(struct counter *counter, uint32_t trace,
                           const struct spanlog_json_value *key,
                           const struct spanlog_json_value *value) {
    char text[1 + 128 + 1 + VALUE_SIZE_MAX];
    size_t key_size = (size_t)(key->end - key->begin);
    size_t value_size = (size_t)(value->end - value->begin);
    if (key_size > 128 || value_size > VALUE_SIZE_MAX || value->type == SPANLOG_JSON_OBJECT ||
        value->type == SPANLOG_JSON_ARRAY)
        return 0;
    char *at = text;
    *at++ = SPANLOG_DIFF_IS_ATTRIBUTE;
    at = mempcpy(at, key->begin, key_size);
    *at++ = '=';
    at += put_plain(value, value_size, at);
    struct spanlog_text name = {key->begin, (uint32_t)key_size};
    return count_item(counter, trace, name, text, (size_t)(at - text));
}

/* "orders: cache miss for '#'"; of a span its error: "orders error: timeout after # ms". */
static int count_text(struct counter *counter, uint32_t trace, const struct spanlog_record *record,
                      const struct spanlog_json_value *message, const char *between) {
    char text[1 + 64 + 8 + TEMPLATE_SIZE_MAX], plain[1024];
    struct spanlog_text service = record->service;
    if (message->type != SPANLOG_JSON_STRING || message->end == message->begin)
        return 0;
    char *at = text;
    *at++ = SPANLOG_DIFF_IS_LOG;
    at = mempcpy(at, service.data ? service.data : "", service.size < 64 ? service.size : 64);
    at = stpcpy(at, between);
    size_t size = (size_t)(message->end - message->begin);
    size = put_plain(message, size < sizeof plain ? size : sizeof plain, plain);
    at += spanlog_diff_template(plain, size, at, TEMPLATE_SIZE_MAX);
    return count_item(counter, trace, SPANLOG_TEXT("\nlog"), text, (size_t)(at - text));
}

/* Fields that say how a request went, not which one it was. */
static bool is_category(unsigned field) {
    return field == SPANLOG_FIELD_COUNT || field == SPANLOG_FIELD_STATUS ||
           field == SPANLOG_FIELD_STATUS_CODE || field == SPANLOG_FIELD_HOST;
}

static int count_line(struct counter *counter, const struct spanlog_record *record,
                      const char *line) {
    uint32_t unused, trace = find_trace(counter->index, &record->trace, &unused);
    bool is_log = record->line_kind == SPANLOG_LINE_LOG;
    int rc = 0;
    if (trace == UINT32_MAX)
        return 0;
    struct spanlog_json_walk walk = {.at = line};
    struct spanlog_json_value key = {0}, value = {0};
    for (int more = spanlog_json_open(&walk);
         rc == 0 && more > 0 && spanlog_json_member(&walk, &key, &value);
         more = spanlog_json_next(&walk))
        if (is_category(spanlog_key_field(counter->lines.reader.keys, &key)))
            rc = count_attribute(counter, trace, &key, &value);
    if (rc == 0 && is_log)
        rc = count_text(counter, trace, record, &record->raw[SPANLOG_FIELD_MSG], ": ");
    if (rc == 0 && !is_log)
        rc = count_text(counter, trace, record, &record->raw[SPANLOG_FIELD_ERROR], " error: ");
    return rc;
}

static int read_chunk(void *argument, const struct spanlog_chunk *chunk) {
    struct counter *counter = argument;
    struct spanlog_record record;
    const char *line;
    int rc, failed = 0;
    spanlog_lines_begin(&counter->lines, chunk);
    while (!failed && (rc = spanlog_lines_next(&counter->lines, &record, &line)) != 0)
        failed = rc < 0 ? rc : record.has_trace ? count_line(counter, &record, line) : 0;
    return failed;
}

/* ---- all threads together ----------------------------------------------------------------- */

/* The key's place in the diff, and in how many traces of each side it was counted. */
static int keep_key(struct spanlog_diff *diff, const struct spanlog_diff_values *values,
                    uint32_t key, const struct spanlog_diff_traces traces[2], uint32_t *ret_key) {
    struct spanlog_text text = spanlog_strings_text(&values->keys, key);
    uint32_t limit = SPANLOG_DIFF_TRACES_MAX >> values->of_keys[key].halved;
    *ret_key = spanlog_strings_add(&diff->keys, text.data, text.size);
    if (*ret_key == SPANLOG_STRING_NONE ||
        !spanlog_diff_room(&diff->skipped, &diff->key_room, *ret_key, sizeof *diff->skipped))
        return -ENOMEM;
    for (int side = 0; side < 2; side++)
        if (traces[side].count > limit)
            diff->skipped[*ret_key].of_side[side] = traces[side].count - limit;
    return 0;
}

static int keep_item(struct spanlog_diff *diff, struct spanlog_text text, uint32_t key,
                     uint32_t *ret_item) {
    *ret_item = spanlog_strings_add(&diff->items, text.data, text.size);
    if (*ret_item == SPANLOG_STRING_NONE ||
        !spanlog_diff_room(&diff->of_items, &diff->item_room, *ret_item, sizeof *diff->of_items))
        return -ENOMEM;
    diff->of_items[*ret_item].key = key;
    return 0;
}

static int keep(struct spanlog_diff *diff, const struct spanlog_diff_values *values,
                const struct spanlog_diff_traces traces[2]) {
    uint32_t before = (uint32_t)traces[0].count;
    uint32_t *keys = calloc(values->keys.count + (size_t)1, sizeof *keys);
    int rc = 0;
    if (!keys)
        return -ENOMEM;
    for (uint32_t i = 0; rc == 0 && i < values->keys.count; i++)
        if (!values->of_keys[i].is_left_out)
            rc = keep_key(diff, values, i, traces, &keys[i]);
    for (uint64_t i = 0; rc == 0 && values->pairs.slots && i <= values->pairs.mask; i++) {
        uint64_t pair = values->pairs.slots[i] - 1;
        uint32_t trace = (uint32_t)(pair >> 32), item = (uint32_t)pair, kept;
        if (values->pairs.slots[i] == 0 ||
            !spanlog_diff_values_has(values, rank_of(trace, before), item))
            continue;
        rc = keep_item(diff, spanlog_strings_text(&values->items, item),
                       keys[values->of_items[item].key], &kept);
        if (rc == 0)
            diff->of_items[kept].traces[trace >= before]++;
    }
    diff->has_too_many_keys |= values->keys_halved > 0;
    free(keys);
    return rc;
}

static int scan(struct spanlog_diff *diff, struct spanlog_sources *sources,
                const struct trace_index *index, struct counter *counters) {
    struct spanlog_issues issues = SPANLOG_ISSUES_EMPTY; /* pass one has said it all */
    int rc = spanlog_issues_sources(&issues, sources->count);
    for (unsigned i = 0; rc == 0 && i < diff->jobs; i++) {
        counters[i].index = index;
        spanlog_lines_init(&counters[i].lines, &diff->translate, diff->error_status_min, NULL);
    }
    struct spanlog_scan run = {.sources = sources,
                               .issues = &issues,
                               .job_count = diff->jobs,
                               .jobs = {counters, sizeof *counters},
                               .chunk = read_chunk,
                               .progress = diff->progress};
    if (rc == 0)
        rc = spanlog_scan_run(&run);
    spanlog_issues_free(&issues);
    return rc;
}

int spanlog_diff_lines(struct spanlog_diff *diff, struct spanlog_sources *sources,
                       const struct spanlog_diff_traces traces[2]) {
    struct trace_index index = {0};
    struct spanlog_diff_values all = {0};
    struct counter *counters = calloc(diff->jobs, sizeof *counters);
    int rc = counters ? build_index(&index, traces) : -ENOMEM;
    if (rc == 0)
        rc = scan(diff, sources, &index, counters);
    for (unsigned i = 0; counters && i < diff->jobs; i++) {
        if (rc == 0)
            rc = spanlog_diff_values_merge(&all, &counters[i].values, (uint32_t)traces[0].count);
        spanlog_lines_free(&counters[i].lines);
        spanlog_diff_values_free(&counters[i].values);
    }
    if (rc == 0)
        rc = keep(diff, &all, traces);
    spanlog_diff_values_free(&all);
    free(counters);
    free(index.slots);
    return rc;
}
