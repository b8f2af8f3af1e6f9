/* analyzer/check/check_lines.c: what is wrong with single lines, job by job; see check.h. */
#include "src/analyzer/check/check_parts.h"

#include <errno.h>
#include <stdlib.h>

#include "formatters/keys.h"
#include "formatters/number.h"

/* ---- places ------------------------------------------------------------------------------- */

/* In a stream the number of the line, for it cannot be counted later. */
static uint64_t place_of(struct spanlog_check_job *job, const struct spanlog_probe_line *line) {
    const struct spanlog_chunk *chunk = line->chunk;
    uint64_t source = (uint64_t)chunk->source << SPANLOG_PLACE_BITS;
    if (chunk->first_line == 0)
        return source | (chunk->offset + (uint64_t)(line->origin - chunk->begin));
    if (job->chunk != chunk->number + 1 || line->origin < job->counted_to) {
        job->chunk = chunk->number + 1;
        job->counted_to = chunk->begin;
        job->counted = chunk->first_line;
    }
    for (; job->counted_to < line->origin; job->counted++)
        job->counted_to = spanlog_line_end(job->counted_to, chunk->end) + 1;
    return source | job->counted;
}

/* ---- tables that grow --------------------------------------------------------------------- */

/* Room for at least number + 1 items of that size, new ones zero. */
static bool has_room(void **list, uint32_t *room, uint32_t number, size_t size) {
    if (number < *room)
        return true;
    uint32_t wanted = 2 * number + 16;
    char *grown = realloc(*list, wanted * size);
    if (!grown)
        return false;
    memset(grown + *room * size, 0, (wanted - *room) * size);
    *list = grown;
    *room = wanted;
    return true;
}

/* NULL: no memory. */
static struct spanlog_check_service *service_of(struct spanlog_check_job *job,
                                                const struct spanlog_record *record,
                                                uint32_t *ret_number) {
    struct spanlog_text text = record->service.data ? record->service : SPANLOG_TEXT("");
    uint32_t number = spanlog_strings_add(&job->services, text.data, text.size);
    void *list = job->service_list;
    bool fits = number != SPANLOG_STRING_NONE &&
                has_room(&list, &job->service_room, number, sizeof *job->service_list);
    job->service_list = list;
    *ret_number = number;
    return fits ? &job->service_list[number] : NULL;
}

static struct spanlog_check_process *process_of(struct spanlog_check_job *job, uint32_t service,
                                                const struct spanlog_record *record) {
    uint32_t number = spanlog_names_add(&job->process_keys, service,
                                        spanlog_record_number(record, SPANLOG_FIELD_PID), 0);
    void *list = job->processes;
    bool fits = number != SPANLOG_STRING_NONE &&
                has_room(&list, &job->process_room, number, sizeof *job->processes);
    job->processes = list;
    return fits ? &job->processes[number] : NULL;
}

/* ---- lines -------------------------------------------------------------------------------- */

static bool find_member(const char *line, const char *name, struct spanlog_json_value *ret) {
    struct spanlog_json_walk walk = {.at = line};
    struct spanlog_json_value key = {0};
    size_t size = strlen(name);
    for (int more = spanlog_json_open(&walk); more > 0 && spanlog_json_member(&walk, &key, ret);
         more = spanlog_json_next(&walk))
        if ((size_t)(key.end - key.begin) == size && memcmp(key.begin, name, size) == 0)
            return true;
    return false;
}

static uint64_t number_of(const char *line, const char *name) {
    struct spanlog_json_value value = {0};
    uint64_t number = 0;
    if (!find_member(line, name, &value) || value.type != SPANLOG_JSON_NUMBER ||
        value.end - value.begin > 18)
        return 0;
    for (const char *p = value.begin; p < value.end && *p >= '0' && *p <= '9'; p++)
        number = 10 * number + (uint64_t)(*p - '0');
    return number;
}

static void note_loss(struct spanlog_check_process *process, const char *line, uint64_t place) {
    struct spanlog_json_value reason = {0};
    uint64_t count = number_of(line, "count");
    bool first = process->dropped.count == 0 || place < process->dropped.first;
    spanlog_check_count(&process->dropped, count ? count : 1, place);
    if (!first || !find_member(line, "reason", &reason) || reason.type != SPANLOG_JSON_STRING)
        return;
    size_t size = (size_t)(reason.end - reason.begin);
    size = size < sizeof process->reason ? size : sizeof process->reason - 1;
    memcpy(process->reason, reason.begin, size);
    process->reason[size] = 0;
    process->reason_place = place;
}

/* What a process says of itself. */
static int note_process(struct spanlog_check_job *job, uint32_t service,
                        const struct spanlog_probe_line *line, uint64_t place) {
    const struct spanlog_record *record = line->record;
    bool started = spanlog_record_says(record, "process started");
    bool ended = !started && spanlog_record_says(record, "process ended");
    bool dropped = !started && !ended && spanlog_record_says(record, "records dropped");
    bool abandoned = record->line_kind == SPANLOG_LINE_ABANDONED;
    if (!started && !ended && !dropped && !abandoned)
        return 0;
    struct spanlog_check_process *process = process_of(job, service, record);
    if (!process)
        return -ENOMEM;
    if (dropped)
        note_loss(process, line->text, place);
    else
        spanlog_check_count(started ? &process->starts
                            : ended ? &process->ends
                                    : &process->abandoned,
                            1, place);
    return 0;
}

/* A user's key that had a reserved name was written with a '_' behind it. */
static void note_renamed(struct spanlog_check_job *job, const char *line, const char *end,
                         const struct spanlog_record *record, uint64_t place) {
    struct spanlog_json_walk walk = {.at = line};
    struct spanlog_json_value key = {0}, value = {0};
    unsigned of = spanlog_keys_of((enum spanlog_line_kind)record->line_kind);
    if (record->others == 0 || !memmem(line, (size_t)(end - line), "_\":", 3))
        return;
    for (int more = spanlog_json_open(&walk); more > 0 && spanlog_json_member(&walk, &key, &value);
         more = spanlog_json_next(&walk)) {
        struct spanlog_text name = {key.begin, (uint32_t)(key.end - key.begin)};
        if (name.size < 2 || name.data[name.size - 1] != '_')
            continue;
        while (name.size && name.data[name.size - 1] == '_')
            name.size--;
        if (!spanlog_key_is_reserved(name, of))
            continue;
        struct spanlog_check_tally *tally = &job->tallies[SPANLOG_CHECK_RENAMED_KEY];
        if ((tally->count == 0 || place < tally->first) && name.size < sizeof job->renamed) {
            memcpy(job->renamed, name.data, name.size);
            job->renamed[name.size] = 0;
            job->renamed_place = place;
        }
        spanlog_check_count(tally, 1, place);
        return;
    }
}

static bool is_sampled(const struct spanlog_record *record) {
    const struct spanlog_json_value *flags = &record->raw[SPANLOG_FIELD_TRACE_FLAGS];
    uint8_t value = 0;
    return flags->type == SPANLOG_JSON_STRING &&
           spanlog_read_hex(flags->begin, (size_t)(flags->end - flags->begin), &value, 1) == 0 &&
           (value & 1);
}

static bool says_unsampled(const struct spanlog_record *record) {
    return record->raw[SPANLOG_FIELD_TRACE_FLAGS].type == SPANLOG_JSON_STRING &&
           !is_sampled(record);
}

static void note_ids(struct spanlog_check_job *job, struct spanlog_check_service *service,
                     const struct spanlog_record *record, uint64_t place) {
    struct spanlog_check_tally *tallies = job->tallies;
    bool is_log = record->line_kind == SPANLOG_LINE_LOG;
    if ((record->has_trace && record->trace.opaque) || (record->has_span && record->span.opaque))
        spanlog_check_count(&tallies[SPANLOG_CHECK_IDS_NOT_HEX], 1, place);
    if (!is_log) {
        service->spans++;
        job->spans++;
        if (!record->has_span || !record->has_trace)
            spanlog_check_count(&tallies[SPANLOG_CHECK_SPAN_WITHOUT_ID], 1, place);
        return;
    }
    if (!record->has_trace)
        return;
    if (!record->has_span)
        spanlog_check_count(&tallies[SPANLOG_CHECK_LINE_WITHOUT_SPAN], 1, place);
    spanlog_check_count(&service->logs_with_ids, 1, place);
    if (says_unsampled(record))
        spanlog_check_count(&tallies[SPANLOG_CHECK_UNSAMPLED_LOGS], 1, place);
}

/* The writer says in the record what it had to leave out of it. */
static void note_dropped_parts(struct spanlog_check_job *job, const char *line, const char *end,
                               uint64_t place) {
    if (memmem(line, (size_t)(end - line), "\"dropped_", 9) &&
        (number_of(line, "dropped_attributes") || number_of(line, "dropped_events") ||
         number_of(line, "dropped_links")))
        spanlog_check_count(&job->tallies[SPANLOG_CHECK_DROPPED_PARTS], 1, place);
}

int spanlog_check_line(void *argument, const struct spanlog_probe_line *line, uint64_t *ret_place) {
    struct spanlog_check_job *job = argument;
    const struct spanlog_record *record = line->record;
    uint64_t place = place_of(job, line);
    uint32_t number;
    struct spanlog_check_service *service = service_of(job, record, &number);
    *ret_place = place;
    if (!service)
        return -ENOMEM;
    job->lines++;
    if (record->time_ns == 0)
        spanlog_check_count(&job->tallies[SPANLOG_CHECK_MISSING_TIME], 1, place);
    if (record->service.size == 0)
        spanlog_check_count(&job->tallies[SPANLOG_CHECK_MISSING_SERVICE], 1, place);
    note_ids(job, service, record, place);
    note_renamed(job, line->text, record->end, record, place);
    note_dropped_parts(job, line->text, record->end, place);
    if (note_process(job, number, line, place) < 0)
        return -ENOMEM;
    return spanlog_check_thread(job, line, number, place);
}

uint32_t spanlog_check_bits(void *argument, const struct spanlog_record *record, const char *line,
                            const char *end) {
    struct spanlog_check_job *job = argument;
    uint32_t number;
    (void)line;
    (void)end;
    if (record->line_kind != SPANLOG_LINE_LOG && record->has_span)
        return 0;
    if (!service_of(job, record, &number) || number >= SPANLOG_CHECK_SERVICE_NONE)
        number = SPANLOG_CHECK_SERVICE_NONE - 1;
    /* Counted from 1: 0 would mean that nothing is to be kept. */
    return (uint32_t)is_sampled(record) << 31 | job->number << 23 | (number + 1);
}

void spanlog_check_job_free(struct spanlog_check_job *job) {
    spanlog_strings_free(&job->services);
    spanlog_names_free(&job->process_keys);
    spanlog_names_free(&job->thread_keys);
    free(job->service_list);
    free(job->processes);
    free(job->threads);
    free(job->parts);
}
