/* analyzer/translate/logger.c: one JSON line of any logger, or of a wrapper that is JSON.
 *
 *     {"level":30,"time":1795257045123,"pid":7,"hostname":"h","msg":"cache miss"}
 *
 * A line that is canonical already goes through as it is. Which dialect another one has is told
 * from its keys (dialects.h), so it does not matter in which order they stand, and lines of many
 * dialects may stand in one file.
 */
#include "src/analyzer/translate/filling.h"

#include <errno.h>

#include "src/analyzer/read/line_read.h"
#include "src/analyzer/translate/wrapped.h"

/* By the first keys, when they are those of one of spanlog's own dialects; else -1. */
static int dialect_of_head(const struct spanlog_members *members) {
    const struct spanlog_dialect_keys *keys = spanlog_dialect_keys();
    uint16_t first[5] = {0};
    for (unsigned i = 0; i < 5 && i < members->count; i++)
        first[i] = members->list[i].key;
    if (first[2] == keys->level_number)
        memmove(first + 2, first + 3, 2 * sizeof *first);
    for (uint32_t i = 0; i < keys->head_count; i++)
        if (memcmp(first, keys->heads[i].keys, sizeof keys->heads[i].keys) == 0)
            return keys->heads[i].dialect;
    return -1;
}

/* Most lines have the keys of the one before. */
static uint8_t dialect_of(struct spanlog_translator *translator) {
    struct spanlog_translate_memory *memory = translator->memory;
    const struct spanlog_keys_seen *seen = &memory->members.seen;
    if (translator->dialect >= 0)
        return (uint8_t)translator->dialect;
    int own = dialect_of_head(&memory->members);
    if (own >= 0)
        return (uint8_t)own;
    if (!memory->has_guess || memcmp(&memory->guessed, seen, sizeof *seen) != 0) {
        memory->guess = spanlog_dialect_guess(spanlog_dialect_keys(), seen);
        memory->guessed = *seen;
        memory->has_guess = true;
    }
    return memory->guess;
}

static bool is_key(const struct spanlog_member *member, const char *name) {
    return member->prefix.size == 0 && member->name.size == strlen(name) &&
           memcmp(member->name.data, name, member->name.size) == 0 &&
           member->value.type == SPANLOG_JSON_STRING;
}

/* The head of every line that the json dialect writes. */
static bool looks_canonical(const struct spanlog_members *members) {
    const struct spanlog_member *list = members->list;
    return members->count >= 4 && is_key(&list[0], "ts") && is_key(&list[1], "level") &&
           is_key(&list[2], "msg") && is_key(&list[3], "service");
}

/* 1 when the line was canonical, 0 when it was not. */
static int pass_canonical(struct spanlog_translator *translator, const char *text) {
    struct spanlog_record record;
    struct spanlog_line line;
    struct spanlog_reader *reader = &translator->memory->reader;
    bool needs_key = translator->settings.trace_key != NULL;
    if (spanlog_record_read(reader, text, &record) || record.time_ns == 0)
        return 0;
    needs_key &= !record.has_trace;
    if (!translator->memory->outer && !needs_key)
        return spanlog_emit_canonical(translator, text, record.end) < 0 ? -ENOMEM : 1;
    int rc = spanlog_line_read(reader, &record, text, &translator->arena, &line);
    if (rc < 0)
        return rc;
    if (needs_key &&
        spanlog_line_set_trace_key(&line, translator->settings.trace_key, &translator->arena))
        rc = spanlog_emit(translator, &line);
    else
        rc = spanlog_emit_over(translator, &line, text, record.end);
    return rc < 0 ? rc : 1;
}

int spanlog_translate_logger(struct spanlog_translator *translator, const char *line,
                             const char *end) {
    struct spanlog_members *members = &translator->memory->members;
    struct spanlog_line record;
    const char *p = spanlog_json_blank(line);
    if (*p != '{')
        return 0;
    int rc = spanlog_members_read(members, spanlog_dialect_keys(), p, &translator->arena);
    if (rc < 0)
        return rc;
    if (members->problem) {
        translator->problem = members->problem;
        return 1;
    }
    if (translator->dialect < 0 && looks_canonical(members)) {
        rc = pass_canonical(translator, p);
        if (rc != 0)
            return rc;
    }
    uint8_t dialect = dialect_of(translator);
    if (spanlog_is_wrapper(dialect))
        return spanlog_translate_json_wrapper(translator, dialect, p, end);
    if (members->end != end) {
        translator->problem = "text behind the object";
        return 1;
    }
    rc = spanlog_fill(translator, dialect, &record);
    if (rc == 0)
        rc = spanlog_emit(translator, &record);
    translator->memory->dialect = dialect;
    translator->is_flat = !translator->memory->outer;
    return rc < 0 ? rc : 1;
}
