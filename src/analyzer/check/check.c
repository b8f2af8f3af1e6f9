/* analyzer/check/check.c: see check.h. Runs the pass over the lines and the one over the traces,
 * and makes findings of what they counted. */
#include "src/analyzer/check/check_parts.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

const char *const spanlog_check_kind_names[SPANLOG_CHECK_KIND_COUNT] = {
#define X(kind, name, severity) name,
    SPANLOG_CHECK_KINDS(X)
#undef X
};

const enum spanlog_severity spanlog_check_severities[SPANLOG_CHECK_KIND_COUNT] = {
#define X(kind, name, severity) SPANLOG_SEVERITY_##severity,
    SPANLOG_CHECK_KINDS(X)
#undef X
};

/* What there is to say of those that are only counted. */
static const char *const details[SPANLOG_CHECK_KIND_COUNT] = {
    [SPANLOG_CHECK_ABANDONED_SPAN] =
        "spans that were open when their process died; recovery wrote what was known",
    [SPANLOG_CHECK_CONFLICTING_SPAN] = "spans that share their id with a different one",
    [SPANLOG_CHECK_SELF_PARENT] = "spans that name themselves as their parent; taken as roots",
    [SPANLOG_CHECK_CYCLE] = "spans that descend from themselves; cut at the earliest",
    [SPANLOG_CHECK_ORPHAN] = ("spans whose parent is not in the logs: a file is missing, or a "
                              "service on the way writes none"),
    [SPANLOG_CHECK_UNFINISHED_SPAN] =
        "spans that are known from their log lines only, though their service writes span lines",
    [SPANLOG_CHECK_DUPLICATE_LINE] = "lines of traces that are there more than once; counted once",
    [SPANLOG_CHECK_TIME_WENT_BACK] = "lines that are older than the line before of their thread",
    [SPANLOG_CHECK_MISSING_TIME] = "lines without a time that can be read",
    [SPANLOG_CHECK_MISSING_SERVICE] = "lines that do not say which service wrote them",
    [SPANLOG_CHECK_SPAN_WITHOUT_ID] = "span lines without trace_id or span_id: in no trace",
    [SPANLOG_CHECK_DROPPED_PARTS] =
        "records that were too large: attributes, events or links were left out",
    [SPANLOG_CHECK_IDS_NOT_HEX] = "lines whose ids are no hex digits; taken as plain text",
    [SPANLOG_CHECK_UNSAMPLED_LOGS] =
        "log lines of traces that were not sampled: their spans were never written",
    [SPANLOG_CHECK_LINE_WITHOUT_SPAN] = "log lines with a trace_id but no span_id",
};

/* ---- findings ----------------------------------------------------------------------------- */

static const char *keep_text(struct spanlog_check *check, const char *format, va_list arguments) {
    char text[512];
    vsnprintf(text, sizeof text, format, arguments);
    return spanlog_arena_text(&check->arena, text, strlen(text)).data;
}

int spanlog_check_add(struct spanlog_check *check, enum spanlog_check_kind kind, uint64_t count,
                      const struct spanlog_sources *sources, uint64_t place, const char *format,
                      ...) {
    va_list arguments;
    if (check->count == check->room) {
        size_t room = check->room ? 2 * check->room : 64;
        struct spanlog_finding *grown = realloc(check->findings, room * sizeof *grown);
        if (!grown)
            return -ENOMEM;
        check->findings = grown;
        check->room = room;
    }
    struct spanlog_finding *finding = &check->findings[check->count++];
    *finding = (struct spanlog_finding){
        .kind = kind, .severity = spanlog_check_severities[kind], .count = count, .place = place};
    va_start(arguments, format);
    finding->detail = keep_text(check, format, arguments);
    va_end(arguments);
    if (sources && place != SPANLOG_PLACE_NONE && place >> SPANLOG_PLACE_BITS < sources->count) {
        const struct spanlog_source *source = &sources->list[place >> SPANLOG_PLACE_BITS];
        uint64_t offset = place & (((uint64_t)1 << SPANLOG_PLACE_BITS) - 1);
        finding->file = source->path;
        finding->line = source->is_stream ? offset : 0; /* of files: counted at the end */
    }
    return finding->detail ? 0 : -ENOMEM;
}

static int by_place(const void *left, const void *right) {
    const struct spanlog_finding *a = *(struct spanlog_finding *const *)left;
    const struct spanlog_finding *b = *(struct spanlog_finding *const *)right;
    return (a->place > b->place) - (a->place < b->place);
}

/* Numbers of lines in files: each file is gone through once, whatever was found in it. */
static int count_lines(struct spanlog_check *check, const struct spanlog_sources *sources) {
    struct spanlog_finding **list = malloc((check->count + 1) * sizeof *list);
    size_t count = 0;
    if (!list)
        return -ENOMEM;
    for (size_t i = 0; i < check->count; i++)
        if (check->findings[i].place != SPANLOG_PLACE_NONE && check->findings[i].file &&
            !sources->list[check->findings[i].place >> SPANLOG_PLACE_BITS].is_stream)
            list[count++] = &check->findings[i];
    qsort(list, count, sizeof *list, by_place);
    struct spanlog_source from = {0};
    uint64_t line = 0;
    for (size_t i = 0; i < count; i++) {
        size_t number = list[i]->place >> SPANLOG_PLACE_BITS;
        uint64_t offset = list[i]->place & (((uint64_t)1 << SPANLOG_PLACE_BITS) - 1);
        if (i == 0 || number != list[i - 1]->place >> SPANLOG_PLACE_BITS) {
            from = sources->list[number];
            line = 1;
        }
        uint64_t further = spanlog_source_line(&from, offset); /* 1: the same line */
        line = further && line ? line + further - 1 : 0;
        list[i]->line = line;
        from.begin = offset;
    }
    free(list);
    return 0;
}

static int by_kind_and_place(const void *left, const void *right) {
    const struct spanlog_finding *a = left, *b = right;
    if (a->severity != b->severity)
        return a->severity < b->severity ? -1 : 1;
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    if (a->place != b->place)
        return a->place < b->place ? -1 : 1;
    return strcmp(a->detail, b->detail);
}

void spanlog_check_sort(struct spanlog_check *check) {
    if (check->count)
        qsort(check->findings, check->count, sizeof *check->findings, by_kind_and_place);
    memset(check->of_severity, 0, sizeof check->of_severity);
    for (size_t i = 0; i < check->count; i++)
        check->of_severity[check->findings[i].severity]++;
}

/* ---- what all jobs found ------------------------------------------------------------------ */

static int merge_services(struct spanlog_check_sum *sum) {
    size_t most = 1;
    for (unsigned i = 0; i < sum->job_count; i++)
        most += sum->jobs[i].services.count;
    sum->service_list = calloc(most, sizeof *sum->service_list);
    sum->service_maps = calloc(sum->job_count + 1, sizeof *sum->service_maps);
    if (!sum->service_list || !sum->service_maps)
        return -ENOMEM;
    for (unsigned i = 0; i < sum->job_count; i++) {
        const struct spanlog_check_job *job = &sum->jobs[i];
        uint32_t *map = malloc((job->services.count + 1) * sizeof *map);
        sum->service_maps[i] = map;
        for (uint32_t n = 0; map && n < job->services.count; n++) {
            struct spanlog_text name = job->services.texts[n];
            map[n] = spanlog_strings_add(&sum->services, name.data, name.size);
            if (map[n] == SPANLOG_STRING_NONE)
                return -ENOMEM;
            struct spanlog_check_service *to = &sum->service_list[map[n]];
            to->spans += job->service_list[n].spans;
            const struct spanlog_check_tally *logs = &job->service_list[n].logs_with_ids;
            if (logs->count)
                spanlog_check_count(&to->logs_with_ids, logs->count, logs->first);
        }
        if (!map)
            return -ENOMEM;
    }
    return 0;
}

static void add_tally(struct spanlog_check_tally *to, const struct spanlog_check_tally *from) {
    if (from->count)
        spanlog_check_count(to, from->count, from->first);
}

static int merge_processes(struct spanlog_check_sum *sum) {
    size_t most = 1;
    for (unsigned i = 0; i < sum->job_count; i++)
        most += sum->jobs[i].process_keys.count;
    sum->processes = calloc(most, sizeof *sum->processes);
    if (!sum->processes)
        return -ENOMEM;
    for (unsigned i = 0; i < sum->job_count; i++) {
        const struct spanlog_check_job *job = &sum->jobs[i];
        for (uint32_t n = 0; n < job->process_keys.count; n++) {
            const struct spanlog_name *key = &job->process_keys.list[n];
            const struct spanlog_check_process *from = &job->processes[n];
            uint32_t number = spanlog_names_add(
                &sum->process_keys, sum->service_maps[i][key->service], key->operation, 0);
            if (number == SPANLOG_STRING_NONE)
                return -ENOMEM;
            struct spanlog_check_process *to = &sum->processes[number];
            if (from->reason[0] && (!to->reason[0] || from->reason_place < to->reason_place)) {
                memcpy(to->reason, from->reason, sizeof to->reason);
                to->reason_place = from->reason_place;
            }
            add_tally(&to->starts, &from->starts);
            add_tally(&to->ends, &from->ends);
            add_tally(&to->abandoned, &from->abandoned);
            add_tally(&to->dropped, &from->dropped);
        }
    }
    return 0;
}

static int merge_jobs(struct spanlog_check_sum *sum) {
    for (unsigned i = 0; i < sum->job_count; i++) {
        struct spanlog_check_job *job = &sum->jobs[i];
        if (spanlog_check_threads_flush(job) < 0)
            return -ENOMEM;
        for (int kind = 0; kind < SPANLOG_CHECK_KIND_COUNT; kind++)
            add_tally(&sum->tallies[kind], &job->tallies[kind]);
        sum->check->lines += job->lines;
        sum->check->spans += job->spans;
    }
    return merge_services(sum) < 0 || merge_processes(sum) < 0 ? -ENOMEM : 0;
}

/* ---- reports ------------------------------------------------------------------------------ */

static int report_input(struct spanlog_check_sum *sum, const struct spanlog_issues *issues) {
    struct spanlog_check *check = sum->check;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < issues->source_count; i++) {
        const struct spanlog_source_issues *source = &issues->sources[i];
        bool stream = sum->sources->list[i].is_stream;
        uint64_t base = (uint64_t)i << SPANLOG_PLACE_BITS;
        uint64_t short_lines = source->lines_bad - source->lines_long;
        if (short_lines)
            rc =
                spanlog_check_add(check, SPANLOG_CHECK_BAD_LINE, short_lines, sum->sources,
                                  base | (stream ? source->first_line : source->first_offset),
                                  "%s%s", source->first_reason,
                                  source->lines_good ? "" : "; nothing in this file could be read");
        if (rc == 0 && source->lines_long)
            rc = spanlog_check_add(
                check, SPANLOG_CHECK_TOO_LONG_LINE, source->lines_long, sum->sources,
                base | (stream ? source->first_long_line : source->first_long_offset),
                "longer than 16 MB; skipped");
        if (rc == 0 && source->truncated)
            rc = spanlog_check_add(check, SPANLOG_CHECK_TRUNCATED_LINE, 1, sum->sources,
                                   base | (stream ? 0 : sum->sources->list[i].size),
                                   "the last line is not complete: the file is being written, or "
                                   "its writer was cut off");
    }
    for (size_t i = 0; rc == 0 && i < issues->note_count; i++) {
        const struct spanlog_note *note = &issues->notes[i];
        rc = spanlog_check_add(check, SPANLOG_CHECK_UNREADABLE_FILE, 1, NULL, SPANLOG_PLACE_NONE,
                               "%s: %s", note->path, note->text);
        if (rc == 0 && !note->is_error)
            check->findings[check->count - 1].severity = SPANLOG_SEVERITY_NOTE;
    }
    for (size_t i = 0; rc == 0 && i < issues->unreadable_count; i++) {
        const struct spanlog_unreadable *file = &issues->unreadable[i];
        rc = spanlog_check_add(check, SPANLOG_CHECK_UNREADABLE_FILE, 1, NULL, SPANLOG_PLACE_NONE,
                               "%s: %s", file->path, strerror(file->error));
        check->findings[check->count - 1].file = file->path;
    }
    return rc;
}

/* How a process ended, as far as the logs say. */
static const char *fate(const struct spanlog_check_process *process) {
    if (process->abandoned.count)
        return "it died; recovery wrote its open spans";
    return "it still runs, or died and \"spanlog recover\" has not been run";
}

static int report_processes(struct spanlog_check_sum *sum) {
    int rc = 0;
    for (uint32_t i = 0; rc == 0 && i < sum->process_keys.count; i++) {
        const struct spanlog_check_process *process = &sum->processes[i];
        struct spanlog_text service =
            spanlog_strings_text(&sum->services, sum->process_keys.list[i].service);
        uint32_t pid = sum->process_keys.list[i].operation;
        if (process->dropped.count)
            rc = spanlog_check_add(sum->check, SPANLOG_CHECK_RECORDS_DROPPED,
                                   process->dropped.count, sum->sources, process->dropped.first,
                                   "records of %.*s pid %u are lost, as the log itself says%s%s",
                                   (int)service.size, service.data, pid,
                                   process->reason[0] ? ": " : "", process->reason);
        if (rc == 0 && process->starts.count > process->ends.count)
            rc = spanlog_check_add(
                sum->check, SPANLOG_CHECK_PROCESS_WITHOUT_END,
                process->starts.count - process->ends.count, sum->sources, process->starts.first,
                "%.*s pid %u has a \"process started\" and no \"process ended\": %s",
                (int)service.size, service.data, pid, fate(process));
        else
            continue;
        /* That a process runs is no fault. */
        if (rc == 0 && !process->abandoned.count)
            sum->check->findings[sum->check->count - 1].severity = SPANLOG_SEVERITY_NOTE;
    }
    return rc;
}

static int report_services(struct spanlog_check_sum *sum) {
    int rc = 0;
    for (uint32_t i = 0; rc == 0 && i < sum->services.count; i++) {
        const struct spanlog_check_service *service = &sum->service_list[i];
        struct spanlog_text name = spanlog_strings_text(&sum->services, i);
        if (service->spans || service->logs_with_ids.count == 0)
            continue;
        rc = spanlog_check_add(
            sum->check, SPANLOG_CHECK_SERVICE_WITHOUT_SPANS, service->logs_with_ids.count,
            sum->sources, service->logs_with_ids.first,
            "log lines of %.*s with ids, but it writes no span lines", (int)name.size, name.data);
    }
    return rc;
}

/* The key that was renamed first. */
static const char *first_renamed(const struct spanlog_check_sum *sum) {
    uint64_t first = sum->tallies[SPANLOG_CHECK_RENAMED_KEY].first;
    for (unsigned i = 0; i < sum->job_count; i++)
        if (sum->jobs[i].renamed[0] && sum->jobs[i].renamed_place == first)
            return sum->jobs[i].renamed;
    return "";
}

static int report_tallies(struct spanlog_check_sum *sum) {
    const struct spanlog_check_tally *outside = &sum->tallies[SPANLOG_CHECK_SPAN_OUTSIDE_PARENT];
    const struct spanlog_check_tally *renamed = &sum->tallies[SPANLOG_CHECK_RENAMED_KEY];
    int rc = 0;
    for (int kind = 0; rc == 0 && kind < SPANLOG_CHECK_KIND_COUNT; kind++)
        if (details[kind] && sum->tallies[kind].count)
            rc = spanlog_check_add(sum->check, (enum spanlog_check_kind)kind,
                                   sum->tallies[kind].count, sum->sources, sum->tallies[kind].first,
                                   "%s", details[kind]);
    if (rc == 0 && outside->count)
        rc = spanlog_check_add(sum->check, SPANLOG_CHECK_SPAN_OUTSIDE_PARENT, outside->count,
                               sum->sources, outside->first,
                               "spans in %" PRIu64 " traces that begin before or end after their "
                               "parent: nobody waits for them, or clocks differ",
                               sum->outside_traces);
    if (rc == 0 && renamed->count)
        rc = spanlog_check_add(sum->check, SPANLOG_CHECK_RENAMED_KEY, renamed->count, sum->sources,
                               renamed->first,
                               "lines with a key that is reserved and got a \"_\" behind it, first "
                               "\"%s\": choose another name",
                               first_renamed(sum));
    return rc;
}

/* ---- the whole ---------------------------------------------------------------------------- */

static int collect(struct spanlog_check_sum *sum, const struct spanlog_check_query *query,
                   struct spanlog_sources *sources, struct spanlog_issues *issues) {
    for (unsigned i = 0; i < sum->job_count; i++)
        sum->jobs[i].number = i;
    struct spanlog_probe probe = {.jobs = {sum->jobs, sizeof *sum->jobs},
                                  .line = spanlog_check_line,
                                  .bits = spanlog_check_bits};
    struct spanlog_collect_options options = {.jobs = sum->job_count,
                                              .error_status_min = query->error_status_min,
                                              .translate = query->translate,
                                              .probe = &probe,
                                              .progress = query->progress};
    return spanlog_collect(&sum->check->all, sources, issues, &options);
}

static int report(struct spanlog_check_sum *sum, const struct spanlog_check_query *query,
                  const struct spanlog_issues *issues) {
    int rc = merge_jobs(sum);
    if (rc == 0)
        rc = spanlog_check_traces(sum, query);
    if (rc == 0)
        rc = spanlog_check_threads_report(sum);
    if (rc == 0)
        rc = report_input(sum, issues);
    if (rc == 0)
        rc = report_processes(sum);
    if (rc == 0)
        rc = report_services(sum);
    return rc ? rc : report_tallies(sum);
}

int spanlog_check_run(const struct spanlog_check_query *query, struct spanlog_sources *sources,
                      struct spanlog_issues *issues, struct spanlog_check *ret) {
    struct spanlog_check_sum sum = {.sources = sources, .job_count = query->jobs, .check = ret};
    *ret = (struct spanlog_check){0};
    sum.jobs = calloc(query->jobs, sizeof *sum.jobs);
    int rc = sum.jobs ? collect(&sum, query, sources, issues) : -ENOMEM;
    if (rc == 0)
        rc = report(&sum, query, issues);
    if (rc == 0)
        rc = count_lines(ret, sources);
    if (rc == 0)
        spanlog_check_sort(ret);
    for (unsigned i = 0; sum.jobs && i < sum.job_count; i++) {
        spanlog_check_job_free(&sum.jobs[i]);
        if (sum.service_maps)
            free(sum.service_maps[i]);
    }
    free(sum.jobs);
    free(sum.service_maps);
    free(sum.service_list);
    free(sum.processes);
    spanlog_strings_free(&sum.services);
    spanlog_names_free(&sum.process_keys);
    return rc;
}

void spanlog_check_free(struct spanlog_check *check) {
    free(check->findings);
    spanlog_arena_free(&check->arena);
    spanlog_collection_free(&check->all);
    *check = (struct spanlog_check){0};
}
