/* analyzer/retain/retain_traces.c: which traces have an error; see retain.h.
 *
 * A trace's error may be in a file that goes, and the rest of it in files that stay. So what goes
 * is read first, then what stays: of the traces that had an error there, those that have lines
 * here and no error any more are written to DIR/.spanlog-retain before anything goes, an id a line.
 * Later runs add them to what they find. Most often there are none, and no such file.
 */
#include "src/analyzer/retain/retain_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/analyzer/translate/lines.h"

#define MEMORY ".spanlog-retain"
#define MEMORY_TEMPORARY "." MEMORY SPANLOG_RETAIN_TEMPORARY

/* ---- sets of ids --------------------------------------------------------------------------- */

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

static int add_traces(struct spanlog_error_traces *traces,
                      const struct spanlog_error_traces *more) {
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < more->count; i++)
        rc = add_trace(traces, &more->list[i]);
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

bool spanlog_error_traces_have(const struct spanlog_error_traces *traces,
                               const struct spanlog_id *id) {
    return traces->count && bsearch(id, traces->list, traces->count, sizeof *id, by_id) != NULL;
}

static void take_away(struct spanlog_error_traces *traces,
                      const struct spanlog_error_traces *those) {
    size_t kept = 0;
    for (size_t i = 0; i < traces->count; i++)
        if (!spanlog_error_traces_have(those, &traces->list[i]))
            traces->list[kept++] = traces->list[i];
    traces->count = kept;
}

static bool are_equal(const struct spanlog_error_traces *one,
                      const struct spanlog_error_traces *other) {
    bool equal = one->count == other->count;
    for (size_t i = 0; equal && i < one->count; i++)
        equal = by_id(&one->list[i], &other->list[i]) == 0;
    return equal;
}

/* ---- what earlier runs have left ----------------------------------------------------------- */

static FILE *open_at(int directory, const char *name, int flags, const char *mode) {
    int fd = openat(directory, name, flags | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW, 0600);
    FILE *file = fd < 0 ? NULL : fdopen(fd, mode);
    if (fd >= 0 && !file)
        close(fd);
    return file;
}

static bool read_id(const char *line, struct spanlog_id *ret) {
    return strspn(line, "0123456789abcdef") == 32 && strcmp(line + 32, "\n") == 0 &&
           sscanf(line, "%16" SCNx64 "%16" SCNx64, &ret->high, &ret->low) == 2;
}

/* -EBADMSG: what stands there is not ours. To thin all the same might part traces with errors. */
static int remember(int directory, struct spanlog_error_traces *ret) {
    char line[64];
    struct stat status;
    FILE *file = open_at(directory, MEMORY, O_RDONLY, "r");
    if (!file)
        return errno == ENOENT ? 0 : errno == ELOOP ? -EBADMSG : -errno;
    int rc = fstat(fileno(file), &status) == 0 && S_ISREG(status.st_mode) ? 0 : -EBADMSG;
    while (rc == 0 && fgets(line, sizeof line, file)) {
        struct spanlog_id id;
        rc = read_id(line, &id) ? add_trace(ret, &id) : -EBADMSG;
    }
    if (rc == 0 && ferror(file))
        rc = -EIO;
    fclose(file);
    sort_once(ret);
    return rc;
}

/* It has to be on the disk before anything goes. */
static int write_memory(int directory, const struct spanlog_error_traces *traces) {
    if (traces->count == 0)
        return unlinkat(directory, MEMORY, 0) == 0 || errno == ENOENT ? 0 : -errno;
    FILE *file = open_at(directory, MEMORY_TEMPORARY, O_WRONLY | O_CREAT | O_TRUNC, "w");
    if (!file)
        return -errno;
    for (size_t i = 0; i < traces->count; i++)
        fprintf(file, "%016" PRIx64 "%016" PRIx64 "\n", traces->list[i].high, traces->list[i].low);
    int rc = fflush(file) == 0 && fsync(fileno(file)) == 0 ? 0 : -errno;
    if (fclose(file) != 0 && rc == 0)
        rc = -errno;
    if (rc == 0 && renameat(directory, MEMORY_TEMPORARY, directory, MEMORY) != 0)
        rc = -errno;
    if (rc == 0 && fsync(directory) != 0 && errno != EINVAL) /* not every file system can */
        rc = -errno;
    if (rc < 0)
        unlinkat(directory, MEMORY_TEMPORARY, 0);
    return rc;
}

/* ---- what is in the logs ------------------------------------------------------------------- */

struct seeker {
    struct spanlog_lines lines;
    const struct spanlog_error_traces *wanted;
    struct spanlog_error_traces found; /* they have an error */
    struct spanlog_error_traces met;   /* of the wanted: they have other lines */
};

/* Of the files, either those that go or those that stay. */
struct part {
    const enum spanlog_retain_fate *fates;
    bool goes;
};

static bool is_of_other_part(void *argument, uint32_t source, uint64_t offset) {
    const struct part *part = argument;
    (void)offset;
    return (part->fates[source] == SPANLOG_RETAIN_GOES) != part->goes;
}

bool spanlog_retain_is_error(const struct spanlog_record *record) {
    return record->is_error || record->level >= 17;
}

static int seek_errors(void *argument, const struct spanlog_chunk *chunk) {
    struct seeker *seeker = argument;
    struct spanlog_record record;
    const char *line;
    int rc, added = 0;
    spanlog_lines_begin(&seeker->lines, chunk);
    while (added == 0 && (rc = spanlog_lines_next(&seeker->lines, &record, &line)) > 0)
        if (record.has_trace && spanlog_retain_is_error(&record))
            added = add_trace(&seeker->found, &record.trace);
        else if (record.has_trace && spanlog_error_traces_have(seeker->wanted, &record.trace))
            added = add_trace(&seeker->met, &record.trace);
    spanlog_lines_end(&seeker->lines);
    return added < 0 ? added : rc;
}

static int seek(const struct spanlog_retain *retain, struct spanlog_scan *scan,
                const struct spanlog_error_traces *wanted, struct spanlog_error_traces *ret_found,
                struct spanlog_error_traces *ret_met) {
    struct seeker *seekers = calloc(retain->jobs, sizeof *seekers);
    if (!seekers)
        return -ENOMEM;
    for (unsigned i = 0; i < retain->jobs; i++) {
        spanlog_lines_init(&seekers[i].lines, &retain->translate, retain->error_status_min,
                           scan->issues);
        seekers[i].wanted = wanted;
    }
    scan->job_count = retain->jobs;
    scan->jobs = (struct spanlog_jobs){seekers, sizeof *seekers};
    scan->chunk = seek_errors;
    int rc = spanlog_scan_run(scan);
    for (unsigned i = 0; i < retain->jobs; i++) {
        rc = rc ? rc : add_traces(ret_found, &seekers[i].found);
        rc = rc ? rc : add_traces(ret_met, &seekers[i].met);
        free(seekers[i].found.list);
        free(seekers[i].met.list);
        spanlog_lines_free(&seekers[i].lines);
    }
    free(seekers);
    sort_once(ret_found);
    sort_once(ret_met);
    return rc;
}

static bool all_was_read(const struct spanlog_issues *issues) {
    bool all = issues->unreadable_count == 0;
    for (size_t i = 0; all && i < issues->note_count; i++)
        all = !issues->notes[i].is_error;
    return all;
}

int spanlog_error_traces_find(const struct spanlog_retain *retain, int directory,
                              const struct spanlog_retain_files *files,
                              struct spanlog_error_traces *ret,
                              struct spanlog_error_traces *ret_gone) {
    static const struct spanlog_error_traces none;
    struct spanlog_error_traces wanted = {0};
    struct part part = {files->fates, true};
    struct spanlog_scan scan = {.sources = files->sources,
                                .issues = files->issues,
                                .skip = is_of_other_part,
                                .skip_argument = &part};
    int rc = remember(directory, &wanted);
    if (rc == 0)
        rc = seek(retain, &scan, &none, &wanted, ret_gone);
    part.goes = false;
    scan.progress = retain->progress;
    if (rc == 0)
        rc = seek(retain, &scan, &wanted, ret, ret_gone);
    if (rc == 0 && !all_was_read(files->issues)) /* it may have lines of any of them */
        rc = add_traces(ret_gone, &wanted);
    sort_once(ret_gone);
    take_away(ret_gone, ret);
    if (rc == 0)
        rc = add_traces(ret, ret_gone);
    sort_once(ret);
    free(wanted.list);
    return rc;
}

int spanlog_error_traces_keep(const struct spanlog_retain *retain, int directory,
                              const struct spanlog_error_traces *gone) {
    struct spanlog_error_traces remembered = {0};
    int rc = remember(directory, &remembered);
    if (rc == 0 && !retain->dry_run && !are_equal(gone, &remembered))
        rc = write_memory(directory, gone);
    free(remembered.list);
    return rc;
}
