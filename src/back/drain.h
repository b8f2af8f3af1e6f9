/* back/drain.h: from the rings of one journal to its outputs, so that a death at any instruction
 * loses nothing and repeats nothing.
 *
 *     drain_pass(drain, horizon)    records up to that tick, merged by time, into the batches
 *     drain_write(drain)            the batches into the sinks
 *
 * The protocol of one batch, whose pieces all lie in the journal:
 *   1. lines stand in the batch buffers; the read positions behind them in this process's memory
 *   2. each sink is locked and says where its batch will begin
 *   3. the free checkpoint gets positions and places; `phase` flips to it, WRITING
 *   4. the bytes are written
 *   5. `phase` drops WRITING: the batch is out, the positions count
 *   6. locks are released; the rings' owners see the room
 * Dead before 3: the lines are made again from the rings. Between 3 and 5: recovery compares each
 * batch with the file at its place and adds what is missing. After 5: nothing to do.
 *
 * The same code drains the live journal and, over a copy (journal_read_dead), a dead one's.
 */
#ifndef SPANLOG_BACK_DRAIN_H
#define SPANLOG_BACK_DRAIN_H

#include "src/back/burst.h"
#include "src/back/decode.h"
#include "src/back/tail.h"

struct drain_counts {
    uint64_t records, spans, bytes, writes, sink_errors, abandoned;
    uint64_t lost[LOSS_CAUSES];
};

struct drain {
    struct journal *journal;
    struct decoder *decoder;
    struct output outputs[JOURNAL_MAX_OUTPUTS];
    uint32_t output_count;
    struct checkpoint now;                  /* what the next checkpoint will say */
    uint64_t first_read[JOURNAL_MAX_RINGS]; /* now.ring_read as it was found */
    uint32_t slot;                          /* the checkpoint in use */
    bool pending;                           /* batches are in WRITING phase and not all out */
    bool cut_short;                         /* the last pass did not come to its horizon */
    bool process_lines;
    bool process_ended;              /* that line is written */
    bool derive_metrics;             /* red.h */
    bool begun[JOURNAL_MAX_OUTPUTS]; /* this sink is between begin and end */
    struct output
        nowhere; /* a dialect and no sink: reads spans for red.h where nothing is written */
    struct drain_counts counts;
    /* Between two records: when *watched is no longer `seen`, look() is called. NULL: nothing. */
    const uint32_t *watched;
    uint32_t seen;
    void (*look)(void);
    bool looks; /* it is being called */
    struct tail tail;
    struct burst_sites burst;
    struct flight flight;
};

/* Takes up the journal where its checkpoint says. Returns 0 or -ENOMEM. */
int drain_init(struct drain *drain, struct journal *journal, const struct output_setting *outputs,
               uint32_t output_count, bool process_lines);
/* For what comes now, and for recovery. */
void drain_take_limits(struct drain *drain, uint32_t burst, uint32_t error_status_min);
/* From here on spans are counted. Not for a drain of another process's journal. */
void drain_derive_metrics(struct drain *drain);
void drain_close(struct drain *drain);

/* Formats what lies in the rings, up to `horizon` ticks, writing when a batch is full. Returns the
 * number of records; stops early when a sink does not take its batch (drain->pending). */
size_t drain_pass(struct drain *drain, uint64_t horizon);
/* Writes what is in the batches. True: everything is out. False: try again later. */
bool drain_write(struct drain *drain);
/* Other outputs for what is logged from now on, of which `text` is what the journal is to say. 0;
 * call again: -EAGAIN: the old ones have not taken what is theirs; -EBUSY: in the middle of a pass;
 * -errno: they stay. */
int drain_take_outputs(struct drain *drain, const struct output_setting *outputs, uint32_t count,
                       const char *text);
/* Of outputs whose rotated files are compressed: loads what does it; has the thread do what
 * processes before this one have left; and in a forked child, which has no such thread. */
void drain_compress_prepare(const struct drain *drain);
void drain_compress_old(const struct drain *drain);
void drain_compress_after_fork(void);
/* Opens every file anew by its name. When everything is out. */
void drain_reopen(struct drain *drain);
/* Whether any ring holds a record that has not been formatted, or a loss that has not been said. */
bool drain_has_work(const struct drain *drain);

/* Adds "process started" and "process ended" lines. */
void drain_process_started(struct drain *drain);
void drain_process_ended(struct drain *drain);
/* Adds a "span abandoned" line for every span that is still open. After the last pass. */
void drain_abandoned(struct drain *drain);
/* How many spans are open now. */
void drain_count_open(const struct drain *drain, uint64_t *ret_count);

/* Formats a whole record of `size` bytes for every output that wants it. True: one did, and
 * drain->decoder->line is that record. */
bool drain_put_record(struct drain *drain, const struct record *record, size_t size, uint32_t tid);
/* No batch is so full that it should be written now. */
bool drain_has_room(const struct drain *drain);
/* Formats drain->decoder->line for that output; the others do their own. */
void drain_put_line(struct drain *drain, struct output *output);
/* For lines that are the same everywhere: to every output whose level wants it. */
void drain_put_line_everywhere(struct drain *drain);
/* "repeated 4312 times": records of a call site that were counted instead of written. */
void drain_put_repeated(struct drain *drain, uint32_t site, uint64_t count, uint64_t ticks);
/* "records dropped" with a count and the cause. */
void drain_put_loss(struct drain *drain, enum loss cause, uint64_t count, uint32_t tid,
                    uint64_t ticks);

#endif
