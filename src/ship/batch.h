/* ship/batch.h: records for one door, each as the protocol writes it, in the order of the files.
 *
 *     char *to = spanlog_ship_batch_reserve(&batch, room);
 *     spanlog_ship_batch_add(&batch, end, group);               what was written at `to`
 *     for (size_t from = 0, to; from < batch.count; from = to) {
 *         to = spanlog_ship_batch_cut(&batch, from, most_bytes, most_entries);
 *         ... a request of the entries from..to ...
 *
 * Requests are cut from it as they have to be: a request that is too large is cut once more.
 */
#ifndef SPANLOG_SHIP_BATCH_H
#define SPANLOG_SHIP_BATCH_H

#include "src/analyzer/base/output.h"

struct spanlog_ship_entry {
    size_t at;
    uint32_t size;
    uint32_t line_size; /* of the record in its file */
    uint32_t group;     /* of Loki: the stream */
};

struct spanlog_ship_batch {
    struct spanlog_output text; /* of all entries, one behind the other */
    struct spanlog_ship_entry *entries;
    size_t count, room;
};

static inline char *spanlog_ship_batch_reserve(struct spanlog_ship_batch *batch, size_t size) {
    return spanlog_output_reserve(&batch->text, size);
}

/* 0 or -ENOMEM. end: behind what was written where reserve said. */
int spanlog_ship_batch_add(struct spanlog_ship_batch *batch, const char *end, size_t line_size,
                           uint32_t group);
/* Behind the last entry of a request that begins with `from`: at least one entry. */
size_t spanlog_ship_batch_cut(const struct spanlog_ship_batch *batch, size_t from,
                              uint64_t most_bytes, size_t most_entries);
void spanlog_ship_batch_clear(struct spanlog_ship_batch *batch);
void spanlog_ship_batch_free(struct spanlog_ship_batch *batch);

#endif
