/* back/tail.c: see tail.h. */
#include "src/back/tail.h"
#include "formatters/number.h"
#include "src/back/drain.h"

#include <stdio.h>
#include <string.h>

int tail_open(struct tail *tail, const char *text, size_t memory, bool of_the_dead) {
    memset(tail, 0, sizeof *tail);
    tail->of_the_dead = of_the_dead;
    if (tail_parse(&tail->rules, text) != NULL || tail->rules.count == 0)
        return 0;
    if (memory < TAIL_MEMORY_LEAST)
        memory = TAIL_MEMORY_LEAST;
    int error = undecided_open(&tail->undecided, memory);
    tail->open = error == 0;
    return error;
}

void tail_close(struct tail *tail) {
    undecided_close(&tail->undecided);
    tail->open = false;
}

/* ---- how a local root ended ------------------------------------------------------------------ */

static struct sampling_text value_text(const struct spanlog_value *value, char space[64]) {
    int size = 0;
    char *end = NULL;
    switch (value->type) {
    case SPANLOG_VALUE_TEXT:
    case SPANLOG_VALUE_JSON:
        return (struct sampling_text){value->text, value->size};
    case SPANLOG_VALUE_INT:
        size = snprintf(space, 64, "%lld", (long long)value->i);
        break;
    case SPANLOG_VALUE_UINT:
        size = snprintf(space, 64, "%llu", (unsigned long long)value->u);
        break;
    case SPANLOG_VALUE_BOOL:
        size = snprintf(space, 64, "%s", value->u != 0 ? "true" : "false");
        break;
    case SPANLOG_VALUE_DOUBLE:
        end = spanlog_put_double(space, value->d);
        size = (int)(end - space);
        break;
    default:
        return (struct sampling_text){NULL, 0};
    }
    return (struct sampling_text){space, (size_t)size};
}

/* Of a key given twice the last value counts. */
static struct sampling_text find_attribute(void *arg, struct sampling_text key, char space[64]) {
    const struct spanlog_line *line = arg;
    if (sampling_is(key, "status_code") && line->has_status_code) {
        struct spanlog_value code = {.type = SPANLOG_VALUE_INT, .i = line->status_code};
        return value_text(&code, space);
    }
    for (uint32_t i = line->attribute_count; i-- > 0;) {
        const struct spanlog_attribute *attribute = &line->attributes[i];
        if (attribute->key.size == key.size && memcmp(attribute->key.data, key.data, key.size) == 0)
            return value_text(&attribute->value, space);
    }
    return (struct sampling_text){NULL, 0};
}

static bool is_to_be_kept(struct drain *drain, const struct record *record, size_t size,
                          uint32_t tid) {
    bool damaged = false;
    if (drain->output_count == 0 ||
        !decode_whole_span(drain->decoder, &drain->outputs[0], (const struct span_record *)record,
                           size, tid, &damaged))
        return false;
    struct spanlog_line *line = &drain->decoder->line;
    struct tail_outcome outcome = {.failed = line->span_status == SPANLOG_STATUS_ERROR,
                                   .duration_ns = line->duration_ns,
                                   .operation = {line->operation.data, line->operation.size},
                                   .attribute = find_attribute,
                                   .arg = line};
    return tail_keeps(&drain->tail.rules, &outcome);
}

/* ---- deciding -------------------------------------------------------------------------------- */

/* What was let go of a trace that is kept after all is missing in the log, and so may be what
 * traces had that were too many to wait for: said once. */
static void put_let_go(struct drain *drain, struct undecided_trace *trace, uint64_t ticks,
                       uint32_t tid) {
    uint64_t *forgotten = &drain->tail.undecided.forgotten;
    if (trace->let_go + *forgotten == 0)
        return;
    drain_put_loss(drain, LOSS_TAIL, trace->let_go + *forgotten, tid, ticks);
    trace->let_go = 0;
    *forgotten = 0;
}

static bool write_waiting(struct drain *drain, struct undecided_record *waiting) {
    size_t size = waiting->size - offsetof(struct undecided_record, record);
    uint32_t tid = waiting->tid;
    drain_put_record(drain, &waiting->record, size, tid);
    undecided_take(&drain->tail.undecided, waiting);
    return drain_has_room(drain) || drain_write(drain);
}

static bool write_trace(struct drain *drain, const struct undecided_trace *trace) {
    struct undecided_record *waiting;
    while ((waiting = undecided_first(&drain->tail.undecided, trace)) != NULL) {
        if (!write_waiting(drain, waiting))
            return false;
    }
    return true;
}

/* Of no trace that may be kept. */
static enum tail_answer keep_for_flight(struct drain *drain, const struct record *record,
                                        uint32_t word, uint32_t tid) {
    bool is_log = (word & (RECORD_SPAN | RECORD_DROPPED)) == 0;
    if (drain->flight.most > 0 && is_log)
        flight_put(&drain->flight, record, word & RECORD_SIZE_MASK, tid);
    return TAIL_DONE;
}

static enum tail_answer wait_or_forget(struct drain *drain, const struct record *record,
                                       uint32_t word, uint32_t tid) {
    const uint8_t *id = (const uint8_t *)(record + 1);
    struct tail *tail = &drain->tail;
    struct undecided_trace *trace = undecided_find(&tail->undecided, id);
    if (trace == NULL && tail->of_the_dead)
        trace = undecided_add(&tail->undecided, id);
    if (trace == NULL) /* it has ended, or is none of ours */
        return keep_for_flight(drain, record, word, tid);
    if (trace->kept)
        return TAIL_WRITE;
    undecided_put(&tail->undecided, trace, record, word & RECORD_SIZE_MASK, tid);
    return TAIL_DONE;
}

/* The trace is kept, now or since another local root of it has ended. */
static enum tail_answer keep(struct drain *drain, struct undecided_trace *trace,
                             const struct record *record, uint32_t tid) {
    if (!write_trace(drain, trace))
        return TAIL_STUCK;
    put_let_go(drain, trace, record->ticks, tid);
    drain->tail.kept += !trace->kept;
    trace->kept = true;
    return TAIL_WRITE;
}

static enum tail_answer end_root(struct drain *drain, const struct record *record, uint32_t word,
                                 uint32_t tid) {
    struct tail *tail = &drain->tail;
    struct undecided_trace *trace = undecided_add(&tail->undecided, (const uint8_t *)(record + 1));
    enum tail_answer answer = word & RECORD_SAMPLED ? TAIL_WRITE : TAIL_DONE;
    bool keeps = is_to_be_kept(drain, record, word & RECORD_SIZE_MASK, tid);
    if (trace == NULL) /* out of memory: what there is of it is this */
        return keeps ? TAIL_WRITE : answer;
    if (keeps || trace->kept) {
        answer = keep(drain, trace, record, tid);
        if (answer == TAIL_STUCK)
            return answer;
    }
    trace->open -= trace->open > 0;
    if (trace->open == 0) {
        tail->forgotten += !trace->kept && (word & RECORD_SAMPLED) == 0;
        undecided_finish(&tail->undecided, trace);
    } else if (answer == TAIL_DONE) {
        undecided_put(&tail->undecided, trace, record, word & RECORD_SIZE_MASK, tid);
    }
    return answer;
}

enum tail_answer tail_ask(struct drain *drain, const struct record *record, uint32_t word,
                          uint32_t tid) {
    struct tail *tail = &drain->tail;
    bool has_ids = (word & RECORD_CONTEXT) != 0 &&
                   (word & RECORD_SIZE_MASK) >= sizeof *record + sizeof(struct record_ids);
    if (!tail->open || !has_ids)
        return (word & (RECORD_SPAN | RECORD_SAMPLED)) == (RECORD_SPAN | RECORD_SAMPLED)
                   ? TAIL_WRITE
                   : keep_for_flight(drain, record, word, tid);
    if (word & RECORD_DROPPED) {
        struct undecided_trace *trace =
            undecided_add(&tail->undecided, (const uint8_t *)(record + 1));
        if (trace != NULL)
            trace->open++;
        return TAIL_DONE;
    }
    if ((word & RECORD_SPAN) != 0 && (word & RECORD_LOCAL_ROOT) != 0)
        return end_root(drain, record, word, tid);
    return wait_or_forget(drain, record, word, tid);
}

/* ---- the flight recorder --------------------------------------------------------------------- */

static bool is_error(struct drain *drain, const struct record *record) {
    const struct compiled_site *site =
        drain->output_count > 0
            ? output_site(&drain->outputs[0], &drain->decoder->context, record->site)
            : NULL;
    return site != NULL && site->entry->level >= SPANLOG_ERROR;
}

static bool is_debug_of(const struct undecided_record *waiting, uint32_t tid) {
    return waiting->tid == tid && (waiting->record.word & RECORD_SPAN) == 0;
}

/* How many of the trace's waiting records are that thread's debug records. */
static uint32_t count_of(struct drain *drain, const struct undecided_trace *trace, uint32_t tid) {
    struct undecided *store = &drain->tail.undecided;
    uint32_t count = 0;
    for (struct undecided_record *waiting = undecided_first(store, trace); waiting != NULL;
         waiting = undecided_after(store, waiting))
        count += is_debug_of(waiting, tid);
    return count;
}

/* The last of them out of the trace that the error is in. */
static bool write_from_trace(struct drain *drain, const struct undecided_trace *trace,
                             uint32_t tid) {
    struct undecided *store = &drain->tail.undecided;
    uint32_t count = count_of(drain, trace, tid), *left = &drain->flight.left;
    if (*left == 0 || *left > count) /* else the sink was stuck in the middle */
        *left = count < drain->flight.most ? count : drain->flight.most;
    uint32_t skip = count - *left;
    struct undecided_record *waiting = undecided_first(store, trace);
    while (waiting != NULL && *left > 0) {
        struct undecided_record *next = undecided_after(store, waiting);
        bool ours = is_debug_of(waiting, tid);
        if (ours && skip > 0) {
            skip--;
        } else if (ours) {
            --*left;
            if (!write_waiting(drain, waiting))
                return false;
        }
        waiting = next;
    }
    return true;
}

static bool write_flight(struct drain *drain, uint32_t tid) {
    const struct record *record;
    size_t size;
    for (uint32_t of = tid; (record = flight_first(&drain->flight, &of, &size)) != NULL; of = tid) {
        drain_put_record(drain, record, size, of);
        flight_take(&drain->flight, of);
        if (!drain_has_room(drain) && !drain_write(drain))
            return false;
    }
    return true;
}

bool tail_before_error(struct drain *drain, const struct record *record, uint32_t word,
                       uint32_t tid) {
    if (!is_error(drain, record))
        return true;
    if (!write_flight(drain, tid))
        return false;
    if (!drain->tail.open || (word & RECORD_CONTEXT) == 0 ||
        (word & RECORD_SIZE_MASK) < sizeof *record + sizeof(struct record_ids))
        return true;
    struct undecided_trace *trace =
        undecided_find(&drain->tail.undecided, (const uint8_t *)(record + 1));
    return trace == NULL || write_from_trace(drain, trace, tid);
}

bool tail_release(struct drain *drain) {
    struct undecided *store = &drain->tail.undecided;
    struct undecided_record *waiting;
    size_t at = 0;
    while ((waiting = undecided_next(store, &at)) != NULL) {
        store->traces[waiting->trace - 1].kept = true;
        if (!write_waiting(drain, waiting))
            return false;
    }
    for (uint32_t i = 0; i < store->trace_room; i++)
        put_let_go(drain, &store->traces[i], drain->now.last_ticks, 0);
    return !drain->tail.of_the_dead || write_flight(drain, 0);
}
