/* analyzer/translate/documents/chrome.c: Chrome's trace events, as Perfetto, chrome://tracing and
 * many profilers read and write them.
 *
 *     {"traceEvents":[{"ph":"X","name":"parse","ts":10,"dur":5,"pid":1,"tid":2,"args":{"n":3}}]}
 *
 * Also the list alone. Complete events (X), begin and end (B, E) and asynchronous ones (b, e)
 * become spans of one trace; what nests in time on a thread, or under one asynchronous id, is a
 * child. A begin without an end is a span abandoned. Ids are hashes of where and when, the same in
 * every run; trace_id, span_id and parent_id among the arguments win over them. Instants, counters
 * and flows are no spans and are left out.
 */
#include <errno.h>
#include <stdlib.h>

#include "src/analyzer/read/fields.h"
#include "src/analyzer/translate/documents/document.h"

enum { PHASE, NAME, TS, DUR, PID, TID, CATEGORY, ID, ID2, SCOPE, ARGS, SLOTS };

static const struct spanlog_pick_key event_keys[] = {
    SPANLOG_PICK("ph", PHASE),     SPANLOG_PICK("name", NAME), SPANLOG_PICK("ts", TS),
    SPANLOG_PICK("dur", DUR),      SPANLOG_PICK("pid", PID),   SPANLOG_PICK("tid", TID),
    SPANLOG_PICK("cat", CATEGORY), SPANLOG_PICK("id", ID),     SPANLOG_PICK("id2", ID2),
    SPANLOG_PICK("scope", SCOPE),  SPANLOG_PICK("args", ARGS), SPANLOG_PICK_END};

enum { TRACE_ID, SPAN_ID, PARENT_ID, ARG_NAME, ARG_SLOTS };
static const struct spanlog_pick_key arg_keys[] = {
    SPANLOG_PICK("trace_id", TRACE_ID), SPANLOG_PICK("span_id", SPAN_ID),
    SPANLOG_PICK("parent_id", PARENT_ID), SPANLOG_PICK("name", ARG_NAME), SPANLOG_PICK_END};

enum { EVENTS, DOCUMENT_SLOTS };
static const struct spanlog_pick_key document_keys[] = {SPANLOG_PICK("traceEvents", EVENTS),
                                                        SPANLOG_PICK_END};

#define NONE UINT32_MAX

struct event {
    const char *begin; /* its object */
    const char *last;  /* the arguments of what ended it, or NULL */
    uint64_t start_ns, end_ns;
    uint64_t track; /* what may nest */
    uint64_t id;
    uint32_t up; /* open: the one opened before; later the parent */
    bool open;
};

/* By a hash: which event of a track is open, what a process or thread is called. */
struct slot {
    uint64_t key; /* 0: empty */
    struct spanlog_text name;
    uint32_t open;
};

struct trace {
    struct spanlog_draft *draft;
    struct event *events;
    struct slot *slots;
    uint32_t *order;
    uint64_t mask;
    uint64_t id;
    uint64_t last_ns;
    uint32_t count;
};

/* ---- hashes ------------------------------------------------------------------------------- */

/* FNV-1a: an id must be the same tomorrow. */
static uint64_t mix(uint64_t hash, const struct spanlog_json_value *value) {
    for (const char *p = value->begin; p < value->end; p++)
        hash = (hash ^ (unsigned char)*p) * 0x100000001b3u;
    return (hash ^ 0xff) * 0x100000001b3u; /* "a","b" is not "ab","" */
}

static uint64_t settled(uint64_t hash) {
    hash ^= hash >> 33;
    hash *= 0xff51afd7ed558ccdu;
    hash ^= hash >> 29;
    return hash ? hash : 1;
}

#define HASH_OF_PROCESS 0xcbf29ce484222325u
#define HASH_OF_THREAD 0x84222325cbf29ce4u
#define HASH_OF_ASYNC 0x9e3779b97f4a7c15u

static uint64_t process_of(const struct spanlog_json_value *slot) {
    return settled(mix(HASH_OF_PROCESS, &slot[PID]));
}

static uint64_t thread_of(const struct spanlog_json_value *slot) {
    return settled(mix(mix(HASH_OF_THREAD, &slot[PID]), &slot[TID]));
}

static uint64_t track_of(const struct spanlog_json_value *slot) {
    const struct spanlog_json_value *id = slot[ID].type ? &slot[ID] : &slot[ID2];
    if (!slot[PHASE].type || !strchr("beSF", *slot[PHASE].begin))
        return thread_of(slot);
    return settled(
        mix(mix(mix(mix(HASH_OF_ASYNC, &slot[PID]), &slot[CATEGORY]), &slot[SCOPE]), id));
}

static struct slot *slot_of(const struct trace *trace, uint64_t key) {
    uint64_t at = key & trace->mask;
    while (trace->slots[at].key && trace->slots[at].key != key)
        at = (at + 1) & trace->mask;
    return &trace->slots[at];
}

static struct slot *make_slot(const struct trace *trace, uint64_t key) {
    struct slot *slot = slot_of(trace, key);
    if (!slot->key)
        *slot = (struct slot){.key = key, .open = NONE};
    return slot;
}

/* ---- reading events ----------------------------------------------------------------------- */

#define NAME_SIZE_MAX 256

static void read_metadata(struct trace *trace, const struct spanlog_json_value *slot) {
    struct spanlog_json_value args[ARG_SLOTS] = {{0}};
    spanlog_pick(&slot[ARGS], arg_keys, args);
    struct spanlog_text name = spanlog_draft_text(trace->draft, &args[ARG_NAME]);
    if (name.size > NAME_SIZE_MAX)
        name.size = NAME_SIZE_MAX;
    if (spanlog_json_is(&slot[NAME], "process_name"))
        make_slot(trace, process_of(slot))->name = name;
    else if (spanlog_json_is(&slot[NAME], "thread_name"))
        make_slot(trace, thread_of(slot))->name = name;
}

static void add_event(struct trace *trace, const struct spanlog_json_value *value,
                      const struct spanlog_json_value *slot, uint64_t start_ns, uint64_t end_ns) {
    struct event *event = &trace->events[trace->count];
    *event = (struct event){.begin = value->begin,
                            .start_ns = start_ns,
                            .end_ns = end_ns,
                            .track = track_of(slot),
                            .up = NONE};
    uint64_t hash = mix(mix(event->track, &slot[NAME]), &slot[TS]);
    event->id = settled(mix(mix(hash, &slot[DUR]), &slot[PHASE]));
    trace->id += event->id; /* in whatever order they stand */
    trace->count++;
}

static void close_event(struct trace *trace, const struct spanlog_json_value *slot, uint64_t ns) {
    struct slot *track = slot_of(trace, track_of(slot));
    if (!track->key || track->open == NONE)
        return;
    struct event *event = &trace->events[track->open];
    event->end_ns = ns > event->start_ns ? ns : event->start_ns;
    event->open = false;
    if (slot[ARGS].type == SPANLOG_JSON_OBJECT)
        event->last = slot[ARGS].begin;
    track->open = event->up;
    event->up = NONE;
}

static void read_event(struct trace *trace, const struct spanlog_json_value *value) {
    struct spanlog_json_value slot[SLOTS] = {{0}};
    uint64_t ns, duration = 0;
    spanlog_pick(value, event_keys, slot);
    if (slot[PHASE].type != SPANLOG_JSON_STRING || slot[PHASE].end - slot[PHASE].begin != 1)
        return;
    char phase = *slot[PHASE].begin;
    if (phase == 'M') {
        read_metadata(trace, slot);
        return;
    }
    if (!strchr("XBEbeSF", phase))
        return;
    if (!spanlog_time_of(&slot[TS], 1000, &ns)) {
        trace->draft->skipped++;
        return;
    }
    spanlog_time_of(&slot[DUR], 1000, &duration);
    if (phase != 'X' || __builtin_add_overflow(ns, duration, &duration))
        duration = ns;
    if (duration > trace->last_ns)
        trace->last_ns = duration;
    if (phase == 'E' || phase == 'e' || phase == 'F') {
        close_event(trace, slot, ns);
        return;
    }
    add_event(trace, value, slot, ns, duration);
    if (phase == 'X')
        return;
    struct event *event = &trace->events[trace->count - 1];
    struct slot *track = make_slot(trace, event->track);
    event->open = true;
    event->up = track->open;
    track->open = trace->count - 1;
}

/* ---- nesting ------------------------------------------------------------------------------ */

static int by_place(const void *left, const void *right, void *context) {
    const struct event *events = context;
    uint32_t i = *(const uint32_t *)left, k = *(const uint32_t *)right;
    const struct event *a = &events[i], *b = &events[k];
    if (a->track != b->track)
        return a->track < b->track ? -1 : 1;
    if (a->start_ns != b->start_ns)
        return a->start_ns < b->start_ns ? -1 : 1;
    if (a->end_ns != b->end_ns)
        return a->end_ns > b->end_ns ? -1 : 1;
    return i < k ? -1 : i > k;
}

/* Those that overlap without nesting are siblings. */
static void nest(struct trace *trace) {
    uint32_t top = NONE;
    for (uint32_t i = 0; i < trace->count; i++) {
        trace->order[i] = i;
        if (trace->events[i].open)
            trace->events[i].end_ns = trace->last_ns > trace->events[i].start_ns
                                          ? trace->last_ns
                                          : trace->events[i].start_ns;
    }
    qsort_r(trace->order, trace->count, sizeof *trace->order, by_place, trace->events);
    for (uint32_t i = 0; i < trace->count; i++) {
        struct event *event = &trace->events[trace->order[i]];
        while (top != NONE && (trace->events[top].track != event->track ||
                               trace->events[top].end_ns < event->end_ns))
            top = trace->events[top].up;
        event->up = top;
        top = trace->order[i];
    }
}

/* ---- lines -------------------------------------------------------------------------------- */

static struct spanlog_json_value object_at(const char *begin) {
    struct spanlog_json_walk walk = {0};
    struct spanlog_json_value value = {0};
    if (begin)
        spanlog_json_value_at(&walk, begin, &value);
    return value;
}

static struct spanlog_text hex_of(struct spanlog_draft *draft, uint64_t high, uint64_t low,
                                  unsigned digits) {
    char *text = spanlog_arena_alloc(draft->arena, 33 + SPANLOG_JSON_PADDING);
    if (!text) {
        draft->no_memory = true;
        return (struct spanlog_text){NULL, 0};
    }
    memset(text, 0, 33 + SPANLOG_JSON_PADDING);
    for (unsigned i = 0; i < digits; i++) {
        uint64_t word = digits - i > 16 ? high : low;
        text[i] = "0123456789abcdef"[word >> 4 * ((digits - i - 1) % 16) & 15];
    }
    return (struct spanlog_text){text, digits};
}

/* What an event is called by: its argument's id, or its hash. */
static void set_id(struct spanlog_draft *draft, enum spanlog_draft_id which,
                   const struct spanlog_json_value *arg, uint64_t high, uint64_t low) {
    if (arg->type != SPANLOG_JSON_STRING ||
        !spanlog_draft_id(draft, which, spanlog_draft_text(draft, arg)))
        spanlog_draft_id(draft, which, hex_of(draft, high, low, high ? 32 : 16));
}

/* Arguments that our own export writes are fields again. */
static bool take_argument(struct spanlog_draft *draft, const struct spanlog_json_value *key,
                          const struct spanlog_json_value *value) {
    struct spanlog_line *line = &draft->line;
    if (spanlog_json_is(key, "trace_id") || spanlog_json_is(key, "span_id") ||
        spanlog_json_is(key, "parent_id"))
        return value->type == SPANLOG_JSON_STRING;
    struct spanlog_text text = spanlog_draft_text(draft, value);
    if (!text.data)
        return false;
    if (spanlog_json_is(key, "service"))
        line->service = text;
    else if (spanlog_json_is(key, "kind") || spanlog_json_is(key, "span.kind"))
        line->span_kind = spanlog_kind_read(text);
    else if (spanlog_json_is(key, "error"))
        spanlog_draft_error(draft, text);
    else if (spanlog_json_is(key, "status") && spanlog_json_is(value, "error"))
        line->span_status = SPANLOG_STATUS_ERROR;
    else if (spanlog_json_is(key, "status") && spanlog_json_is(value, "ok"))
        line->span_status = SPANLOG_STATUS_OK;
    else
        return false;
    return true;
}

static void add_arguments(struct spanlog_draft *draft, const struct spanlog_json_value *args) {
    struct spanlog_items items;
    if (args->type != SPANLOG_JSON_OBJECT)
        return;
    spanlog_items_open(&items, args);
    while (spanlog_items_next(&items)) {
        items.key.type = SPANLOG_JSON_STRING;
        if (!take_argument(draft, &items.key, &items.value))
            spanlog_draft_attribute(draft, spanlog_draft_text(draft, &items.key),
                                    spanlog_draft_value(draft, &items.value));
    }
}

static uint32_t number_of(const struct spanlog_json_value *value) {
    int64_t number;
    return spanlog_i64_of(value, &number) && number > 0 && number <= UINT32_MAX ? (uint32_t)number
                                                                                : 0;
}

static void set_text(struct spanlog_draft *draft, struct spanlog_text key,
                     struct spanlog_text text) {
    if (text.size)
        spanlog_draft_attribute(draft, key,
                                (struct spanlog_value){.type = SPANLOG_VALUE_TEXT,
                                                       .size = text.size,
                                                       .text = text.data});
}

/* The parent's own id may be an argument of it; it is read once more for each child, so only a
 * small one is. */
#define PARENT_SIZE_MAX 4096

static void set_parent(struct trace *trace, const struct event *event,
                       const struct spanlog_json_value *args) {
    struct spanlog_draft *draft = trace->draft;
    struct spanlog_json_value slot[SLOTS] = {{0}}, own[ARG_SLOTS] = {{0}};
    if (args[PARENT_ID].type == SPANLOG_JSON_STRING) {
        spanlog_draft_id(draft, SPANLOG_ID_PARENT, spanlog_draft_text(draft, &args[PARENT_ID]));
        return;
    }
    /* With an id of its own and without a parent's it is a root. */
    if (event->up == NONE || args[SPAN_ID].type == SPANLOG_JSON_STRING)
        return;
    const struct event *parent = &trace->events[event->up];
    struct spanlog_json_value object = object_at(parent->begin);
    if (object.end - object.begin <= PARENT_SIZE_MAX) {
        spanlog_pick(&object, event_keys, slot);
        spanlog_pick(&slot[ARGS], arg_keys, own);
    }
    set_id(draft, SPANLOG_ID_PARENT, &own[SPAN_ID], 0, parent->id);
}

static void translate_event(struct trace *trace, const struct event *event) {
    struct spanlog_draft *draft = trace->draft;
    struct spanlog_json_value slot[SLOTS] = {{0}}, args[ARG_SLOTS] = {{0}};
    struct spanlog_json_value object = object_at(event->begin), last = object_at(event->last);
    spanlog_pick(&object, event_keys, slot);
    spanlog_pick(&slot[ARGS], arg_keys, args);
    spanlog_draft_begin(draft, event->open ? SPANLOG_LINE_ABANDONED : SPANLOG_LINE_SPAN);
    set_id(draft, SPANLOG_ID_TRACE, &args[TRACE_ID], settled(trace->id), settled(trace->id ^ 1));
    set_id(draft, SPANLOG_ID_SPAN, &args[SPAN_ID], 0, event->id);
    set_parent(trace, event, args);
    spanlog_draft_times(draft, event->start_ns, event->end_ns - event->start_ns);
    struct spanlog_text name = spanlog_draft_text(draft, &slot[NAME]);
    if (name.data)
        draft->line.operation = name;
    draft->line.service = slot_of(trace, process_of(slot))->name;
    draft->line.pid = number_of(&slot[PID]);
    draft->line.tid = number_of(&slot[TID]);
    set_text(draft, SPANLOG_TEXT("thread.name"), slot_of(trace, thread_of(slot))->name);
    if (!spanlog_json_is(&slot[CATEGORY], "span")) /* as our own export has it */
        set_text(draft, SPANLOG_TEXT("cat"), spanlog_draft_text(draft, &slot[CATEGORY]));
    add_arguments(draft, &slot[ARGS]);
    add_arguments(draft, &last);
    spanlog_draft_emit(draft);
}

/* ---- the document ------------------------------------------------------------------------- */

static bool make_room(struct trace *trace, const struct spanlog_json_value *list) {
    struct spanlog_items items;
    uint64_t most = 0, slots = 16;
    spanlog_items_open(&items, list);
    while (spanlog_items_next(&items))
        most++;
    while (slots < 2 * most)
        slots *= 2;
    struct spanlog_arena *arena = trace->draft->arena;
    trace->events = spanlog_arena_array(arena, most, sizeof *trace->events);
    trace->order = spanlog_arena_array(arena, most, sizeof *trace->order);
    trace->slots = spanlog_arena_array(arena, slots, sizeof *trace->slots);
    if (!trace->events || !trace->order || !trace->slots)
        return false;
    memset(trace->slots, 0, slots * sizeof *trace->slots);
    trace->mask = slots - 1;
    return true;
}

static void translate_list(struct spanlog_draft *draft, const struct spanlog_json_value *list) {
    struct trace trace = {.draft = draft};
    struct spanlog_items items;
    if (!make_room(&trace, list)) {
        draft->no_memory = true;
        return;
    }
    spanlog_items_open(&items, list);
    while (spanlog_items_next(&items))
        read_event(&trace, &items.value);
    nest(&trace);
    for (uint32_t i = 0; i < trace.count; i++)
        translate_event(&trace, &trace.events[i]);
}

static bool is_chrome(const char *line) {
    static const char *const document[] = {"traceEvents", "displayTimeUnit",   "otherData",
                                           "metadata",    "systemTraceEvents", "stackFrames",
                                           "samples",     "schemaVersion",     NULL};
    struct spanlog_json_value value;
    const char *p = spanlog_json_blank(line);
    if (*p == '[') {
        p = spanlog_first_element(p);
        return *p == '{' && spanlog_early_member(p, "ph", &value) && *value.begin == '"' &&
               spanlog_early_member(p, "pid", &value);
    }
    return spanlog_first_key_is(p, document) && spanlog_early_member(p, "traceEvents", &value) &&
           *value.begin == '[';
}

int spanlog_translate_chrome(struct spanlog_translator *translator, const char *line,
                             const char *end) {
    struct spanlog_json_value document, slot[DOCUMENT_SLOTS] = {{0}};
    struct spanlog_draft draft;
    if (!is_chrome(line))
        return 0;
    if (spanlog_draft_open(&draft, translator, line, end, &document)) {
        spanlog_pick(&document, document_keys, slot);
        translate_list(&draft, document.type == SPANLOG_JSON_ARRAY ? &document : &slot[EVENTS]);
    }
    return spanlog_draft_close(&draft);
}
