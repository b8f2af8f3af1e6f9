/* analyzer/retain/retain.c: see retain.h. Two passes: which traces have an error, then file by
 * file. */
#include "src/analyzer/retain/retain.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/analyzer/translate/lines.h"
#include "src/analyzer/retain/retain_parts.h"
#include "src/analyzer/input/rotated.h"

/* ---- which traces have an error ------------------------------------------------------------ */

struct seeker {
    struct spanlog_lines lines;
    struct spanlog_error_traces found;
};

static int by_id(const void *left, const void *right) {
    const struct spanlog_id *a = left, *b = right;
    if (a->high != b->high)
        return a->high < b->high ? -1 : 1;
    return (a->low > b->low) - (a->low < b->low);
}

static int add_trace(struct spanlog_error_traces *traces, const struct spanlog_id *id) {
    if (traces->count && by_id(&traces->list[traces->count - 1], id) == 0)
        return 0;
    if (traces->count == traces->room) {
        size_t room = traces->room ? 2 * traces->room : 256;
        struct spanlog_id *grown = realloc(traces->list, room * sizeof *grown);
        if (!grown)
            return -ENOMEM;
        traces->list = grown;
        traces->room = room;
    }
    traces->list[traces->count++] = *id;
    return 0;
}

bool spanlog_retain_is_error(const struct spanlog_record *record) {
    return record->is_error || record->level >= 17;
}

bool spanlog_error_traces_have(const struct spanlog_error_traces *traces,
                               const struct spanlog_id *id) {
    return bsearch(id, traces->list, traces->count, sizeof *id, by_id) != NULL;
}

static int seek_errors(void *argument, const struct spanlog_chunk *chunk) {
    struct seeker *seeker = argument;
    struct spanlog_record record;
    const char *line;
    int rc;
    spanlog_lines_begin(&seeker->lines, chunk);
    while ((rc = spanlog_lines_next(&seeker->lines, &record, &line)) > 0)
        if (record.has_trace && spanlog_retain_is_error(&record) &&
            add_trace(&seeker->found, &record.trace) < 0)
            return -ENOMEM;
    spanlog_lines_end(&seeker->lines);
    return rc;
}

static void sort_once(struct spanlog_error_traces *traces) {
    size_t kept = 0;
    if (traces->count)
        qsort(traces->list, traces->count, sizeof *traces->list, by_id);
    for (size_t i = 0; i < traces->count; i++)
        if (kept == 0 || by_id(&traces->list[kept - 1], &traces->list[i]) != 0)
            traces->list[kept++] = traces->list[i];
    traces->count = kept;
}

static int find_error_traces(const struct spanlog_retain *retain, struct spanlog_sources *sources,
                             struct spanlog_issues *issues, struct spanlog_error_traces *ret) {
    struct seeker *seekers = calloc(retain->jobs, sizeof *seekers);
    if (!seekers)
        return -ENOMEM;
    for (unsigned i = 0; i < retain->jobs; i++)
        spanlog_lines_init(&seekers[i].lines, &retain->translate, retain->error_status_min, issues);
    struct spanlog_scan scan = {.sources = sources,
                                .issues = issues,
                                .job_count = retain->jobs,
                                .jobs = {seekers, sizeof *seekers},
                                .chunk = seek_errors,
                                .progress = retain->progress};
    int rc = spanlog_scan_run(&scan);
    for (unsigned i = 0; i < retain->jobs; i++) {
        for (size_t n = 0; rc == 0 && n < seekers[i].found.count; n++)
            rc = add_trace(ret, &seekers[i].found.list[n]);
        free(seekers[i].found.list);
        spanlog_lines_free(&seekers[i].lines);
    }
    free(seekers);
    sort_once(ret);
    return rc;
}

/* ---- file by file -------------------------------------------------------------------------- */

static void treat(const struct spanlog_retain *retain, const struct spanlog_source *source,
                  const struct spanlog_error_traces *traces) {
    struct spanlog_retained done = {.path = source->path, .size = source->size};
    uint64_t age = retain->now_ns > source->modified_ns ? retain->now_ns - source->modified_ns : 0;
    done.size_kept = done.size;
    if (retain->keep_errors_ns && age > retain->keep_errors_ns)
        spanlog_retain_remove(retain, &done);
    else if (retain->keep_ns && age > retain->keep_ns)
        spanlog_retain_rewrite(retain, source, traces, &done);
    else if (retain->compress != SPANLOG_INFLATE_NONE && !source->is_archive)
        spanlog_retain_rewrite(retain, source, NULL, &done);
    retain->said(retain->said_argument, &done);
}

static bool is_old(const struct spanlog_source *source) {
    const char *slash = strrchr(source->path, '/');
    return source->is_file && spanlog_rotated_is_old(slash ? slash + 1 : source->path);
}

int spanlog_retain_run(const struct spanlog_retain *retain, const char *directory,
                       struct spanlog_sources *sources, struct spanlog_issues *issues) {
    struct spanlog_error_traces traces = {0};
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    int rc = flock(fd, LOCK_EX | LOCK_NB) == 0 ? 0 : errno == EWOULDBLOCK ? -EBUSY : -errno;
    if (rc == 0 && retain->archive && access(retain->archive, W_OK | X_OK) != 0)
        rc = -errno;
    if (rc == 0)
        spanlog_retain_clean_up(fd);
    if (rc == 0 && retain->keep_ns)
        rc = find_error_traces(retain, sources, issues, &traces);
    for (size_t i = 0; rc == 0 && i < sources->count; i++)
        if (is_old(&sources->list[i]))
            treat(retain, &sources->list[i], &traces);
    free(traces.list);
    close(fd);
    return rc;
}
