/* back/recover.c: see recover.h. */
#include "src/back/recover.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* ---- the batch that was being written -------------------------------------------------------- */

/* How much of the batch stands in the file, in whole lines. */
static size_t compare(int fd, const struct batch_place *place, const char *batch, size_t size) {
    char block[16384];
    size_t equal = 0;
    while (equal < size) {
        size_t want = size - equal < sizeof block ? size - equal : sizeof block;
        ssize_t got = pread(fd, block, want, (off_t)(place->offset + equal));
        if (got <= 0)
            break;
        size_t same = 0;
        while (same < (size_t)got && block[same] == batch[equal + same])
            same++;
        equal += same;
        if (same < (size_t)got)
            break;
    }
    const char *newline = equal > 0 ? memrchr(batch, '\n', equal) : NULL;
    return newline != NULL ? (size_t)(newline + 1 - batch) : 0;
}

/* In a file that has been renamed since, nobody else will cut our torn line. */
static void cut_torn_tail(int fd, uint64_t end_of_whole_lines, const char *rest, size_t rest_size) {
    struct stat status;
    char tail[4096];
    if (fstat(fd, &status) != 0 || (uint64_t)status.st_size <= end_of_whole_lines)
        return;
    uint64_t extra = (uint64_t)status.st_size - end_of_whole_lines;
    if (extra > rest_size)
        return;
    for (uint64_t at = 0; at < extra;) {
        size_t want = extra - at < sizeof tail ? (size_t)(extra - at) : sizeof tail;
        if (pread(fd, tail, want, (off_t)(end_of_whole_lines + at)) != (ssize_t)want ||
            memcmp(tail, rest + at, want) != 0)
            return; /* not ours */
        at += want;
    }
    if (ftruncate(fd, (off_t)end_of_whole_lines) != 0)
        return;
}

static void find_sent(struct output *output, const struct batch_place *place) {
    struct sink_place here;
    if (!place->regular || output->sink.type->begin(&output->sink, &here) != 0)
        return;
    int fd = file_find(&output->sink, place->device, place->inode);
    if (fd >= 0) {
        const char *rest = output->batch + output->sent;
        size_t left = output->used - output->sent;
        size_t whole = compare(fd, place, rest, left);
        cut_torn_tail(fd, place->offset + whole, rest + whole, left - whole);
        output->sent += whole;
        close(fd);
    }
    output->sink.type->end(&output->sink);
}

/* Takes over the batches that `phase` says were being written. */
static int take_over_batches(struct drain *drain) {
    for (uint32_t i = 0; i < drain->output_count; i++) {
        struct output *output = &drain->outputs[i];
        const struct batch_place *place = &drain->now.places[i];
        if (place->size > drain->journal->batch_sizes[i] || place->size > BATCH_SIZE ||
            place->written > place->size ||
            (place->size > 0 && output->batch[place->size - 1] != '\n'))
            return -EBADMSG;
        output->used = place->size;
        output->sent = place->written;
        find_sent(output, place);
    }
    drain->pending = true;
    return 0;
}

/* ---- one journal ----------------------------------------------------------------------------- */

/* Writes until all is out, or the sink has refused too long: the journal is left for another time.
 */
static int write_out(struct drain *drain, int patience_ms) {
    for (; !drain_write(drain); patience_ms -= 100) {
        if (patience_ms <= 0)
            return -EIO;
        poll(NULL, 0, 100);
    }
    return 0;
}

static int replay(struct drain *drain, int patience_ms) {
    int error = 0;
    if (drain->journal->header->phase & PHASE_WRITING)
        error = take_over_batches(drain);
    if (error == 0)
        error = write_out(drain, patience_ms);
    while (error == 0 && drain_pass(drain, UINT64_MAX) > 0)
        error = write_out(drain, patience_ms);
    if (error == 0)
        burst_end(drain, UINT64_MAX, true);
    while (error == 0 && !tail_release(drain))
        error = write_out(drain, patience_ms);
    if (error == 0) {
        do
            drain_abandoned(drain);
        while (drain->now.spans_scanned < (uint64_t)drain->journal->span_segment_count * (256u) &&
               (error = write_out(drain, patience_ms)) == 0);
    }
    return error == 0 ? write_out(drain, patience_ms) : error;
}

static int read_outputs(const struct journal_header *header, bool streams_to_stdout,
                        struct output_setting *outputs, uint32_t *ret_count) {
    if (outputs_parse(journal_outputs(header), outputs, ret_count) != NULL)
        return -EBADMSG;
    for (uint32_t i = 0; i < *ret_count; i++) {
        if (streams_to_stdout && strcmp(outputs[i].sink, "stderr") == 0)
            strcpy(outputs[i].sink, "stdout");
    }
    return 0;
}

static void describe(const struct journal_header *header, const struct output_setting *outputs,
                     uint32_t count, struct recover_result *result) {
    snprintf(result->service, sizeof result->service, "%s", header->service);
    result->pid = header->pid;
    if (count > 0)
        snprintf(result->file, sizeof result->file, "%s",
                 outputs[0].target[0] != '\0' ? outputs[0].target : outputs[0].sink);
}

int recover_journal(const char *path, bool streams_to_stdout, int patience_ms,
                    struct recover_result *result) {
    struct journal journal;
    struct output_setting outputs[JOURNAL_MAX_OUTPUTS];
    uint32_t count = 0;
    memset(result, 0, sizeof *result);
    snprintf(result->journal, sizeof result->journal, "%s", path);
    int error = journal_read_dead(&journal, path);
    if (error != 0) {
        result->error = error;
        return error;
    }
    error = read_outputs(journal.header, streams_to_stdout, outputs, &count);
    describe(journal.header, outputs, count, result);
    struct drain *drain = error == 0 ? calloc(1, sizeof *drain) : NULL;
    if (error == 0 && drain == NULL)
        error = -ENOMEM;
    if (error == 0)
        error = drain_init(drain, &journal, outputs, count, true);
    if (error == 0)
        error = replay(drain, patience_ms);
    if (drain != NULL) {
        result->records = drain->counts.records - drain->counts.abandoned;
        result->spans_abandoned = drain->counts.abandoned;
        drain_close(drain);
        free(drain);
    }
    result->error = error;
    journal_close(&journal, error == 0);
    return error;
}

/* ---- the directory --------------------------------------------------------------------------- */

static bool is_journal(const char *name) {
    size_t size = strlen(name), suffix = strlen(JOURNAL_SUFFIX);
    return size > suffix && strcmp(name + size - suffix, JOURNAL_SUFFIX) == 0;
}

/* Reads only the head, to ask whose it is; the whole is checked by journal_read_dead. */
static bool is_of_service(const char *path, const char *service) {
    char text[sizeof((struct journal_header *)0)->service];
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return false;
    ssize_t got = pread(fd, text, sizeof text, offsetof(struct journal_header, service));
    close(fd);
    return got == (ssize_t)sizeof text && memchr(text, '\0', sizeof text) != NULL &&
           strcmp(text, service) == 0;
}

/* Left by a process that died while it made its journal: nothing was acknowledged yet. A living one
 * locks its file before anything else, and notices when it was removed all the same. */
static bool remove_unborn(const char *path) {
    struct stat status;
    char magic[8] = {0};
    int fd = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return false;
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 1};
    bool unborn = fcntl(fd, F_SETLK, &lock) == 0 && fstat(fd, &status) == 0 &&
                  S_ISREG(status.st_mode) && status.st_uid == geteuid() && status.st_nlink == 1 &&
                  pread(fd, magic, sizeof magic, 0) >= 0 &&
                  memcmp(magic, "\0\0\0\0\0\0\0\0", sizeof magic) == 0;
    if (unborn)
        unlink(path);
    close(fd);
    return unborn;
}

static int recover_named(const char *path, const char *service, bool streams_to_stdout,
                         int patience_ms,
                         void (*seen)(const struct recover_result *result, void *arg), void *arg) {
    struct recover_result result;
    if (service != NULL && !is_of_service(path, service)) {
        remove_unborn(path);
        return 0;
    }
    int error = recover_journal(path, streams_to_stdout, patience_ms, &result);
    if (error == -EAGAIN || error == -ENOENT)
        return 0;
    if (error == -EBADMSG && remove_unborn(path))
        return 0;
    if (seen != NULL)
        seen(&result, arg);
    return error != 0;
}

int recover_directory(const char *directory, const char *service, bool streams_to_stdout,
                      int patience_ms, void (*seen)(const struct recover_result *result, void *arg),
                      void *arg) {
    char place[400], path[700];
    int unfinished = 0;
    int error = journal_directory(directory, false, place, sizeof place);
    if (error != 0)
        return error;
    DIR *entries = opendir(place);
    if (entries == NULL)
        return -errno;
    for (struct dirent *entry; (entry = readdir(entries)) != NULL;) {
        snprintf(path, sizeof path, "%s/%s", place, entry->d_name);
        if (is_journal(entry->d_name) && !journal_is_own(entry->d_name))
            unfinished += recover_named(path, service, streams_to_stdout, patience_ms, seen, arg);
    }
    closedir(entries);
    return unfinished;
}

static void add_records(const struct recover_result *result, void *arg) {
    *(uint64_t *)arg += result->records + result->spans_abandoned;
}

uint64_t recover_service(const struct settings *settings) {
    uint64_t records = 0; /* no patience: this process's own records are waiting */
    recover_directory(settings->journal_dir, settings->service, false, 0, add_records, &records);
    return records;
}
