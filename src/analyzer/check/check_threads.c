/* analyzer/check/check_threads.c: times of each thread that step back, and its last line; see
 * check.h.
 *
 * Chunks are read in parallel: what a thread wrote in one of them is summed up, and these sums are
 * put in the order of the input afterwards.
 */
#include "src/analyzer/check/check_parts.h"

#include <errno.h>
#include <stdlib.h>

/* ---- in a chunk --------------------------------------------------------------------------- */

static int keep_part(struct spanlog_check_job *job, const struct spanlog_thread_part *part) {
    if (job->part_count == job->part_room) {
        size_t room = job->part_room ? 2 * job->part_room : 64;
        struct spanlog_thread_part *grown = realloc(job->parts, room * sizeof *grown);
        if (!grown)
            return -ENOMEM;
        job->parts = grown;
        job->part_room = room;
    }
    job->parts[job->part_count++] = *part;
    return 0;
}

/* NULL: no memory. */
static struct spanlog_thread_part *thread_of(struct spanlog_check_job *job, uint32_t source,
                                             uint32_t pid, uint32_t tid) {
    uint32_t number = spanlog_names_add(&job->thread_keys, source, pid, tid);
    if (number == SPANLOG_STRING_NONE)
        return NULL;
    if (number >= job->thread_room) {
        uint32_t room = 2 * number + 16;
        struct spanlog_thread_part *grown = realloc(job->threads, room * sizeof *grown);
        if (!grown)
            return NULL;
        memset(grown + job->thread_room, 0, (room - job->thread_room) * sizeof *grown);
        job->threads = grown;
        job->thread_room = room;
    }
    return &job->threads[number];
}

static void note_text(struct spanlog_thread_part *part, const struct spanlog_record *record) {
    unsigned field =
        record->line_kind == SPANLOG_LINE_LOG ? SPANLOG_FIELD_MSG : SPANLOG_FIELD_OPERATION;
    const struct spanlog_json_value *text = &record->raw[field];
    size_t size = text->type == SPANLOG_JSON_STRING ? (size_t)(text->end - text->begin) : 0;
    part->last_size = size < SPANLOG_LAST_TEXT ? (uint32_t)size : SPANLOG_LAST_TEXT;
    if (size)
        memcpy(part->last_text, text->begin, part->last_size);
}

/* With SPANLOG_TAIL or SPANLOG_FLIGHT such lines wait for how their trace ends, and are written
 * late.
 */
static bool may_have_waited(const struct spanlog_record *record) {
    const struct spanlog_json_value *flags = &record->raw[SPANLOG_FIELD_TRACE_FLAGS];
    if (record->line_kind == SPANLOG_LINE_LOG)
        return record->level != 0 && record->level < 9;
    return flags->type == SPANLOG_JSON_STRING && flags->end - flags->begin == 2 &&
           memcmp(flags->begin, "00", 2) == 0;
}

int spanlog_check_thread(struct spanlog_check_job *job, const struct spanlog_probe_line *line,
                         uint32_t service, uint64_t place) {
    const struct spanlog_record *record = line->record;
    uint32_t tid = spanlog_record_number(record, SPANLOG_FIELD_TID);
    uint32_t pid = spanlog_record_number(record, SPANLOG_FIELD_PID);
    /* What recovery writes, it writes late. */
    if (tid == 0 || record->time_ns == 0 || record->line_kind == SPANLOG_LINE_ABANDONED)
        return 0;
    struct spanlog_thread_part *part = thread_of(job, line->chunk->source, pid, tid);
    if (!part)
        return -ENOMEM;
    if (part->chunk != line->chunk->number + 1) {
        if (part->chunk && keep_part(job, part) < 0)
            return -ENOMEM;
        *part = (struct spanlog_thread_part){.chunk = line->chunk->number + 1,
                                             .source = line->chunk->source,
                                             .pid = pid,
                                             .tid = tid,
                                             .service = service,
                                             .first_ns = UINT64_MAX,
                                             .first_place = place};
    }
    if (!may_have_waited(record)) {
        if (record->time_ns < part->last_ns)
            spanlog_check_count(&part->back, 1, place);
        if (part->first_ns == UINT64_MAX)
            part->first_ns = record->time_ns;
        part->last_ns = record->time_ns;
    }
    part->last_place = place;
    note_text(part, record);
    return 0;
}

int spanlog_check_threads_flush(struct spanlog_check_job *job) {
    for (uint32_t i = 0; i < job->thread_keys.count; i++)
        if (job->threads[i].chunk && keep_part(job, &job->threads[i]) < 0)
            return -ENOMEM;
    return 0;
}

/* ---- all together ------------------------------------------------------------------------- */

#define ORDER(field)                                                                               \
    if (a->field != b->field)                                                                      \
        return a->field < b->field ? -1 : 1;

static int by_thread(const void *left, const void *right) {
    const struct spanlog_thread_part *a = left, *b = right;
    ORDER(source)
    ORDER(pid)
    ORDER(tid)
    ORDER(chunk)
    return 0;
}

static bool same_thread(const struct spanlog_thread_part *a, const struct spanlog_thread_part *b) {
    return a->source == b->source && a->pid == b->pid && a->tid == b->tid;
}

static bool has_no_end(const struct spanlog_check_sum *sum, uint32_t service, uint32_t pid) {
    uint32_t number = spanlog_names_find(&sum->process_keys, service, pid, 0);
    if (number == SPANLOG_STRING_NONE)
        return false;
    const struct spanlog_check_process *process = &sum->processes[number];
    return process->starts.count > process->ends.count || process->abandoned.count;
}

/* Crash evidence: where each thread of a process without an end was last. */
static int report_last(struct spanlog_check_sum *sum, const struct spanlog_thread_part *part,
                       unsigned *shown) {
    enum { MOST = 64 };
    struct spanlog_text service = spanlog_strings_text(&sum->services, part->service);
    if (!has_no_end(sum, part->service, part->pid) || *shown > MOST)
        return 0;
    if (++*shown > MOST)
        return spanlog_check_add(sum->check, SPANLOG_CHECK_LAST_LINE, 1, NULL, SPANLOG_PLACE_NONE,
                                 "more threads of processes that did not end are left out");
    return spanlog_check_add(sum->check, SPANLOG_CHECK_LAST_LINE, 1, sum->sources, part->last_place,
                             "%.*s pid %u tid %u, which did not end, wrote last: %.*s",
                             (int)service.size, service.data, part->pid, part->tid,
                             (int)part->last_size, part->last_text);
}

/* All parts of all jobs, by thread and time. NULL: no memory. */
static struct spanlog_thread_part *gather(struct spanlog_check_sum *sum, size_t *ret_count) {
    size_t count = 0;
    for (unsigned i = 0; i < sum->job_count; i++)
        count += sum->jobs[i].part_count;
    struct spanlog_thread_part *parts = malloc((count + 1) * sizeof *parts);
    *ret_count = count;
    count = 0;
    for (unsigned i = 0; parts && i < sum->job_count; i++)
        for (size_t n = 0; n < sum->jobs[i].part_count; n++) {
            parts[count] = sum->jobs[i].parts[n];
            parts[count].service = sum->service_maps[i][parts[count].service];
            count++;
        }
    if (parts)
        qsort(parts, count, sizeof *parts, by_thread);
    return parts;
}

int spanlog_check_threads_report(struct spanlog_check_sum *sum) {
    struct spanlog_check_tally *back = &sum->tallies[SPANLOG_CHECK_TIME_WENT_BACK];
    size_t count;
    unsigned shown = 0;
    int rc = 0;
    struct spanlog_thread_part *parts = gather(sum, &count);
    if (!parts)
        return -ENOMEM;
    for (size_t i = 0; rc == 0 && i < count; i++) {
        const struct spanlog_thread_part *part = &parts[i];
        if (part->back.count)
            spanlog_check_count(back, part->back.count, part->back.first);
        if (i > 0 && same_thread(part, part - 1) && part->first_ns < part[-1].last_ns)
            spanlog_check_count(back, 1, part->first_place);
        if (i + 1 == count || !same_thread(part, part + 1))
            rc = report_last(sum, part, &shown);
    }
    free(parts);
    return rc;
}
