/* analyzer/trace/tail.c: see tail.h. Which traces wait, and for how long.
 *
 * A line moves its trace to the end of its lists, so that they stay in the order of time, and only
 * their first members have to be looked at.
 */
#include "src/analyzer/trace/tail_parts.h"

#include <errno.h>
#include <stdlib.h>

#include "src/analyzer/base/hash.h"

#define SLOTS 65536u
#define SHOWN_MAX 16384 /* traces of which late lines are known as such */
#define NS_PER_MS 1000000u

/* ---- lists -------------------------------------------------------------------------------- */

/* Which of a trace's two links a list goes by. */
typedef struct spanlog_held_link *link_of(struct spanlog_held *held);

static struct spanlog_held_link *age_of(struct spanlog_held *held) {
    return &held->by_age;
}

static struct spanlog_held_link *settling_of(struct spanlog_held *held) {
    return &held->settling;
}

static void append(struct spanlog_held **first, struct spanlog_held **last, link_of *link,
                   struct spanlog_held *held) {
    *link(held) = (struct spanlog_held_link){.before = *last};
    if (*last)
        link(*last)->after = held;
    else
        *first = held;
    *last = held;
}

static void take_out(struct spanlog_held **first, struct spanlog_held **last, link_of *link,
                     struct spanlog_held *held) {
    struct spanlog_held_link *own = link(held);
    if (own->before)
        link(own->before)->after = own->after;
    else
        *first = own->after;
    if (own->after)
        link(own->after)->before = own->before;
    else
        *last = own->before;
}

static void stop_settling(struct spanlog_tail *tail, struct spanlog_held *held) {
    if (held->is_settling)
        take_out(&tail->settling_first, &tail->settling_last, settling_of, held);
    held->is_settling = false;
}

/* A line has come: it waits anew. */
static void make_newest(struct spanlog_tail *tail, struct spanlog_held *held, uint64_t now_ns) {
    held->last_ns = now_ns;
    take_out(&tail->open_first, &tail->open_last, age_of, held);
    append(&tail->open_first, &tail->open_last, age_of, held);
    stop_settling(tail, held);
    held->is_settling = held->may_be_complete;
    if (held->is_settling)
        append(&tail->settling_first, &tail->settling_last, settling_of, held);
}

/* ---- traces by their id ------------------------------------------------------------------- */

/* The low half alone: some write only that. */
static struct spanlog_held **slot_of(const struct spanlog_tail *tail, const struct spanlog_id *id) {
    return &tail->slots[(id->low * 0x9e3779b97f4a7c15u) >> 48 & (SLOTS - 1)];
}

static struct spanlog_held *find_held(const struct spanlog_tail *tail,
                                      const struct spanlog_id *id) {
    struct spanlog_held *held = *slot_of(tail, id);
    while (held && !(held->id.low == id->low &&
                     (held->id.high == id->high || held->id.high == 0 || id->high == 0)))
        held = held->next;
    return held;
}

static void free_lines(struct spanlog_tail *tail, struct spanlog_held *held) {
    for (uint32_t i = 0; i < held->count; i++)
        free((void *)(uintptr_t)held->lines[i].found.text);
    free(held->lines);
    free(held->id_text);
    tail->bytes -= held->bytes;
    held->lines = NULL;
    held->id_text = NULL;
    held->count = held->room = 0;
    held->bytes = 0;
}

static void forget(struct spanlog_tail *tail, struct spanlog_held *held) {
    struct spanlog_held **at = slot_of(tail, &held->id);
    while (*at != held)
        at = &(*at)->next;
    *at = held->next;
    free_lines(tail, held);
    free(held);
}

/* The longest of the spellings that came is the one that is shown. */
static int set_id(struct spanlog_held *held, const struct spanlog_record *record) {
    if (held->id_text && (held->id.high || !record->trace.high))
        return 0;
    char *text = strndup(record->trace_text.data, record->trace_text.size);
    if (!text)
        return -ENOMEM;
    free(held->id_text);
    held->id_text = text;
    held->id = record->trace;
    return 0;
}

static struct spanlog_held *add_held(struct spanlog_tail *tail,
                                     const struct spanlog_record *record) {
    struct spanlog_held *held = calloc(1, sizeof *held);
    if (!held || set_id(held, record) < 0) {
        free(held);
        return NULL;
    }
    struct spanlog_held **slot = slot_of(tail, &held->id);
    held->next = *slot;
    *slot = held;
    held->bytes = sizeof *held + record->trace_text.size;
    tail->bytes += held->bytes;
    append(&tail->open_first, &tail->open_last, age_of, held);
    return held;
}

/* ---- lines -------------------------------------------------------------------------------- */

static uint32_t number_of_service(struct spanlog_tail *tail, struct spanlog_text service) {
    if (!service.data)
        return SPANLOG_STRING_NONE;
    if (tail->services.count >= SPANLOG_TAIL_SERVICES_MAX)
        return spanlog_strings_find(&tail->services, service.data, service.size);
    return spanlog_strings_add(&tail->services, service.data, service.size);
}

static int note_writer(struct spanlog_tail *tail, uint32_t service, struct spanlog_text name) {
    if (service == SPANLOG_STRING_NONE ||
        (tail->service_bits[service] & SPANLOG_SERVICE_WRITES_SPANS))
        return 0;
    tail->service_bits[service] |= SPANLOG_SERVICE_WRITES_SPANS;
    return spanlog_strings_add(&tail->writers, name.data, name.size) == SPANLOG_STRING_NONE
               ? -ENOMEM
               : 0;
}

static bool is_sampled(const struct spanlog_record *record) {
    const struct spanlog_json_value *flags = &record->raw[SPANLOG_FIELD_TRACE_FLAGS];
    if (flags->type != SPANLOG_JSON_STRING || flags->end - flags->begin != 2)
        return false;
    char low = flags->end[-1];
    return (low >= '0' && low <= '9' ? low - '0' : low - 'a' + 10) & 1;
}

static unsigned bits_of(const struct spanlog_record *record) {
    enum { SERVER = 1, CONSUMER = 4 };
    unsigned bits = is_sampled(record) ? SPANLOG_HELD_SAMPLED : 0;
    if (record->line_kind == SPANLOG_LINE_LOG || !record->has_span)
        return bits;
    if (!record->has_parent)
        bits |= SPANLOG_HELD_ROOT;
    else if (record->span_kind == SERVER || record->span_kind == CONSUMER)
        bits |= SPANLOG_HELD_ENTRY;
    return bits | SPANLOG_HELD_SPAN;
}

static struct spanlog_held_line *add_line(struct spanlog_held *held) {
    if (held->count == held->room) {
        uint32_t room = held->room ? 2 * held->room : 8;
        struct spanlog_held_line *grown = realloc(held->lines, room * sizeof *grown);
        if (!grown)
            return NULL;
        held->lines = grown;
        held->room = room;
    }
    return &held->lines[held->count++];
}

static int keep_line(struct spanlog_tail *tail, struct spanlog_held *held,
                     const struct spanlog_record *record, const char *line, uint32_t service) {
    struct spanlog_text text = spanlog_line_trimmed(line, record->end);
    size_t size = text.size, room = size + 1 + SPANLOG_JSON_PADDING;
    char *copy = malloc(room);
    struct spanlog_held_line *kept = copy ? add_line(held) : NULL;
    if (!kept) {
        free(copy);
        return -ENOMEM;
    }
    memcpy(copy, text.data, size);
    copy[size] = '\n';
    memset(copy + size + 1, 0, SPANLOG_JSON_PADDING);
    /* The order in which they came, since a file may begin anew. */
    struct spanlog_found_line found = {.text = copy,
                                       .size = (uint32_t)size,
                                       .source = tail->lines.chunk->source,
                                       .offset = tail->sequence++,
                                       .digest = spanlog_hash(copy, size)};
    *kept = (struct spanlog_held_line){.found = found,
                                       .span = record->has_span ? record->span.low : 0,
                                       .parent = record->has_parent ? record->parent.low : 0,
                                       .service = service,
                                       .bits = bits_of(record)};
    held->bytes += room + sizeof *kept;
    tail->bytes += room + sizeof *kept;
    held->may_be_complete |= (kept->bits & (SPANLOG_HELD_ROOT | SPANLOG_HELD_ENTRY)) != 0;
    return 0;
}

/* It may be the parent that was not waited for: the next time it will be. */
static void note_late(struct spanlog_tail *tail, struct spanlog_held *held,
                      const struct spanlog_record *record) {
    tail->counts.late_lines++;
    tail->counts.late_traces += !held->had_late;
    held->had_late = true;
    if (record->line_kind != SPANLOG_LINE_LOG && record->has_span && held->missing_parent &&
        record->span.low == held->missing_parent && held->missing_service != SPANLOG_STRING_NONE)
        tail->service_bits[held->missing_service] |= SPANLOG_SERVICE_IS_CALLED;
}

/* ---- showing ------------------------------------------------------------------------------ */

/* Hands it on; then only its id is kept, and for so many traces. */
static int show(struct spanlog_tail *tail, struct spanlog_held *held,
                enum spanlog_tail_reason reason) {
    stop_settling(tail, held);
    take_out(&tail->open_first, &tail->open_last, age_of, held);
    tail->counts.traces++;
    int rc = spanlog_held_show(tail, held, reason);
    free_lines(tail, held);
    held->was_shown = true;
    append(&tail->shown_first, &tail->shown_last, age_of, held);
    if (tail->shown_count++ < SHOWN_MAX)
        return rc;
    struct spanlog_held *oldest = tail->shown_first;
    take_out(&tail->shown_first, &tail->shown_last, age_of, oldest);
    forget(tail, oldest);
    tail->shown_count--;
    return rc;
}

/* The trace that settles longest, if it is complete; else the one that has waited longest. */
static int make_room(struct spanlog_tail *tail) {
    int rc = 0;
    while (rc == 0 && tail->bytes > tail->settings.bytes_max && tail->open_first) {
        struct spanlog_held *held = tail->settling_first;
        if (held && !spanlog_held_is_complete(tail, held)) {
            stop_settling(tail, held);
            continue;
        }
        tail->counts.let_go += !held;
        rc = held ? show(tail, held, SPANLOG_TAIL_COMPLETE)
                  : show(tail, tail->open_first, SPANLOG_TAIL_LET_GO);
    }
    return rc;
}

static int take_line(struct spanlog_tail *tail, const struct spanlog_record *record,
                     const char *line, uint64_t now_ns) {
    uint32_t service = number_of_service(tail, record->service);
    if (record->line_kind != SPANLOG_LINE_LOG && note_writer(tail, service, record->service) < 0)
        return -ENOMEM;
    if (!record->has_trace)
        return spanlog_tail_note_host(tail, record);
    struct spanlog_held *held = find_held(tail, &record->trace);
    if (held && held->was_shown) {
        note_late(tail, held, record);
        return 0;
    }
    if (!held)
        held = add_held(tail, record);
    if (!held || set_id(held, record) < 0 || keep_line(tail, held, record, line, service) < 0)
        return -ENOMEM;
    make_newest(tail, held, now_ns);
    return make_room(tail);
}

int spanlog_tail_take(struct spanlog_tail *tail, const struct spanlog_chunk *chunk,
                      uint64_t now_ns) {
    struct spanlog_record record;
    const char *line;
    int rc, taken = 0;
    spanlog_lines_begin(&tail->lines, chunk);
    while (taken == 0 && (rc = spanlog_lines_next(&tail->lines, &record, &line)) != 0)
        taken = rc < 0 ? rc : take_line(tail, &record, line, now_ns);
    spanlog_lines_end(&tail->lines);
    return taken;
}

int spanlog_tail_due(struct spanlog_tail *tail, uint64_t now_ns) {
    const struct spanlog_tail_settings *settings = &tail->settings;
    struct spanlog_held *held;
    int rc = 0;
    while (rc == 0 && (held = tail->settling_first) != NULL &&
           held->last_ns + settings->settle_ns <= now_ns) {
        stop_settling(tail, held);
        if (spanlog_held_is_complete(tail, held))
            rc = show(tail, held, SPANLOG_TAIL_COMPLETE);
    }
    while (rc == 0 && (held = tail->open_first) != NULL &&
           held->last_ns + settings->give_up_ns <= now_ns)
        rc = show(tail, held, SPANLOG_TAIL_GIVEN_UP);
    return rc;
}

int spanlog_tail_end(struct spanlog_tail *tail) {
    int rc = 0;
    while (rc == 0 && tail->open_first) {
        bool complete = spanlog_held_is_complete(tail, tail->open_first);
        rc = show(tail, tail->open_first, complete ? SPANLOG_TAIL_COMPLETE : SPANLOG_TAIL_STOPPED);
    }
    return rc;
}

int spanlog_tail_timeout_ms(const struct spanlog_tail *tail, uint64_t now_ns) {
    enum { LONGEST_MS = 1000000000 };
    uint64_t due = UINT64_MAX;
    if (tail->settling_first)
        due = tail->settling_first->last_ns + tail->settings.settle_ns;
    if (tail->open_first && tail->open_first->last_ns + tail->settings.give_up_ns < due)
        due = tail->open_first->last_ns + tail->settings.give_up_ns;
    if (due == UINT64_MAX)
        return -1;
    uint64_t left_ms = due > now_ns ? (due - now_ns + NS_PER_MS - 1) / NS_PER_MS : 0;
    return left_ms < LONGEST_MS ? (int)left_ms : LONGEST_MS;
}

/* ---- all of it ---------------------------------------------------------------------------- */

int spanlog_tail_open(struct spanlog_tail **ret, const struct spanlog_tail_settings *settings) {
    struct spanlog_tail *tail = calloc(1, sizeof *tail);
    if (!tail)
        return -ENOMEM;
    tail->settings = *settings;
    tail->slots = calloc(SLOTS, sizeof(struct spanlog_held *));
    int rc = tail->slots ? 0 : -ENOMEM;
    spanlog_lines_init(&tail->lines, &settings->translate, settings->error_status_min,
                       settings->issues);
    spanlog_reader_init(&tail->reader, settings->error_status_min);
    if (rc == 0 && settings->filter.where)
        rc = spanlog_where_scratch_init(&tail->where, settings->filter.where);
    if (rc < 0)
        spanlog_tail_close(tail);
    else
        *ret = tail;
    return rc;
}

const struct spanlog_tail_counts *spanlog_tail_counts(const struct spanlog_tail *tail) {
    return &tail->counts;
}

void spanlog_tail_close(struct spanlog_tail *tail) {
    for (unsigned i = 0; tail->slots && i < SLOTS; i++)
        for (struct spanlog_held *held = tail->slots[i], *next; held; held = next) {
            next = held->next;
            free_lines(tail, held);
            free(held);
        }
    if (tail->settings.filter.where)
        spanlog_where_scratch_free(&tail->where);
    spanlog_lines_free(&tail->lines);
    spanlog_strings_free(&tail->services);
    spanlog_strings_free(&tail->writers);
    spanlog_tail_free_hosts(tail);
    free(tail->slots);
    free(tail);
}
