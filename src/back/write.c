/* back/write.c: batches into sinks, with the checkpoint around it. The protocol is in drain.h. */
#include "src/back/drain.h"
#include "src/core/fnv.h"
#include "src/core/tell.h"

#include <string.h>

/* Lines that are in the sink, or lost with it. */
static size_t count_lines(const char *data, size_t size) {
    size_t lines = 0;
    for (const char *end = data + size; (data = memchr(data, '\n', (size_t)(end - data))) != NULL;
         data++)
        lines++;
    return lines;
}

/* ---- trouble ------------------------------------------------------------------------------- */

/* Targets of which it has been said that they cannot be written: other outputs may have them too,
 * those of dead processes that are recovered here. One back at a time. */
static uint64_t troubled[16];
static unsigned troubled_count;

static uint64_t *find_troubled(uint64_t name) {
    for (size_t i = 0; i < sizeof troubled / sizeof *troubled; i++)
        if (troubled[i] == name)
            return &troubled[i];
    return NULL;
}

/* Never 0, which is a free place. */
static uint64_t name_of(const struct output *output) {
    const char *type = output->sink.type->name, *target = output->sink.target;
    return fnv1a(fnv1a(FNV1A_START, type, strlen(type)), target, strlen(target)) | 1;
}

static bool was_told(const struct output *output) {
    uint64_t name = name_of(output), *place = find_troubled(name);
    if (place != NULL)
        return true;
    place = find_troubled(0);
    if (place != NULL) {
        *place = name;
        troubled_count++;
    }
    return false;
}

static void end_trouble(struct output *output) {
    output->failing = false;
    uint64_t *place = troubled_count > 0 ? find_troubled(name_of(output)) : NULL;
    if (place == NULL)
        return;
    *place = 0;
    troubled_count--;
}

/* One message an episode: what is wrong, where, and what happens now. */
static void tell_trouble(struct output *output, int error) {
    if (output->failing || error == -EAGAIN)
        return;
    output->failing = true;
    if (was_told(output))
        return;
    tell("cannot write %s%s%s: %s; records wait, then are dropped and counted",
         output->sink.type->name, output->sink.target[0] != '\0' ? ":" : "", output->sink.target,
         strerror(-error));
}

/* No reader will come back: what is left of the batch is counted as dropped. */
static bool is_final(int error, const struct output *output) {
    bool stream = output->sink.target[0] == '\0';
    return stream && (error == -EPIPE || error == -EBADF);
}

static void end_all(struct drain *drain) {
    for (uint32_t i = 0; i < drain->output_count; i++) {
        if (drain->begun[i])
            drain->outputs[i].sink.type->end(&drain->outputs[i].sink);
        drain->begun[i] = false;
    }
}

static void lose_rest(struct drain *drain, struct output *output) {
    drain->counts.lost[LOSS_SINK] +=
        count_lines(output->batch + output->sent, output->used - output->sent);
    output->sent = output->used;
    output->lost = true;
}

/* Locks every sink that has something to write and notes where it will go. */
static bool begin_all(struct drain *drain) {
    bool any = false;
    for (uint32_t i = 0; i < drain->output_count; i++) {
        struct output *output = &drain->outputs[i];
        struct batch_place *place = &drain->now.places[i];
        struct sink_place where = {0};
        *place = (struct batch_place){.size = output->used, .written = output->sent};
        if (output->sent == output->used)
            continue;
        output->sink.coming = output->used - output->sent;
        int error = output->sink.type->begin(&output->sink, &where);
        if (error != 0) {
            drain->counts.sink_errors++;
            tell_trouble(output, error);
            if (is_final(error, output))
                lose_rest(drain, output);
            continue;
        }
        drain->begun[i] = any = true;
        place->device = where.device;
        place->inode = where.inode;
        place->offset = where.offset;
        place->regular = where.regular;
    }
    return any;
}

/* The free checkpoint becomes the one that counts, in phase WRITING. */
static void flip(struct drain *drain) {
    struct journal_header *header = drain->journal->header;
    uint32_t slot = drain->slot ^ 1u;
    struct checkpoint *free_slot = &header->checkpoints[slot];
    uint32_t rings = __atomic_load_n(&drain->journal->ring_count, __ATOMIC_ACQUIRE);
    memcpy(free_slot->ring_read, drain->now.ring_read, rings * sizeof(uint64_t));
    memcpy(free_slot->ring_dropped, drain->now.ring_dropped, rings * sizeof(uint64_t));
    drain->now.clock = drain->decoder->clock;
    size_t rest = offsetof(struct checkpoint, spans_refused);
    memcpy((char *)free_slot + rest, (char *)&drain->now + rest, sizeof *free_slot - rest);
    for (uint32_t i = 0; i < drain->output_count; i++)
        journal_persist(drain->journal, drain->outputs[i].batch, drain->outputs[i].used);
    journal_persist(drain->journal, free_slot, sizeof *free_slot);
    __atomic_store_n(&header->phase, slot | PHASE_WRITING, __ATOMIC_RELEASE);
    journal_persist(drain->journal, &header->phase, sizeof header->phase);
    drain->slot = slot;
    for (uint32_t i = 0; i < drain->output_count; i++)
        drain->outputs[i].sink.progress = &free_slot->places[i].written;
}

static void write_one(struct drain *drain, struct output *output) {
    size_t written = 0;
    int error = output->sink.type->write(&output->sink, output->batch + output->sent,
                                         output->used - output->sent, &written);
    drain->counts.writes++;
    drain->counts.bytes += written;
    output->sent += written;
    if (error == 0) {
        end_trouble(output);
        return;
    }
    drain->counts.sink_errors += error != -EAGAIN;
    tell_trouble(output, error);
    if (is_final(error, output))
        lose_rest(drain, output);
}

/* Owners of rings may use the room again; those who wait are woken. */
static void release_room(struct drain *drain) {
    uint32_t rings = __atomic_load_n(&drain->journal->ring_count, __ATOMIC_ACQUIRE);
    for (uint32_t i = 0; i < rings; i++) {
        struct ring *ring = drain->journal->rings[i];
        uint64_t read = drain->now.ring_read[i];
        if (ring->read != read)
            __atomic_store_n(&ring->read, read, __ATOMIC_SEQ_CST);
        if (__atomic_load_n(&ring->waiting, __ATOMIC_SEQ_CST) != 0 &&
            read >= __atomic_load_n(&ring->enough, __ATOMIC_RELAXED)) {
            __atomic_store_n(&ring->waiting, 0, __ATOMIC_SEQ_CST);
            futex_wake(&ring->waiting);
        }
        if (__atomic_load_n(&ring->state, __ATOMIC_ACQUIRE) == RING_EXITED &&
            ring->written == read && ring->dropped == drain->now.ring_dropped[i])
            __atomic_store_n(&ring->state, RING_FREE, __ATOMIC_RELEASE);
    }
}

static void commit(struct drain *drain) {
    struct journal_header *header = drain->journal->header;
    __atomic_store_n(&header->phase, drain->slot, __ATOMIC_RELEASE);
    journal_persist(drain->journal, &header->phase, sizeof header->phase);
    drain->pending = false;
    for (uint32_t i = 0; i < drain->output_count; i++)
        drain->outputs[i].used = drain->outputs[i].sent = 0;
}

static bool all_sent(const struct drain *drain) {
    for (uint32_t i = 0; i < drain->output_count; i++) {
        if (drain->outputs[i].sent != drain->outputs[i].used)
            return false;
    }
    return true;
}

void drain_reopen(struct drain *drain) {
    for (uint32_t i = 0; i < drain->output_count; i++) {
        struct sink *sink = &drain->outputs[i].sink;
        struct sink_place where;
        if (!sink->type->needs_target)
            continue;
        sink->type->close(sink);
        if (sink->type->begin(sink, &where) == 0) /* else the next batch says what is wrong */
            sink->type->end(sink);
    }
}

bool drain_write(struct drain *drain) {
    bool something =
        drain->pending || !all_sent(drain) ||
        memcmp(drain->now.ring_read, drain->journal->header->checkpoints[drain->slot].ring_read,
               sizeof drain->now.ring_read) != 0;
    if (!something)
        return true;
    bool any = begin_all(drain);
    if (any || all_sent(drain)) {
        flip(drain);
        drain->pending = true;
        for (uint32_t i = 0; i < drain->output_count; i++) {
            if (drain->begun[i])
                write_one(drain, &drain->outputs[i]);
        }
    }
    bool done = all_sent(drain);
    if (done)
        commit(drain);
    end_all(drain);
    if (done)
        release_room(drain);
    return done;
}
