/* analyzer/translate/wrapped.c: see wrapped.h: docker, CRI, journald and logcli.
 *
 *     {"log":"{\"level\":30,...}\n","stream":"stdout","time":"2026-11-21T10:30:45.123456789Z"}
 *     2026-11-21T10:30:45.123456789Z stdout F {"level":30,...}
 *
 * The record inside goes through spanlog_translate's formats again. A time inside the record beats
 * the wrapper's, which may be later than the end of a span.
 */
#include "src/analyzer/translate/wrapped.h"

#include <errno.h>

#include "src/analyzer/translate/filling.h"

static bool is_named(uint8_t dialect, const char *name) {
    return strcmp(spanlog_readings[dialect].name, name) == 0;
}

/* They stand first in the table. */
bool spanlog_is_wrapper(uint8_t dialect) {
    return dialect < 3 && (is_named(dialect, "docker") || is_named(dialect, "journald") ||
                           is_named(dialect, "logcli"));
}

/* ---- parts of one record ------------------------------------------------------------------ */

struct joined {
    char *text;
    size_t size;
    size_t room;
};

/* The parts together are no longer than what they lie in. */
static bool start_joined(struct joined *joined, size_t room, struct spanlog_arena *arena) {
    joined->text = spanlog_arena_alloc(arena, room + 16);
    joined->size = 0;
    joined->room = room;
    return joined->text != NULL;
}

static void join(struct joined *joined, struct spanlog_text part) {
    size_t size = part.size;
    if (size > joined->room - joined->size)
        size = joined->room - joined->size;
    if (size)
        memcpy(joined->text + joined->size, part.data, size);
    joined->size += size;
}

/* ---- docker ------------------------------------------------------------------------------- */

static struct spanlog_json_value *member_named(struct spanlog_members *members, const char *name) {
    for (uint32_t i = 0; i < members->count; i++) {
        struct spanlog_member *m = &members->list[i];
        if (m->prefix.size == 0 && m->name.size == strlen(name) &&
            memcmp(m->name.data, name, m->name.size) == 0)
            return &m->value;
    }
    return NULL;
}

/* The record's further lines: `more` is behind the newline of the first. */
static int join_docker(struct spanlog_translator *translator, const char *more, const char *end,
                       struct spanlog_line *outer) {
    struct spanlog_members *members = &translator->memory->members;
    struct joined joined;
    if (!start_joined(&joined, outer->message.size + (size_t)(end - more), &translator->arena))
        return -ENOMEM;
    join(&joined, outer->message);
    while (more < end) {
        int rc = spanlog_members_read(members, spanlog_dialect_keys(), more, &translator->arena);
        if (rc < 0)
            return rc;
        struct spanlog_json_value *log = members->problem ? NULL : member_named(members, "log");
        if (!log || log->type != SPANLOG_JSON_STRING || members->end > end) {
            translator->problem = members->problem ? members->problem : "a part without \"log\"";
            return 0;
        }
        struct spanlog_text part = spanlog_member_text(log, &translator->arena);
        if (!part.data)
            return -ENOMEM;
        join(&joined, part);
        more = members->end + 1;
    }
    outer->message = (struct spanlog_text){joined.text, (uint32_t)joined.size};
    return 0;
}

/* ---- journald ----------------------------------------------------------------------------- */

bool spanlog_read_bytes(const struct spanlog_json_value *array, struct spanlog_arena *arena,
                        struct spanlog_text *ret) {
    struct joined joined;
    const char *p = array->begin + 1;
    if (!start_joined(&joined, (size_t)(array->end - array->begin), arena))
        return false;
    for (;;) {
        unsigned byte = 0, digits = 0;
        for (p = spanlog_json_blank(p); *p >= '0' && *p <= '9' && digits < 3; p++, digits++)
            byte = 10 * byte + (unsigned)(*p - '0');
        if (digits == 0 || byte > 255)
            return false;
        char c = (char)byte;
        join(&joined, (struct spanlog_text){&c, 1});
        p = spanlog_json_blank(p);
        if (*p == ']')
            break;
        if (*p++ != ',')
            return false;
    }
    *ret = (struct spanlog_text){joined.text, (uint32_t)joined.size};
    return true;
}

/* Given twice, a field is an array of its values; the first string of it. */
static bool first_of(const struct spanlog_json_value *array, struct spanlog_json_value *ret) {
    struct spanlog_json_walk walk = {0};
    const char *p = spanlog_json_blank(array->begin + 1);
    return *p == '"' && spanlog_json_value_at(&walk, p, ret) != NULL;
}

/* What journald keeps beside the message is of its own bookkeeping, but for the unit's name. */
static void drop_bookkeeping(struct spanlog_members *members) {
    for (uint32_t i = 0; i < members->count; i++) {
        struct spanlog_member *m = &members->list[i];
        if (m->name.size && m->name.data[0] == '_' &&
            !(m->name.size == 13 && memcmp(m->name.data, "_SYSTEMD_UNIT", 13) == 0))
            m->use = SPANLOG_MEMBER_DROPPED;
        if (m->name.size > 7 && memcmp(m->name.data, "SYSLOG_", 7) == 0)
            m->use = SPANLOG_MEMBER_DROPPED;
    }
}

static int prepare_journald(struct spanlog_translator *translator, struct spanlog_text *bytes) {
    struct spanlog_members *members = &translator->memory->members;
    struct spanlog_json_value *message = member_named(members, "MESSAGE");
    *bytes = (struct spanlog_text){NULL, 0};
    drop_bookkeeping(members);
    if (message && message->type == SPANLOG_JSON_ARRAY && !first_of(message, message)) {
        if (!spanlog_read_bytes(message, &translator->arena, bytes))
            *bytes = SPANLOG_TEXT("");
        message->type = SPANLOG_JSON_NULL;
    }
    return 0;
}

/* ---- any of them -------------------------------------------------------------------------- */

/* Which of its two pipes a program used says nothing that a record needs. */
static void drop_stream(struct spanlog_members *members) {
    for (uint32_t i = 0; i < members->count; i++)
        if (members->list[i].name.size == 6 && members->list[i].prefix.size == 0 &&
            memcmp(members->list[i].name.data, "stream", 6) == 0)
            members->list[i].use = SPANLOG_MEMBER_DROPPED;
}

int spanlog_translate_json_wrapper(struct spanlog_translator *translator, uint8_t dialect,
                                   const char *line, const char *end) {
    struct spanlog_members *members = &translator->memory->members;
    const char *first_end = members->end;
    bool docker = is_named(dialect, "docker");
    struct spanlog_text bytes = {NULL, 0};
    struct spanlog_line outer;
    int rc = 0;
    if (first_end != end && !docker) {
        translator->problem = "text behind the object";
        return 1;
    }
    if (is_named(dialect, "journald") && member_named(members, "TS")) {
        rc = spanlog_translate_own_journald(translator, line, end);
        return rc < 0 ? rc : 1;
    }
    if (docker)
        drop_stream(members);
    else if (is_named(dialect, "journald"))
        rc = prepare_journald(translator, &bytes);
    if (rc == 0)
        rc = spanlog_fill(translator, dialect, &outer);
    if (rc == 0 && bytes.data)
        outer.message = bytes;
    if (rc == 0 && first_end != end)
        rc = join_docker(translator, first_end + 1, end, &outer);
    if (rc < 0 || translator->problem)
        return rc < 0 ? rc : 1;
    if (outer.message.size == 0 && !docker) { /* null: journald found it too large */
        rc = spanlog_emit(translator, &outer);
        return rc < 0 ? rc : 1;
    }
    return spanlog_translate_inner(translator, outer.message, &outer);
}

/* ---- CRI ---------------------------------------------------------------------------------- */

struct cri {
    struct spanlog_text time;
    struct spanlog_text text;
    bool partial;
};

/* "2026-11-21T10:30:45.123456789Z stdout P:x text" */
static bool read_cri(const char *line, const char *end, struct cri *ret) {
    const char *p = line;
    if (end - line < 32 || line[4] != '-' || line[10] != 'T')
        return false;
    while (p < end && *p != ' ' && p - line < 40)
        p++;
    ret->time = (struct spanlog_text){line, (uint32_t)(p - line)};
    if (end - p < 9 || (memcmp(p, " stdout ", 8) != 0 && memcmp(p, " stderr ", 8) != 0))
        return false;
    p += 8;
    if ((*p != 'P' && *p != 'F') || (p + 1 < end && p[1] != ' ' && p[1] != ':'))
        return false;
    ret->partial = *p == 'P';
    const char *space = memchr(p, ' ', (size_t)(end - p));
    p = space ? space + 1 : end;
    ret->text = (struct spanlog_text){p, (uint32_t)(end - p)};
    return true;
}

int spanlog_translate_cri(struct spanlog_translator *translator, const char *line,
                          const char *end) {
    struct cri part;
    struct joined joined;
    struct spanlog_line outer = {0};
    const char *first_end = memchr(line, '\n', (size_t)(end - line));
    if (*line < '0' || *line > '9' || !read_cri(line, first_end ? first_end : end, &part))
        return 0;
    if (!spanlog_translate_time(translator, part.time, &outer.time_ns))
        return 0;
    if (!first_end)
        return spanlog_translate_inner(translator, part.text, &outer);
    if (!start_joined(&joined, (size_t)(end - line), &translator->arena))
        return -ENOMEM;
    join(&joined, part.text);
    for (const char *p = first_end + 1; p < end;) {
        const char *stop = memchr(p, '\n', (size_t)(end - p));
        stop = stop ? stop : end;
        if (!read_cri(p, stop, &part)) {
            translator->problem = "a part that is no line of the container runtime";
            return 1;
        }
        join(&joined, part.text);
        p = stop + 1;
    }
    struct spanlog_text whole = {joined.text, (uint32_t)joined.size};
    return spanlog_translate_inner(translator, whole, &outer);
}

/* ---- is there more to come? --------------------------------------------------------------- */

/* docker writes "log" first, and \n at its end when the record is whole. */
static bool docker_is_partial(const char *line, const char *end) {
    const char *p = line + 8;
    if (end - line < 10 || memcmp(line, "{\"log\":\"", 8) != 0)
        return false;
    for (;;) {
        const char *quote = memchr(p, '"', (size_t)(end - p));
        const char *back = quote;
        if (!quote)
            return false;
        while (back > line + 8 && back[-1] == '\\')
            back--;
        if ((quote - back) % 2) { /* escaped */
            p = quote + 1;
            continue;
        }
        if (quote - (line + 8) < 2 || memcmp(quote - 2, "\\n", 2) != 0)
            return true;
        size_t slashes = 0;
        for (back = quote - 2; back >= line + 8 && *back == '\\'; back--)
            slashes++;
        return slashes % 2 == 0;
    }
}

bool spanlog_wrapped_is_partial(const char *line, const char *end) {
    struct cri part;
    if (line < end && *line == '{')
        return docker_is_partial(line, end);
    return line < end && *line >= '0' && *line <= '9' && read_cri(line, end, &part) && part.partial;
}
