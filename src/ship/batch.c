/* ship/batch.c: see batch.h. */
#include "src/ship/batch.h"

#include <errno.h>
#include <stdlib.h>

#define ENTRY_EXTRA 1 /* the comma */

int spanlog_ship_batch_add(struct spanlog_ship_batch *batch, const char *end, size_t line_size,
                           uint32_t group) {
    if (batch->count == batch->room) {
        size_t room = batch->room ? 2 * batch->room : 1024;
        struct spanlog_ship_entry *grown = realloc(batch->entries, room * sizeof *grown);
        if (!grown)
            return -ENOMEM;
        batch->entries = grown;
        batch->room = room;
    }
    size_t at = batch->text.size;
    batch->text.size = (size_t)(end - batch->text.data);
    batch->entries[batch->count++] = (struct spanlog_ship_entry){
        at, (uint32_t)(batch->text.size - at), (uint32_t)line_size, group};
    return 0;
}

size_t spanlog_ship_batch_cut(const struct spanlog_ship_batch *batch, size_t from,
                              uint64_t most_bytes, size_t most_entries) {
    size_t to = from;
    uint64_t bytes = 0;
    while (to < batch->count && to - from < most_entries) {
        bytes += batch->entries[to].size + ENTRY_EXTRA;
        if (to > from && bytes > most_bytes)
            break;
        to++;
    }
    return to > from ? to : from + (from < batch->count);
}

void spanlog_ship_batch_clear(struct spanlog_ship_batch *batch) {
    batch->text.size = 0;
    batch->count = 0;
}

void spanlog_ship_batch_free(struct spanlog_ship_batch *batch) {
    free(batch->text.data);
    free(batch->entries);
    *batch = (struct spanlog_ship_batch){.text = {.fd = -1}};
}
