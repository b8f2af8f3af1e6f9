/* back/outputs.c: other outputs for a process that runs, and the compressing of their old files.
 * Declared in drain.h.
 *
 * What was logged before goes to the old ones, then the new ones are opened, then the journal says
 * that they hold: so whoever finishes a dead process's work writes each record to the outputs of
 * one side of the change, and to these only.
 */
#include "src/back/back.h"
#include "src/core/process.h"
#include "src/sinks/compress.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static bool is_same(const struct output *a, const struct output *b) {
    char one[ROTATION_TEXT_SIZE], other[ROTATION_TEXT_SIZE];
    rotation_format(&a->sink.rotation, one);
    rotation_format(&b->sink.rotation, other);
    return a->sink.type == b->sink.type && a->dialect == b->dialect &&
           strcmp(a->sink.target, b->sink.target) == 0 && strcmp(one, other) == 0;
}

/* An output that cannot be opened now is none to change to; a FIFO may get its reader later. */
static int try_it(struct output *output) {
    struct sink_place where;
    output->sink.coming = 0;
    int error = output->sink.type->begin(&output->sink, &where);
    if (error == 0)
        output->sink.type->end(&output->sink);
    return error == -EAGAIN || error == -ENXIO ? 0 : error;
}

struct change {
    struct output fresh[JOURNAL_MAX_OUTPUTS];
    uint32_t count;
    uint32_t stays_as[JOURNAL_MAX_OUTPUTS]; /* of the old ones: 1 + the place of the same one */
};

/* The next new one, which may be one of the old ones. */
static int add_output(struct drain *drain, struct change *change,
                      const struct output_setting *setting) {
    uint32_t at = change->count;
    struct output *output = &change->fresh[at];
    int error = output_init(output, setting, (char *)drain->journal->batches[at]);
    if (error != 0)
        return error;
    change->count++;
    for (uint32_t i = 0; i < drain->output_count; i++)
        if (change->stays_as[i] == 0 && is_same(&drain->outputs[i], output)) {
            change->stays_as[i] = 1 + at;
            return 0;
        }
    compress_prepare(setting->rotation.compress);
    return try_it(output);
}

/* Those that stay keep what they have open. */
static void exchange(struct drain *drain, struct change *change) {
    for (uint32_t i = 0; i < drain->output_count; i++) {
        struct output *old = &drain->outputs[i];
        if (change->stays_as[i] == 0) {
            output_close(old);
            continue;
        }
        struct output *stays = &change->fresh[change->stays_as[i] - 1];
        uint8_t level = stays->level;
        char *batch = stays->batch;
        *stays = *old;
        stays->level = level;
        stays->batch = batch;
    }
    memcpy(drain->outputs, change->fresh, sizeof drain->outputs);
    drain->output_count = change->count;
}

/* The lock of those who add segments is only tried: a fork may hold it and wait for us. */
static int add_batches(struct journal *journal, uint32_t count) {
    struct lock_guard guard = lock_try(&process.lock);
    int error = guard.held ? 0 : -EAGAIN;
    while (error == 0 && journal->batch_count < count)
        error = journal_add_batch(journal, BATCH_SIZE) != NULL ? 0 : -ENOSPC;
    lock_release(&process.lock, &guard);
    return error;
}

static void say_in_journal(struct journal_header *header, const char *text) {
    uint32_t next = header->outputs_now + 1;
    snprintf(header->outputs[next & 1], sizeof header->outputs[0], "%s", text);
    __atomic_store_n(&header->outputs_now, next, __ATOMIC_RELEASE);
}

/* What was logged before; false: they have not taken all of it yet, even if what is in the batches
 * is out. A further change that comes meanwhile waits for the next turn: this one is not finished.
 */
static bool drain_what_is_theirs(struct drain *drain) {
    const uint32_t *watched = drain->watched;
    drain->watched = NULL;
    drain_pass(drain, clock_ticks());
    drain->watched = watched;
    return drain_write(drain) && !drain->cut_short;
}

int drain_take_outputs(struct drain *drain, const struct output_setting *outputs, uint32_t count,
                       const char *text) {
    struct change change = {.count = 0};
    if (strcmp(journal_outputs(drain->journal->header), text) == 0)
        return 0;
    if (drain->looks)
        return -EBUSY;
    if (!drain_what_is_theirs(drain))
        return -EAGAIN;
    int error = drain->journal->batch_count < count ? add_batches(drain->journal, count) : 0;
    for (uint32_t i = 0; error == 0 && i < count; i++)
        error = add_output(drain, &change, &outputs[i]);
    if (error != 0) {
        for (uint32_t i = 0; i < change.count; i++)
            output_close(&change.fresh[i]);
        return error;
    }
    exchange(drain, &change);
    say_in_journal(drain->journal->header, text);
    return 0;
}

/* ---- rotated files ------------------------------------------------------------------------- */

void drain_compress_prepare(const struct drain *drain) {
    for (uint32_t i = 0; i < drain->output_count; i++)
        compress_prepare(drain->outputs[i].sink.rotation.compress);
}

void drain_compress_old(const struct drain *drain) {
    for (uint32_t i = 0; i < drain->output_count; i++)
        compress_start(drain->outputs[i].sink.target, drain->outputs[i].sink.rotation.compress);
}

void drain_compress_after_fork(void) {
    compress_after_fork();
}

unsigned back_helpers(void) {
    return compress_is_running();
}
