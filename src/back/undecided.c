/* back/undecided.c: see undecided.h. Places are counted in units of 8 bytes, from 1. */
#include "src/back/undecided.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define HEAD offsetof(struct undecided_record, record)
#define SLACK (256u * 1024) /* of holes that are not worth closing */
#define UNDECIDED_TRACES_LEAST 256u

static void close_holes(struct undecided *store, size_t most);

/* A trace, and its places in the table. */
static size_t bytes_of_traces(uint32_t room) {
    return room * (sizeof(struct undecided_trace) + 2 * sizeof(uint32_t));
}

int undecided_open(struct undecided *store, size_t memory) {
    memset(store, 0, sizeof *store);
    void *data = mmap(NULL, memory, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (data == MAP_FAILED)
        return -ENOMEM;
    store->data = data;
    store->memory = store->room = memory;
    store->trace_most = UNDECIDED_TRACES_LEAST;
    while (store->trace_most < UNDECIDED_TRACES_MOST &&
           bytes_of_traces(2 * store->trace_most) <= memory / 2)
        store->trace_most *= 2;
    return 0;
}

void undecided_close(struct undecided *store) {
    if (store->data != NULL)
        munmap(store->data, store->memory);
    free(store->traces);
    free(store->table);
    memset(store, 0, sizeof *store);
}

/* ---- traces by id ---------------------------------------------------------------------------- */

static uint32_t hash_of(const uint8_t id[16]) {
    uint64_t words[2];
    memcpy(words, id, 16);
    return (uint32_t)(((words[0] ^ words[1]) * 0x9e3779b97f4a7c15u) >> 32);
}

/* The slot that has the id, or the free one where it would stand. */
static uint32_t slot_of(const struct undecided *store, const uint8_t id[16]) {
    uint32_t mask = store->table_size - 1, slot = hash_of(id) & mask;
    while (store->table[slot] != 0 && memcmp(store->traces[store->table[slot] - 1].id, id, 16) != 0)
        slot = (slot + 1) & mask;
    return slot;
}

struct undecided_trace *undecided_find(struct undecided *store, const uint8_t id[16]) {
    if (store->table_size == 0)
        return NULL;
    uint32_t index = store->table[slot_of(store, id)];
    return index != 0 ? &store->traces[index - 1] : NULL;
}

/* Closes the gap, so that a search never meets one. */
static void free_slot(struct undecided *store, uint32_t slot) {
    uint32_t mask = store->table_size - 1;
    for (uint32_t next = (slot + 1) & mask; store->table[next] != 0; next = (next + 1) & mask) {
        uint32_t home = hash_of(store->traces[store->table[next] - 1].id) & mask;
        if (((next - home) & mask) < ((next - slot) & mask))
            continue;
        store->table[slot] = store->table[next];
        slot = next;
    }
    store->table[slot] = 0;
}

void undecided_remove(struct undecided *store, struct undecided_trace *trace) {
    free_slot(store, slot_of(store, trace->id));
    store->live -= trace->bytes;
    if (store->live == 0)
        store->used = 0;
    uint32_t generation = trace->generation + 1;
    memset(trace, 0, sizeof *trace);
    trace->generation = generation;
    store->trace_count--;
}

/* What the traces take, the records give up. */
static void take_from_records(struct undecided *store) {
    store->room = store->memory - bytes_of_traces(store->trace_room);
    if (store->used > store->room)
        close_holes(store, store->room / 4 * 3);
    size_t kept = (store->room + 4095) / 4096 * 4096;
    if (kept < store->memory)
        madvise(store->data + kept, store->memory - kept, MADV_DONTNEED);
}

/* Twice the room for traces, and a table twice that. */
static bool grow(struct undecided *store) {
    uint32_t room = store->trace_room != 0 ? 2 * store->trace_room : UNDECIDED_TRACES_LEAST;
    struct undecided_trace *traces = realloc(store->traces, room * sizeof *traces);
    if (traces == NULL)
        return false;
    memset(traces + store->trace_room, 0, (room - store->trace_room) * sizeof *traces);
    store->traces = traces;
    uint32_t *table = calloc(2 * (size_t)room, sizeof *table);
    if (table == NULL)
        return false;
    free(store->table);
    store->table = table;
    store->table_size = 2 * room;
    for (uint32_t i = 0; i < store->trace_room; i++) {
        if (traces[i].used)
            table[slot_of(store, traces[i].id)] = i + 1;
    }
    store->trace_room = room;
    take_from_records(store);
    return true;
}

/* Of some, the one that began first. A root whose end was dropped would stay for ever. */
static void forget_an_old_one(struct undecided *store) {
    struct undecided_trace *oldest = &store->traces[store->hand];
    for (int i = 0; i < 64; i++) {
        store->hand = (store->hand + 1) % store->trace_room;
        struct undecided_trace *trace = &store->traces[store->hand];
        if (trace->begun < oldest->begun)
            oldest = trace;
    }
    store->let_go += oldest->waiting;
    store->forgotten += oldest->waiting + oldest->let_go;
    undecided_remove(store, oldest);
}

static uint32_t free_trace(struct undecided *store) {
    bool most = store->trace_count == store->trace_most;
    if (!most && store->trace_count == store->trace_room && !grow(store))
        return UINT32_MAX;
    if (store->traces == NULL)
        return UINT32_MAX;
    if (most)
        forget_an_old_one(store);
    while (store->traces[store->hand].used)
        store->hand = (store->hand + 1) % store->trace_room;
    return store->hand;
}

struct undecided_trace *undecided_add(struct undecided *store, const uint8_t id[16]) {
    struct undecided_trace *trace = undecided_find(store, id);
    if (trace != NULL)
        return trace;
    uint32_t index = free_trace(store);
    if (index == UINT32_MAX)
        return NULL;
    trace = &store->traces[index];
    uint32_t generation = trace->generation;
    *trace = (struct undecided_trace){.generation = generation, .used = true};
    trace->begun = ++store->begun;
    memcpy(trace->id, id, 16);
    store->table[slot_of(store, id)] = index + 1;
    store->trace_count++;
    return trace;
}

void undecided_finish(struct undecided *store, struct undecided_trace *trace) {
    if (!trace->kept) {
        undecided_remove(store, trace);
        return;
    }
    if (trace->finished)
        return;
    trace->finished = true;
    uint32_t at = store->finished_at++ % UNDECIDED_FINISHED;
    struct undecided_trace *oldest = &store->traces[store->finished[at].index];
    bool is_there = store->finished[at].begun != 0 && oldest->begun == store->finished[at].begun;
    store->finished[at].index = (uint32_t)(trace - store->traces);
    store->finished[at].begun = trace->begun;
    if (is_there && oldest->open == 0)
        undecided_remove(store, oldest);
    else if (is_there) /* another local root of it has begun since */
        oldest->finished = false;
}

/* ---- records --------------------------------------------------------------------------------- */

static struct undecided_record *record_at(const struct undecided *store, size_t at) {
    return (struct undecided_record *)(void *)(store->data + at);
}

static bool waits(const struct undecided *store, const struct undecided_record *waiting) {
    return waiting->trace != 0 &&
           store->traces[waiting->trace - 1].generation == waiting->generation;
}

static void link_at(const struct undecided *store, struct undecided_trace *trace, size_t at) {
    uint32_t place = (uint32_t)(at / 8) + 1;
    if (trace->first == 0)
        trace->first = place;
    else
        record_at(store, ((size_t)trace->last - 1) * 8)->next = place;
    trace->last = place;
    record_at(store, at)->next = 0;
}

static void unlink_all(struct undecided *store) {
    for (uint32_t i = 0; i < store->trace_room; i++)
        store->traces[i].first = store->traces[i].last = 0;
}

/* Closes the holes; the oldest records go until `most` bytes are left. */
static void close_holes(struct undecided *store, size_t most) {
    size_t to = 0;
    unlink_all(store);
    for (size_t at = 0, size; at < store->used; at += size) {
        struct undecided_record *waiting = record_at(store, at);
        size = waiting->size;
        if (!waits(store, waiting))
            continue;
        struct undecided_trace *trace = &store->traces[waiting->trace - 1];
        if (store->live > most) {
            store->live -= size;
            trace->bytes -= size;
            trace->waiting--;
            trace->let_go++;
            store->let_go++;
            continue;
        }
        memmove(store->data + to, waiting, size);
        link_at(store, trace, to);
        to += size;
    }
    store->used = to;
}

static void make_room(struct undecided *store, size_t size) {
    bool full = store->used + size > store->room;
    if (full || store->used > 2 * store->live + SLACK)
        close_holes(store, store->room / 4 * 3);
}

void undecided_put(struct undecided *store, struct undecided_trace *trace,
                   const struct record *record, size_t size, uint32_t tid) {
    size_t whole = HEAD + size;
    if (whole > store->room / 4) { /* as only a damaged journal has them */
        trace->let_go++;
        store->let_go++;
        return;
    }
    make_room(store, whole);
    struct undecided_record *waiting = record_at(store, store->used);
    *waiting = (struct undecided_record){.size = (uint32_t)whole,
                                         .tid = tid,
                                         .trace = (uint32_t)(trace - store->traces) + 1,
                                         .generation = trace->generation};
    memcpy(&waiting->record, record, size);
    link_at(store, trace, store->used);
    store->used += whole;
    store->live += whole;
    trace->bytes += whole;
    trace->waiting++;
}

/* From a place on; what was taken out of turn is still linked. */
static struct undecided_record *first_from(struct undecided *store, uint32_t place) {
    while (place != 0) {
        struct undecided_record *waiting = record_at(store, ((size_t)place - 1) * 8);
        if (waits(store, waiting))
            return waiting;
        place = waiting->next;
    }
    return NULL;
}

struct undecided_record *undecided_first(struct undecided *store,
                                         const struct undecided_trace *trace) {
    return first_from(store, trace->first);
}

struct undecided_record *undecided_after(struct undecided *store,
                                         const struct undecided_record *waiting) {
    return first_from(store, waiting->next);
}

struct undecided_record *undecided_next(struct undecided *store, size_t *at) {
    while (*at < store->used) {
        struct undecided_record *waiting = record_at(store, *at);
        *at += waiting->size;
        if (waits(store, waiting))
            return waiting;
    }
    return NULL;
}

void undecided_take(struct undecided *store, struct undecided_record *waiting) {
    struct undecided_trace *trace = &store->traces[waiting->trace - 1];
    trace->bytes -= waiting->size;
    store->live -= waiting->size;
    if (--trace->waiting == 0)
        trace->first = trace->last = 0;
    else if (record_at(store, ((size_t)trace->first - 1) * 8) == waiting)
        trace->first = waiting->next;
    waiting->trace = 0;
    if (store->live == 0)
        store->used = 0;
}
