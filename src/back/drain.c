/* back/drain.c: the pass over the rings. See drain.h; writing: write.c; lines of our own: say.c. */
#include "src/back/drain.h"
#include "src/back/mask.h"
#include "src/back/red.h"

#include <stdlib.h>
#include <string.h>

int drain_init(struct drain *drain, struct journal *journal, const struct output_setting *outputs,
               uint32_t output_count, bool process_lines) {
    struct journal_header *header = journal->header;
    memset(drain, 0, sizeof *drain);
    drain->journal = journal;
    drain->process_lines = process_lines;
    drain->decoder = calloc(1, sizeof *drain->decoder);
    if (drain->decoder == NULL)
        return -ENOMEM;
    drain->decoder->clock = header->clock;
    drain->decoder->error_status_min = header->error_status_min;
    struct compile_context *context = &drain->decoder->context;
    context->journal = journal;
    context->rules = &drain->decoder->rules;
    mask_take_rules(drain->decoder, &header->redact);
    context->service = spanlog_text_of(header->service);
    context->source_fields = header->source_fields;
    context->pid = (header->source_fields & SOURCE_PID) != 0 ? header->pid : 0;
    drain->decoder->line.second = &drain->decoder->second;
    drain->decoder->line.service = context->service;
    drain->decoder->line.host = spanlog_text_of(header->host);
    drain->decoder->line.pid = context->pid;
    drain->slot = header->phase & PHASE_SLOT;
    drain->now = header->checkpoints[drain->slot];
    memcpy(drain->first_read, drain->now.ring_read, sizeof drain->first_read);
    if (drain->now.clock.ns_per_tick > 1e-6 && drain->now.clock.ns_per_tick < 1e6)
        drain->decoder->clock = drain->now.clock;
    for (uint32_t i = 0; i < output_count && i < journal->batch_count; i++) {
        int error = output_init(&drain->outputs[i], &outputs[i], (char *)journal->batches[i]);
        if (error != 0)
            return error;
        drain->output_count++;
    }
    burst_open(drain, header->burst);
    flight_open(&drain->flight, header->flight);
    return tail_open(&drain->tail, header->tail, header->tail_memory, journal->copy);
}

void drain_take_limits(struct drain *drain, uint32_t burst, uint32_t error_status_min) {
    struct journal_header *header = drain->journal->header;
    header->burst = drain->burst.limit = burst;
    header->error_status_min = drain->decoder->error_status_min = error_status_min;
}

void drain_derive_metrics(struct drain *drain) {
    drain->derive_metrics = true;
    drain->nowhere.dialect = &spanlog_dialect_json;
}

void drain_close(struct drain *drain) {
    for (uint32_t i = 0; i < drain->output_count; i++)
        output_close(&drain->outputs[i]);
    free(drain->decoder);
    output_close(&drain->nowhere);
    tail_close(&drain->tail);
    burst_close(drain);
    flight_close(&drain->flight);
    memset(drain, 0, sizeof *drain);
}

/* ---- one record ---------------------------------------------------------------------------- */

void drain_put_line(struct drain *drain, struct output *output) {
    if (output->lost) {
        drain->counts.lost[LOSS_SINK]++;
        return;
    }
    char *start = output->batch + output->used, *end = output->batch + BATCH_SIZE;
    char *after = output->dialect->write(&drain->decoder->line, start, end);
    if (after == NULL) { /* larger than the room of a whole line: its text has to go */
        struct spanlog_line *line = &drain->decoder->line;
        line->attribute_count = line->event_count = line->link_count = 0;
        line->message = spanlog_text_of("line too long");
        line->head = (struct spanlog_text){NULL, 0};
        line->error = (struct spanlog_text){NULL, 0};
        after = output->dialect->write(line, start, end);
    }
    if (after != NULL)
        output->used += (size_t)(after - start);
}

static void put_damaged(struct drain *drain, uint32_t tid, uint64_t ticks) {
    drain_put_loss(drain, LOSS_DAMAGED, 1, tid, ticks);
}

static void put_dropped(struct drain *drain, const struct ring *ring, const struct record *record) {
    uint64_t dropped, *said = &drain->now.ring_dropped[ring->index];
    memcpy(&dropped, record + 1, sizeof dropped);
    if (dropped <= *said || (record->word & RECORD_SIZE_MASK) < sizeof *record + 8)
        return;
    drain_put_loss(drain, LOSS_FULL, dropped - *said, ring->owner_tid, record->ticks);
    *said = dropped;
}

bool drain_put_record(struct drain *drain, const struct record *record, size_t size, uint32_t tid) {
    uint32_t word = record->word;
    bool written = false;
    for (uint32_t i = 0; i < drain->output_count; i++) {
        struct output *output = &drain->outputs[i];
        bool damaged = false, wanted;
        if (word & RECORD_SPAN)
            wanted = decode_span(drain->decoder, output, (const struct span_record *)record, size,
                                 tid, &damaged);
        else
            wanted = decode_log(drain->decoder, output, record, size, tid, &damaged);
        if (wanted)
            drain_put_line(drain, output);
        else if (damaged && i == 0)
            put_damaged(drain, tid, record->ticks);
        written |= wanted;
    }
    drain->counts.records++;
    drain->counts.spans += (word & RECORD_SPAN) != 0;
    return written;
}

/* Whether it is written now. Logs of one's own level may still be too many, or errors. */
static enum tail_answer ask(struct drain *drain, const struct ring *ring,
                            const struct record *record, uint32_t word) {
    if (SPANLOG__RARE(tail_is_concerned(word)))
        return tail_ask(drain, record, word, ring->owner_tid);
    if (word & RECORD_DROPPED) {
        put_dropped(drain, ring, record);
        return TAIL_DONE;
    }
    if (word & RECORD_SPAN)
        return TAIL_WRITE;
    if (drain->flight.most > 0 && !tail_before_error(drain, record, word, ring->owner_tid))
        return TAIL_STUCK;
    return drain->burst.limit > 0 && burst_takes(drain, record) ? TAIL_DONE : TAIL_WRITE;
}

/* False: a batch could not be written, and the record has to wait in its ring. */
static bool put_record(struct drain *drain, const struct ring *ring, const struct record *record,
                       uint32_t word) {
    enum tail_answer answer = ask(drain, ring, record, word);
    size_t size = word & RECORD_SIZE_MASK;
    bool written = answer == TAIL_WRITE && drain_put_record(drain, record, size, ring->owner_tid);
    if ((word & RECORD_SPAN) != 0 && drain->derive_metrics && answer != TAIL_STUCK)
        red_take(drain, record, written);
    return answer != TAIL_STUCK;
}

/* ---- merging ------------------------------------------------------------------------------- */

struct head {
    uint64_t ticks; /* of the ring's next record */
    struct ring *ring;
};

struct heads {
    uint32_t count;
    struct head heap[JOURNAL_MAX_RINGS]; /* the smallest tick first; ties by ring */
};

static bool head_before(const struct head *a, const struct head *b) {
    return a->ticks < b->ticks || (a->ticks == b->ticks && a->ring->index < b->ring->index);
}

static void heap_sink(struct heads *heads, uint32_t at) {
    struct head moving = heads->heap[at];
    for (;;) {
        uint32_t child = 2 * at + 1;
        if (child >= heads->count)
            break;
        if (child + 1 < heads->count && head_before(&heads->heap[child + 1], &heads->heap[child]))
            child++;
        if (!head_before(&heads->heap[child], &moving))
            break;
        heads->heap[at] = heads->heap[child];
        at = child;
    }
    heads->heap[at] = moving;
}

/* The ring's next record, if it has one that is whole and lies inside the ring. A dead ring holds
 * at most its own size: damaged, it could lead round and round. */
static const struct record *next_record(const struct drain *drain, struct ring *ring,
                                        uint32_t *ret_word) {
    uint64_t position = drain->now.ring_read[ring->index];
    const struct record *record = ring_at(ring, position);
    uint32_t word = record_word(record), size = word & RECORD_SIZE_MASK;
    *ret_word = word;
    if (word == 0 || size < sizeof *record || size % 8 != 0 || size > ring->size)
        return NULL;
    if (drain->journal->copy && position - drain->first_read[ring->index] + size > ring->size)
        return NULL;
    return record;
}

static void collect_heads(const struct drain *drain, uint64_t horizon, struct heads *heads) {
    uint32_t rings = __atomic_load_n(&drain->journal->ring_count, __ATOMIC_ACQUIRE);
    heads->count = 0;
    for (uint32_t i = 0; i < rings; i++) {
        uint32_t word;
        const struct record *record = next_record(drain, drain->journal->rings[i], &word);
        if (record != NULL && record->ticks <= horizon)
            heads->heap[heads->count++] = (struct head){record->ticks, drain->journal->rings[i]};
    }
    for (uint32_t i = heads->count / 2; i-- > 0;)
        heap_sink(heads, i);
}

bool drain_has_room(const struct drain *drain) {
    for (uint32_t i = 0; i < drain->output_count; i++) {
        if (drain->outputs[i].used >= drain->outputs[i].flush)
            return false;
    }
    return true;
}

static void look(struct drain *drain) {
    drain->looks = true;
    drain->look();
    drain->looks = false;
}

/* Takes records of the first ring until another ring has an older one. Returns false when a batch
 * could not be written. */
static bool drain_run(struct drain *drain, struct heads *heads, uint64_t horizon, size_t *count) {
    struct ring *ring = heads->heap[0].ring;
    uint64_t until = horizon;
    for (uint32_t i = 1; i <= 2 && i < heads->count; i++) {
        if (heads->heap[i].ticks < until)
            until = heads->heap[i].ticks;
    }
    for (;;) {
        uint32_t word;
        if (drain->watched != NULL &&
            __atomic_load_n(drain->watched, __ATOMIC_RELAXED) != drain->seen)
            look(drain);
        const struct record *record = next_record(drain, ring, &word);
        if (record == NULL || record->ticks > horizon) {
            heads->heap[0] = heads->heap[--heads->count];
            break;
        }
        if (record->ticks > until) {
            heads->heap[0].ticks = record->ticks;
            break;
        }
        if (!put_record(drain, ring, record, word))
            return false;
        drain->now.ring_read[ring->index] += word & RECORD_SIZE_MASK;
        if (record->ticks > drain->now.last_ticks)
            drain->now.last_ticks = record->ticks;
        (*count)++;
        if (!drain_has_room(drain) && !drain_write(drain))
            return false;
    }
    if (heads->count > 1)
        heap_sink(heads, 0);
    return true;
}

/* A loss whose time nobody noted was noticed now; a dead process's, when it was last heard of: our
 * clock may count otherwise than its own. */
static uint64_t time_of_loss(const struct drain *drain) {
    if (!drain->journal->copy)
        return clock_ticks();
    uint64_t last = drain->now.last_ticks;
    return last != 0 ? last : drain->journal->header->clock.first_ticks;
}

/* Losses that no later record of their thread tells of. */
static void put_silent_losses(struct drain *drain) {
    struct journal_header *header = drain->journal->header;
    uint32_t rings = __atomic_load_n(&drain->journal->ring_count, __ATOMIC_ACQUIRE);
    for (uint32_t i = 0; i < rings; i++) {
        struct ring *ring = drain->journal->rings[i];
        uint64_t dropped = __atomic_load_n(&ring->dropped, __ATOMIC_ACQUIRE);
        uint64_t *said = &drain->now.ring_dropped[i];
        uint32_t word;
        if (dropped <= *said || next_record(drain, ring, &word) != NULL)
            continue;
        drain_put_loss(drain, LOSS_FULL, dropped - *said, ring->owner_tid, time_of_loss(drain));
        *said = dropped;
    }
    uint64_t refused = __atomic_load_n(&header->spans_refused, __ATOMIC_RELAXED);
    if (refused > drain->now.spans_refused) {
        drain_put_loss(drain, LOSS_SPANS, refused - drain->now.spans_refused, 0,
                       time_of_loss(drain));
        drain->now.spans_refused = refused;
    }
}

static void take_rules(struct drain *drain) {
    if (!mask_take_rules(drain->decoder, &drain->journal->header->redact))
        return;
    for (uint32_t i = 0; i < drain->output_count; i++)
        output_forget_sites(&drain->outputs[i]);
    output_forget_sites(&drain->nowhere);
}

size_t drain_pass(struct drain *drain, uint64_t horizon) {
    size_t count = 0;
    drain->cut_short = true;
    take_rules(drain);
    if ((drain->pending || !drain_has_room(drain)) && !drain_write(drain))
        return 0;
    struct heads heads;
    collect_heads(drain, horizon, &heads);
    if (heads.count > 0 && drain->now.process_started == 0)
        drain_process_started(drain);
    while (heads.count > 0) {
        if (!drain_run(drain, &heads, horizon, &count))
            return count;
    }
    put_silent_losses(drain);
    drain->cut_short = false;
    return count;
}

bool drain_has_work(const struct drain *drain) {
    uint32_t rings = __atomic_load_n(&drain->journal->ring_count, __ATOMIC_ACQUIRE);
    for (uint32_t i = 0; i < rings; i++) {
        const struct ring *ring = drain->journal->rings[i];
        uint32_t word;
        if (next_record(drain, drain->journal->rings[i], &word) != NULL ||
            __atomic_load_n(&ring->dropped, __ATOMIC_ACQUIRE) > drain->now.ring_dropped[i])
            return true;
    }
    return drain->pending || __atomic_load_n(&drain->journal->header->spans_refused,
                                             __ATOMIC_RELAXED) > drain->now.spans_refused;
}
