/* back/flight.c: see flight.h. */
#include "src/back/flight.h"

#include <stdlib.h>
#include <string.h>

void flight_open(struct flight *flight, uint32_t most) {
    memset(flight, 0, sizeof *flight);
    flight->most = most;
}

void flight_close(struct flight *flight) {
    for (uint32_t i = 0; i < FLIGHT_THREADS; i++)
        free(flight->threads[i].data);
    flight_open(flight, 0);
}

static struct flight_thread *find(struct flight *flight, uint32_t tid) {
    for (uint32_t i = 0; i < FLIGHT_THREADS; i++) {
        if (flight->threads[i].tid == tid)
            return &flight->threads[i];
    }
    return NULL;
}

/* A place for a new thread: a free one, or that of the thread that has been quiet the longest. */
static struct flight_thread *take_place(struct flight *flight, uint32_t tid) {
    struct flight_thread *place = &flight->threads[0];
    for (uint32_t i = 1; i < FLIGHT_THREADS && place->tid != 0; i++) {
        if (flight->threads[i].tid == 0 || flight->threads[i].used < place->used)
            place = &flight->threads[i];
    }
    if (place->data == NULL)
        place->data = malloc(FLIGHT_BYTES);
    if (place->data == NULL)
        return NULL;
    place->tid = tid;
    place->count = 0;
    place->start = place->end = 0;
    return place;
}

static const struct record *first_of(const struct flight_thread *thread, size_t *ret_size) {
    const struct record *record =
        (const struct record *)(const void *)(thread->data + thread->start);
    *ret_size = record->word & RECORD_SIZE_MASK;
    return record;
}

static void drop_first(struct flight_thread *thread) {
    size_t size;
    first_of(thread, &size);
    thread->start += size;
    thread->count--;
    if (thread->count == 0)
        thread->start = thread->end = 0;
}

void flight_put(struct flight *flight, const struct record *record, size_t size, uint32_t tid) {
    struct flight_thread *thread = find(flight, tid);
    if (thread == NULL)
        thread = take_place(flight, tid);
    if (thread == NULL || size > FLIGHT_BYTES)
        return;
    thread->used = ++flight->uses;
    while (thread->count > 0 &&
           (thread->count >= flight->most || thread->end - thread->start + size > FLIGHT_BYTES))
        drop_first(thread);
    if (thread->end + size > FLIGHT_BYTES) {
        memmove(thread->data, thread->data + thread->start, thread->end - thread->start);
        thread->end -= thread->start;
        thread->start = 0;
    }
    memcpy(thread->data + thread->end, record, size);
    thread->end += size;
    thread->count++;
}

const struct record *flight_first(struct flight *flight, uint32_t *tid, size_t *ret_size) {
    for (uint32_t i = 0; i < FLIGHT_THREADS; i++) {
        const struct flight_thread *thread = &flight->threads[i];
        if (thread->count == 0 || (*tid != 0 && thread->tid != *tid))
            continue;
        *tid = thread->tid;
        return first_of(thread, ret_size);
    }
    return NULL;
}

void flight_take(struct flight *flight, uint32_t tid) {
    struct flight_thread *thread = find(flight, tid);
    if (thread != NULL && thread->count > 0)
        drop_first(thread);
}
