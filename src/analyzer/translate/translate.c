/* analyzer/translate/translate.c: see translate.h: which format a line has, and where the result
 * goes. */
#include "src/analyzer/translate/parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "formatters/dialect.h"

/* ---- what goes out ------------------------------------------------------------------------ */

static char *reserve(struct spanlog_translator *translator, size_t size) {
    size_t wanted = translator->size + size + SPANLOG_JSON_PADDING;
    if (wanted > translator->room) {
        size_t room = translator->room ? 2 * translator->room : 65536;
        while (room < wanted)
            room *= 2;
        char *grown = realloc(translator->out, room);
        if (!grown)
            return NULL;
        translator->out = grown;
        translator->room = room;
    }
    return translator->out + translator->size;
}

static int emit(struct spanlog_translator *translator, const struct spanlog_line *line) {
    size_t most = spanlog_line_room(line);
    char *to = reserve(translator, most);
    char *end = to ? spanlog_dialect_json.write(line, to, to + most) : NULL;
    if (!end)
        return -ENOMEM;
    translator->size += (size_t)(end - to);
    translator->count++;
    return 0;
}

static bool has_key(const struct spanlog_line *line, struct spanlog_text key) {
    for (uint32_t i = 0; i < line->attribute_count; i++)
        if (line->attributes[i].key.size == key.size &&
            memcmp(line->attributes[i].key.data, key.data, key.size) == 0)
            return true;
    return false;
}

/* How many of the attributes were added, or -ENOMEM. */
static int merge_attributes(struct spanlog_line *line, const struct spanlog_line *outer,
                            struct spanlog_arena *arena) {
    size_t most = (size_t)line->attribute_count + outer->attribute_count;
    struct spanlog_attribute *all = spanlog_arena_array(arena, most, sizeof *all);
    uint32_t count = line->attribute_count;
    if (!all)
        return -ENOMEM;
    if (count)
        memcpy(all, line->attributes, count * sizeof *all);
    for (uint32_t i = 0; i < outer->attribute_count; i++)
        if (!has_key(line, outer->attributes[i].key))
            all[count++] = outer->attributes[i];
    int added = (int)(count - line->attribute_count);
    if (added) {
        line->attributes = all;
        line->attribute_count = count;
        line->distinct_keys = false;
    }
    return added;
}

static bool has_ids(const struct spanlog_line *line) {
    return line->has_context || line->trace_text.data || line->span_text.data;
}

/* What the wrapper knows and the line does not say. 1 when something was added, 0, or -ENOMEM. */
static int merge(struct spanlog_line *line, const struct spanlog_line *outer,
                 struct spanlog_arena *arena) {
    struct spanlog_line was = *line;
    if (!line->time_ns)
        line->time_ns = outer->time_ns;
    if (!line->level)
        line->level = outer->level;
    if (!line->service.size)
        line->service = outer->service;
    if (!line->logger.data && line->line_kind == SPANLOG_LINE_LOG)
        line->logger = outer->logger;
    if (!line->source.data)
        line->source = outer->source;
    if (!line->pid) {
        line->pid = outer->pid;
        line->tid = line->tid ? line->tid : outer->tid;
    }
    if (!has_ids(line) && has_ids(outer)) {
        line->trace_text = outer->trace_text;
        line->span_text = outer->span_text;
    }
    if (!line->has_parent && !line->parent_text.data && line->line_kind != SPANLOG_LINE_LOG)
        line->parent_text = outer->parent_text;
    line->dropped_attributes += outer->dropped_attributes;
    int added = outer->attribute_count ? merge_attributes(line, outer, arena) : 0;
    if (added < 0)
        return added;
    return added > 0 || was.time_ns != line->time_ns || was.service.size != line->service.size ||
           was.logger.data != line->logger.data || was.source.data != line->source.data ||
           was.pid != line->pid || was.tid != line->tid || was.level != line->level ||
           was.trace_text.data != line->trace_text.data ||
           was.parent_text.data != line->parent_text.data ||
           was.dropped_attributes != line->dropped_attributes;
}

int spanlog_emit(struct spanlog_translator *translator, const struct spanlog_line *line) {
    const struct spanlog_line *outer = translator->memory ? translator->memory->outer : NULL;
    if (!outer && line->level)
        return emit(translator, line);
    struct spanlog_line whole = *line;
    if (outer && merge(&whole, outer, &translator->arena) < 0)
        return -ENOMEM;
    if (!whole.level)
        whole.level = 9;
    return emit(translator, &whole);
}

int spanlog_emit_canonical(struct spanlog_translator *translator, const char *line,
                           const char *end) {
    size_t size = (size_t)(end - line) + 1;
    char *to = reserve(translator, size);
    if (!to)
        return -ENOMEM;
    memcpy(to, line, size);
    translator->size += size;
    translator->count++;
    return 0;
}

int spanlog_emit_over(struct spanlog_translator *translator, const struct spanlog_line *read,
                      const char *line, const char *end) {
    const struct spanlog_line *outer = translator->memory->outer;
    struct spanlog_line whole = *read;
    int added = outer ? merge(&whole, outer, &translator->arena) : 0;
    if (added < 0)
        return added;
    return added > 0 ? emit(translator, &whole) : spanlog_emit_canonical(translator, line, end);
}

/* ---- which format ------------------------------------------------------------------------- */

#define FORMAT_JSON 7

/* In the order in which they are tried. */
static const struct {
    const char *name;
    spanlog_translate_function *function;
} formats[] = {
    {"otlp", spanlog_translate_otlp},     {"otel-console", spanlog_translate_otel_console},
    {"jaeger", spanlog_translate_jaeger}, {"zipkin", spanlog_translate_zipkin},
    {"chrome", spanlog_translate_chrome}, {"loki", spanlog_translate_loki},
    {"array", spanlog_translate_array},   [FORMAT_JSON] = {"json", spanlog_translate_logger},
    {"cri", spanlog_translate_cri},       {"syslog", spanlog_translate_syslog},
    {"pretty", spanlog_translate_pretty}, {"logfmt", spanlog_translate_logfmt},
    {"text", spanlog_translate_text},
};
#define FORMAT_COUNT ((int)(sizeof formats / sizeof formats[0]))

static int format_named(const char *name) {
    for (int i = 0; i < FORMAT_COUNT; i++)
        if (strcmp(formats[i].name, name) == 0)
            return i;
    return -1;
}

bool spanlog_translate_knows(const char *name) {
    return format_named(name) >= 0 || spanlog_dialect_named(name) >= 0;
}

/* The last row of formatters/reading.h is any object, which "json" says better. */
const char *spanlog_translate_name_at(size_t index) {
    if (index < (size_t)FORMAT_COUNT)
        return formats[index].name;
    for (size_t i = 0; spanlog_readings[i].name; i++)
        if (i == index - (size_t)FORMAT_COUNT)
            return spanlog_readings[i].name;
    return NULL;
}

void spanlog_translator_init(struct spanlog_translator *translator,
                             const struct spanlog_translate_settings *settings) {
    *translator = (struct spanlog_translator){.settings = *settings, .only = -1, .dialect = -1};
    if (!settings->dialect)
        return;
    translator->only = format_named(settings->dialect);
    if (translator->only < 0 &&
        (translator->dialect = spanlog_dialect_named(settings->dialect)) >= 0)
        translator->only = FORMAT_JSON;
}

void spanlog_translator_free(struct spanlog_translator *translator) {
    free(translator->out);
    free(translator->memory);
    spanlog_arena_free(&translator->arena);
    *translator = (struct spanlog_translator){0};
}

static bool remember(struct spanlog_translator *translator) {
    struct spanlog_translate_memory *memory = translator->memory;
    if (memory)
        return true;
    memory = calloc(1, sizeof *memory);
    if (memory)
        spanlog_reader_init(&memory->reader, 500);
    translator->memory = memory;
    return memory != NULL;
}

/* Whether the first key is a time or a level: then it is no document of spans, and need not be
 * tried as one. But a span of an SDK's console, or Zipkin's, may begin with its timestamp. */
static bool is_log_line(const char *p) {
    const struct spanlog_dialect_keys *keys = spanlog_dialect_keys();
    if (p[0] != '{' || p[1] != '"')
        return false;
    const char *end = spanlog_json_plain_short(p + 2);
    if (end - p == 11 && (p[2] | 0x20) == 't' && memcmp(p + 3, "imestamp", 8) == 0)
        return false;
    uint16_t key = spanlog_dialect_key(keys, p + 2, (size_t)(end - p) - 2);
    uint8_t meaning = keys->meanings[keys->dialect_count - 1][key].meaning;
    return meaning >= SPANLOG_MEANS_TIME && meaning <= SPANLOG_MEANS_LEVEL;
}

static int translate_line(struct spanlog_translator *translator, const char *line,
                          const char *end) {
    const char *p = spanlog_json_blank(line);
    if (p == end)
        return 0;
    if (translator->only >= 0) {
        int rc = formats[translator->only].function(translator, line, end);
        if (rc == 0)
            translator->problem = *p == '{' ? "not of this dialect" : "not a JSON object";
        return rc < 0 ? rc : 0;
    }
    for (int i = is_log_line(p) ? FORMAT_JSON : 0; i < FORMAT_COUNT; i++) {
        int rc = formats[i].function(translator, line, end);
        if (rc != 0)
            return rc < 0 ? rc : 0;
    }
    translator->problem = "not a JSON object";
    return 0;
}

int spanlog_translate(struct spanlog_translator *translator, const char *line, const char *end) {
    translator->size = 0;
    translator->count = 0;
    translator->is_flat = false;
    translator->problem = NULL;
    spanlog_arena_reset(&translator->arena);
    if (!remember(translator))
        return -ENOMEM;
    translator->memory->outer = NULL;
    translator->memory->depth = 0;
    int rc = translate_line(translator, line, end);
    if (translator->out)
        memset(translator->out + translator->size, 0, SPANLOG_JSON_PADDING);
    return rc;
}

/* ---- wrappers ----------------------------------------------------------------------------- */

/* A wrapper in a wrapper: what neither the line nor the inner one says, the outer one may. */
static int translate_wrapped(struct spanlog_translator *translator, const char *line,
                             const char *end, const struct spanlog_line *outer) {
    struct spanlog_translate_memory *memory = translator->memory;
    const struct spanlog_line *before = memory->outer;
    struct spanlog_line both = *outer;
    int only = translator->only, dialect = translator->dialect;
    if (before && merge(&both, before, &translator->arena) < 0)
        return -ENOMEM;
    memory->outer = &both;
    memory->depth++;
    translator->only = translator->dialect = -1; /* what was asked for is the wrapper */
    int rc = translate_line(translator, line, end);
    translator->only = only;
    translator->dialect = dialect;
    memory->depth--;
    memory->outer = before;
    return rc < 0 ? rc : 1;
}

int spanlog_translate_inner(struct spanlog_translator *translator, struct spanlog_text text,
                            const struct spanlog_line *outer) {
    if (translator->memory->depth == SPANLOG_WRAPPERS_MAX) {
        translator->problem = "wrapped too often";
        return 1;
    }
    while (text.size && (text.data[text.size - 1] == '\n' || text.data[text.size - 1] == '\r'))
        text.size--;
    char *line = spanlog_arena_alloc(&translator->arena, text.size + 1 + SPANLOG_JSON_PADDING);
    if (!line)
        return -ENOMEM;
    if (text.size)
        memcpy(line, text.data, text.size);
    line[text.size] = '\n';
    memset(line + text.size + 1, 0, SPANLOG_JSON_PADDING);
    return translate_wrapped(translator, line, line + text.size, outer);
}

/* In memory that is given back after each one: the translator's own stays until the line ends. */
int spanlog_translate_entry(struct spanlog_translator *translator, struct spanlog_arena *entry,
                            struct spanlog_text text, const struct spanlog_line *outer) {
    struct spanlog_arena whole = translator->arena;
    translator->arena = *entry;
    spanlog_arena_reset(&translator->arena);
    int rc = spanlog_translate_inner(translator, text, outer);
    *entry = translator->arena;
    translator->arena = whole;
    return rc;
}

/* ---- times -------------------------------------------------------------------------------- */

/* The fraction behind a second that is known, and Z: up to nine digits. */
static bool same_second(const struct spanlog_translate_memory *memory, struct spanlog_text text,
                        uint64_t *ret_ns) {
    uint64_t ns = 0, unit = 100000000;
    const char *p = text.data + 19, *end = text.data + text.size - 1;
    if (text.size < 20 || text.size > 30 || *end != 'Z' || memory->second_read.ns == 0 ||
        memcmp(text.data, memory->second_read.text, 19) != 0)
        return false;
    if (p < end && (*p++ != '.' || p == end))
        return false;
    for (; p < end; p++, unit /= 10) {
        if (*p < '0' || *p > '9')
            return false;
        ns += unit * (uint64_t)(*p - '0');
    }
    *ret_ns = memory->second_read.ns + ns;
    return true;
}

bool spanlog_translate_time(struct spanlog_translator *translator, struct spanlog_text text,
                            uint64_t *ret_ns) {
    struct spanlog_translate_memory *memory = translator->memory;
    if (same_second(memory, text, ret_ns))
        return true;
    if (spanlog_reading_time(text, ret_ns) < 0)
        return false;
    if (text.size >= 20 && text.data[text.size - 1] == 'Z' && text.data[4] == '-') {
        memcpy(memory->second_read.text, text.data, 19);
        memory->second_read.ns = *ret_ns - *ret_ns % 1000000000;
    }
    if (text.size >= 10 && text.data[4] == '-') /* for times that have no year */
        memory->year = (text.data[0] - '0') * 1000 + (text.data[1] - '0') * 100 +
                       (text.data[2] - '0') * 10 + (text.data[3] - '0');
    return true;
}
