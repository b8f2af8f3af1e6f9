/* integrations/table.h: which state of ours belongs to a handle of a library that has no place for
 * it.
 *
 *     HANDLE_TABLE(table);
 *     handle_table_put(&table, &transfer->entry, easy);
 *     struct handle_entry *found = handle_table_find(&table, easy);
 *     handle_table_take(&table, easy);
 *
 * The entry lies in the state. Any thread; a handle's state is used by one thread at a time, as the
 * handle is. A child of fork does not find it locked by a thread that it does not have.
 */
#ifndef SPANLOG_INTEGRATIONS_TABLE_H
#define SPANLOG_INTEGRATIONS_TABLE_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

enum { HANDLE_BUCKETS = 256 };

struct handle_entry {
    const void *handle;
    struct handle_entry *next;
};

struct handle_table {
    pthread_mutex_t lock;
    struct handle_entry *buckets[HANDLE_BUCKETS];
};
#define HANDLE_TABLE(name)                                                                         \
    static struct handle_table name = {.lock = PTHREAD_MUTEX_INITIALIZER};                         \
    static void lock_##name(void) {                                                                \
        pthread_mutex_lock(&(name).lock);                                                          \
    }                                                                                              \
    static void unlock_##name(void) {                                                              \
        pthread_mutex_unlock(&(name).lock);                                                        \
    }                                                                                              \
    __attribute__((constructor)) static void watch_##name(void) {                                  \
        pthread_atfork(lock_##name, unlock_##name, unlock_##name);                                 \
    }                                                                                              \
    struct handle_table

static inline struct handle_entry **handle_bucket(struct handle_table *table, const void *handle) {
    uint64_t hash = (uint64_t)(uintptr_t)handle * 0x9e3779b97f4a7c15u;
    return &table->buckets[hash >> 56];
}

/* The place that points to the handle's entry, or to the chain's end. Under the lock. */
static inline struct handle_entry **handle_place(struct handle_table *table, const void *handle) {
    struct handle_entry **place = handle_bucket(table, handle);
    while (*place != NULL && (*place)->handle != handle)
        place = &(*place)->next;
    return place;
}

static inline struct handle_entry *handle_table_find(struct handle_table *table,
                                                     const void *handle) {
    pthread_mutex_lock(&table->lock);
    struct handle_entry *entry = *handle_place(table, handle);
    pthread_mutex_unlock(&table->lock);
    return entry;
}

static inline void handle_table_put(struct handle_table *table, struct handle_entry *entry,
                                    const void *handle) {
    pthread_mutex_lock(&table->lock);
    struct handle_entry **bucket = handle_bucket(table, handle);
    entry->handle = handle;
    entry->next = *bucket;
    *bucket = entry;
    pthread_mutex_unlock(&table->lock);
}

/* Takes the entry out; NULL: there is none. */
static inline struct handle_entry *handle_table_take(struct handle_table *table,
                                                     const void *handle) {
    pthread_mutex_lock(&table->lock);
    struct handle_entry **place = handle_place(table, handle), *entry = *place;
    if (entry != NULL)
        *place = entry->next;
    pthread_mutex_unlock(&table->lock);
    return entry;
}

#endif
