/* analyzer/render/trace_items.c: the lines inside a span: logs and events, after what the tree put
 * in front of them:
 *
 *     +2.114 WARN cache.c:88 miss key=geo:7
 *     +2.300 event retry attempt=2
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formatters/number.h"
#include "src/analyzer/render/trace_parts.h"

size_t spanlog_put_offset(struct spanlog_output *out, uint64_t time_ns, uint64_t start_ns) {
    char text[32];
    bool before = time_ns < start_ns;
    uint64_t ns = before ? start_ns - time_ns : time_ns - start_ns;
    snprintf(text, sizeof text, "%c%llu.%03u", before ? '-' : '+',
             (unsigned long long)(ns / 1000000), (unsigned)(ns / 1000 % 1000));
    spanlog_put(out, text);
    return strlen(text);
}

static const char *level_in_capitals(uint8_t level) {
    static const char *const names[] = {"TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"};
    return names[level == 0 ? 2 : level > 24 ? 5 : (level - 1) / 4];
}

static const char *style_of_level(uint8_t level) {
    return level >= 17 ? SPANLOG_LOOK_ERROR : level >= 13 ? SPANLOG_LOOK_WARN : SPANLOG_LOOK_CYAN;
}

/* "src/orders/cache.c:88" as "cache.c:88". */
static struct spanlog_text short_source(struct spanlog_text source) {
    const char *slash = source.size ? memrchr(source.data, '/', source.size) : NULL;
    if (!slash)
        return source;
    uint32_t skipped = (uint32_t)(slash + 1 - source.data);
    return (struct spanlog_text){source.data + skipped, source.size - skipped};
}

static void put_value(struct spanlog_output *out, const struct spanlog_value *value) {
    char text[SPANLOG_NUMBER_MAX];
    switch (value->type) {
    case SPANLOG_VALUE_INT:
        spanlog_put_bytes(out, text, (size_t)(spanlog_put_i64(text, value->i) - text));
        break;
    case SPANLOG_VALUE_UINT:
        spanlog_put_number(out, value->u);
        break;
    case SPANLOG_VALUE_BOOL:
        spanlog_put(out, value->u ? "true" : "false");
        break;
    case SPANLOG_VALUE_NULL:
        spanlog_put(out, "null");
        break;
    default: {
        struct spanlog_text content = {value->text, value->size};
        bool quote = value->type == SPANLOG_VALUE_TEXT &&
                     (value->size == 0 || memchr(value->text, ' ', value->size));
        spanlog_put(out, quote ? "\"" : "");
        spanlog_put_visible(out, content);
        spanlog_put(out, quote ? "\"" : "");
    }
    }
}

/* Where the line stands says it already. */
static bool is_shown_by_place(struct spanlog_text key) {
    static const char parent[] = "parent_id";
    return key.size == sizeof parent - 1 && memcmp(key.data, parent, key.size) == 0;
}

static void put_attributes(struct spanlog_output *out, const struct spanlog_attribute *attributes,
                           uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        if (is_shown_by_place(attributes[i].key))
            continue;
        spanlog_put(out, " ");
        spanlog_put_visible(out, attributes[i].key);
        spanlog_put(out, "=");
        put_value(out, &attributes[i].value);
    }
}

/* What an item says, as far as there is room for it. */
static void put_text(struct spanlog_output *out, const struct spanlog_look *look, size_t used,
                     struct spanlog_text text, const struct spanlog_attribute *attributes,
                     uint32_t count) {
    if (!look->cut) {
        spanlog_put_visible(out, text);
        put_attributes(out, attributes, count);
        spanlog_put(out, "\n");
        return;
    }
    struct spanlog_output whole = {.fd = -1};
    spanlog_put_visible(&whole, text);
    put_attributes(&whole, attributes, count);
    struct spanlog_text shown = {whole.data ? whole.data : "", (uint32_t)whole.size};
    size_t columns = look->width > used + 8 ? look->width - used : 8;
    spanlog_put_visible_cut(out, shown, columns, look->ascii);
    spanlog_put(out, "\n");
    free(whole.data);
}

void spanlog_put_item(const struct spanlog_trace *trace, const struct spanlog_trace_item *item,
                      size_t used, const struct spanlog_look *look, struct spanlog_output *out) {
    const struct spanlog_line *line = &trace->lines[item->line].line;
    const char *level = level_in_capitals(line->level);
    used += spanlog_put_offset(out, item->time_ns, trace->start_ns) + 1;
    spanlog_put(out, " ");
    if (item->event != UINT32_MAX) {
        const struct spanlog_event *event = &line->events[item->event];
        spanlog_put(out, "event ");
        put_text(out, look, used + 6, event->name, event->attributes, event->attribute_count);
        return;
    }
    spanlog_look_start(out, look, style_of_level(line->level));
    spanlog_put(out, level);
    spanlog_look_stop(out, look);
    used += strlen(level) + 1;
    struct spanlog_text source = short_source(line->source);
    if (source.size) {
        spanlog_put(out, " ");
        spanlog_put_visible(out, source);
        used += spanlog_visible_width(source) + 1;
    }
    spanlog_put(out, " ");
    put_text(out, look, used, line->message, line->attributes, line->attribute_count);
}
