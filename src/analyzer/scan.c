/* analyzer/scan.c: see scan.h. The jobs take pieces under one lock; reading a stream happens under
 * it as well, reading files does not. What has been read is committed under another: a job that
 * waits for a stream must not hold up what is there already. */
#include "src/analyzer/scan.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#define TAIL_SIZE 8192 /* read behind a piece at once; nearly every line ends in it */

struct run {
    struct spanlog_scan *scan;
    pthread_mutex_t commit_lock; /* guards the next two, and turn */
    pthread_cond_t turn;
    uint64_t committed;
    int error;
    pthread_mutex_t lock; /* guards all that follows */
    size_t source;        /* next piece: from here */
    uint64_t offset;
    uint64_t number;
    uint64_t bytes_done, bytes_total;

    /* The stream that is being read: bytes behind its last newline wait in carry. */
    int stream_fd;
    char *carry;
    size_t carry_size, carry_room;
    uint64_t stream_line;
    bool in_long_line;
};

struct worker {
    struct run *run;
    void *job;
    pthread_t thread;
    char *buffer;
    size_t room;
    int fd;
    size_t fd_source;
};

/* Room for size bytes, a newline and the padding. */
static int reserve(struct worker *worker, size_t size, size_t keep) {
    if (worker->buffer && worker->room >= size)
        return 0;
    char *grown = malloc(size + 1 + SPANLOG_JSON_PADDING);
    if (!grown)
        return -ENOMEM;
    if (keep)
        memcpy(grown, worker->buffer, keep);
    free(worker->buffer);
    worker->buffer = grown;
    worker->room = size;
    return 0;
}

static void finish_chunk(struct spanlog_chunk *chunk, char *begin, char *end) {
    chunk->begin = begin;
    chunk->end = end;
    memset(end, 0, SPANLOG_JSON_PADDING);
}

/* ---- files -------------------------------------------------------------------------------- */

/* Reads until `size` bytes are there or the file ends early. */
static ssize_t read_at(int fd, char *out, size_t size, uint64_t offset) {
    size_t done = 0;
    while (done < size) {
        ssize_t got = pread(fd, out + done, size - done, (off_t)(offset + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -errno;
        if (got == 0)
            break;
        done += (size_t)got;
    }
    return (ssize_t)done;
}

static int open_source(struct worker *worker, size_t index) {
    if (worker->fd >= 0 && worker->fd_source == index)
        return worker->fd;
    if (worker->fd >= 0)
        close(worker->fd);
    worker->fd = spanlog_source_open(&worker->run->scan->sources->list[index]);
    worker->fd_source = index;
    return worker->fd;
}

/* Finds the end of the line that crosses `piece_end`, reading on where needed. Returns the byte
 * behind its newline, the end of the file (*ret_at_end), or NULL: the line is too long. */
static char *line_across(struct worker *worker, int fd, uint64_t base, uint64_t file_end,
                         size_t piece_end, size_t have, bool *ret_at_end, int *ret_rc) {
    for (size_t from = piece_end;;) {
        char *newline = memchr(worker->buffer + from, '\n', have - from);
        if (newline)
            return newline + 1;
        if (base + have >= file_end) {
            *ret_at_end = true;
            return worker->buffer + have;
        }
        if (have - piece_end > SPANLOG_LINE_SIZE_MAX)
            return NULL;
        from = have;
        size_t more = have - piece_end < TAIL_SIZE ? TAIL_SIZE : 2 * (have - piece_end);
        if (more > file_end - base - have)
            more = (size_t)(file_end - base - have);
        *ret_rc = reserve(worker, have + more, have);
        ssize_t got = *ret_rc < 0 ? *ret_rc : read_at(fd, worker->buffer + have, more, base + have);
        if (got < 0) {
            *ret_rc = (int)got;
            return NULL;
        }
        have += (size_t)got;
        if (got == 0) /* the file has become shorter */
            file_end = base + have;
    }
}

static char *last_newline(char *begin, char *end) {
    return memrchr(begin, '\n', (size_t)(end - begin));
}

/* One piece of a regular file: [offset, offset + size), of which the lines that begin in it. */
static int read_piece(struct worker *worker, const struct spanlog_source *source, uint64_t offset,
                      size_t size, struct spanlog_chunk *chunk) {
    /* One byte more in front tells whether a line begins at offset. */
    size_t before = offset > source->begin;
    uint64_t base = offset - before;
    size_t want = before + size + TAIL_SIZE;
    if (want > source->size - base)
        want = (size_t)(source->size - base);
    int fd = open_source(worker, chunk->source);
    int rc = fd < 0 ? fd : reserve(worker, want, 0);
    ssize_t got = rc < 0 ? rc : read_at(fd, worker->buffer, want, base);
    if (got < 0)
        return (int)got;
    size_t have = (size_t)got, piece_end = before + size < have ? before + size : have;
    char *begin = worker->buffer;
    chunk->offset = offset;
    chunk->begin = chunk->end = begin; /* unless a line begins here */
    if (have <= before)
        return 0;
    if (before) {
        begin = memchr(begin, '\n', piece_end - 1);
        if (!begin)
            return 0;
        begin++;
    }
    size_t skipped = (size_t)(begin - worker->buffer);
    char *end = line_across(worker, fd, base, source->size, piece_end - 1, have,
                            &chunk->unfinished_last, &rc);
    if (rc < 0)
        return rc;
    begin = worker->buffer + skipped;
    chunk->offset = base + skipped;
    if (!end) {
        end = last_newline(begin, worker->buffer + piece_end - 1);
        end = end ? end + 1 : begin;
        finish_chunk(chunk, begin, end);
        spanlog_issues_bad_line(worker->run->scan->issues, chunk, end, "longer than 16 MB");
        return 0;
    }
    if (chunk->unfinished_last)
        *end++ = '\n';
    finish_chunk(chunk, begin, end);
    return 0;
}

/* ---- streams ------------------------------------------------------------------------------ */

static bool more_is_there(int fd) {
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
    return poll(&poll_fd, 1, 0) > 0;
}

/* Fills the buffer behind `have`: what is there now, at least something. 0: end. */
static ssize_t read_some(int fd, char *out, size_t room) {
    size_t done = 0;
    do {
        ssize_t got = read(fd, out + done, room - done);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -errno;
        if (got == 0)
            break;
        done += (size_t)got;
    } while (done < room && more_is_there(fd));
    return (ssize_t)done;
}

/* Under the lock. The carry goes to the front of the worker's buffer. */
static int take_carry(struct run *run, struct worker *worker, size_t piece) {
    int rc = reserve(worker, run->carry_size + piece, 0);
    if (rc == 0 && run->carry_size)
        memcpy(worker->buffer, run->carry, run->carry_size);
    return rc;
}

static int keep_carry(struct run *run, const char *data, size_t size) {
    if (size > run->carry_room) {
        char *grown = realloc(run->carry, size);
        if (!grown)
            return -ENOMEM;
        run->carry = grown;
        run->carry_room = size;
    }
    if (size)
        memcpy(run->carry, data, size);
    run->carry_size = size;
    return 0;
}

/* The line that began before is over 16 MB: drops its bytes up to the newline. Returns what stays.
 */
static size_t drop_long_line(struct run *run, char *buffer, size_t have) {
    char *newline = memchr(buffer, '\n', have);
    size_t dropped = newline ? (size_t)(newline + 1 - buffer) : have;
    memmove(buffer, buffer + dropped, have - dropped);
    run->offset += dropped;
    run->in_long_line = !newline;
    run->stream_line += newline != NULL;
    return have - dropped;
}

static uint64_t count_lines(const char *begin, const char *end) {
    uint64_t count = 0;
    while (begin < end && (begin = memchr(begin, '\n', (size_t)(end - begin))) != NULL) {
        begin++;
        count++;
    }
    return count;
}

static void note_long_line(struct run *run, struct spanlog_chunk *chunk, char *buffer) {
    chunk->first_line = run->stream_line;
    chunk->offset = run->offset;
    finish_chunk(chunk, buffer, buffer);
    spanlog_issues_bad_line(run->scan->issues, chunk, buffer, "longer than 16 MB");
}

/* Under the lock. Whole lines into the worker's buffer; *ret_more false at the end. */
static int read_stream(struct run *run, struct worker *worker, size_t piece,
                       struct spanlog_chunk *chunk, bool *ret_more) {
    size_t have = run->carry_size;
    int rc = take_carry(run, worker, piece);
    char *newline = NULL;
    *ret_more = true;
    while (rc == 0 && !newline) {
        ssize_t got = read_some(run->stream_fd, worker->buffer + have, worker->room - have);
        if (got < 0)
            return (int)got;
        size_t from = have;
        have += (size_t)got;
        run->bytes_done += (uint64_t)got;
        *ret_more = got > 0;
        if (run->in_long_line) {
            have = drop_long_line(run, worker->buffer, have);
            from = 0;
        }
        newline = last_newline(worker->buffer + from, worker->buffer + have);
        if (!*ret_more)
            break;
        if (!newline && have > SPANLOG_LINE_SIZE_MAX) {
            note_long_line(run, chunk, worker->buffer);
            run->in_long_line = true;
            have = drop_long_line(run, worker->buffer, have);
        } else if (!newline && have == worker->room) {
            rc = reserve(worker, 2 * have, have);
        }
    }
    if (rc < 0)
        return rc;
    char *end = newline ? newline + 1 : worker->buffer;
    if (!*ret_more && have > (size_t)(end - worker->buffer)) {
        end = worker->buffer + have;
        *end++ = '\n';
        chunk->unfinished_last = true;
        have++;
    }
    size_t used = (size_t)(end - worker->buffer);
    rc = keep_carry(run, end, have - used);
    chunk->first_line = run->stream_line;
    chunk->offset = run->offset;
    run->offset += used;
    run->stream_line += count_lines(worker->buffer, end);
    finish_chunk(chunk, worker->buffer, end);
    return rc;
}

static void start_stream(struct run *run, const struct spanlog_source *source) {
    run->stream_fd = spanlog_source_open(source);
    run->carry_size = 0;
    run->offset = 0;
    run->stream_line = 1;
    run->in_long_line = false;
}

static void next_source(struct run *run) {
    if (run->stream_fd >= 0)
        close(run->stream_fd);
    run->stream_fd = -1;
    run->source++;
    run->offset = 0;
}

static bool is_fatal(int rc) {
    return rc == -ENOMEM;
}

/* ---- jobs --------------------------------------------------------------------------------- */

/* Under the lock: 1 with a piece of a file or the lines of a stream, 0 at the end, -errno. */
static int take_piece(struct run *run, struct worker *worker, struct spanlog_chunk *chunk,
                      size_t *ret_size) {
    struct spanlog_scan *scan = run->scan;
    size_t piece = scan->piece_size ? scan->piece_size : SPANLOG_PIECE_SIZE;
    while (run->source < scan->sources->count) {
        const struct spanlog_source *source = &scan->sources->list[run->source];
        *chunk = (struct spanlog_chunk){.source = (uint32_t)run->source, .number = run->number};
        if (!source->is_stream) {
            if (run->offset < source->begin)
                run->offset = source->begin;
            if (run->offset < source->size) {
                uint64_t left = source->size - run->offset;
                *ret_size = left < piece ? (size_t)left : piece;
                chunk->offset = run->offset;
                run->offset += *ret_size;
                run->bytes_done += *ret_size;
                run->number++;
                return 1;
            }
            next_source(run);
            continue;
        }
        if (run->stream_fd < 0)
            start_stream(run, source);
        bool more = false;
        int rc =
            run->stream_fd < 0 ? run->stream_fd : read_stream(run, worker, piece, chunk, &more);
        if (is_fatal(rc))
            return rc;
        if (rc < 0)
            spanlog_issues_unreadable(scan->issues, source->path, -rc);
        if (rc < 0 || !more)
            next_source(run);
        if (rc == 0) {
            *ret_size = 0;
            run->number++;
            return 1;
        }
    }
    return 0;
}

static void stop(struct run *run, int rc) {
    pthread_mutex_lock(&run->commit_lock);
    if (run->error == 0)
        run->error = rc;
    pthread_cond_broadcast(&run->turn);
    pthread_mutex_unlock(&run->commit_lock);
}

static int error_of(struct run *run) {
    pthread_mutex_lock(&run->commit_lock);
    int error = run->error;
    pthread_mutex_unlock(&run->commit_lock);
    return error;
}

static int commit_in_turn(struct worker *worker, const struct spanlog_chunk *chunk) {
    struct run *run = worker->run;
    pthread_mutex_lock(&run->commit_lock);
    while (run->committed != chunk->number && run->error == 0)
        pthread_cond_wait(&run->turn, &run->commit_lock);
    int rc = run->error;
    pthread_mutex_unlock(&run->commit_lock);
    if (rc == 0)
        rc = run->scan->commit(worker->job, chunk);
    pthread_mutex_lock(&run->commit_lock);
    run->committed++;
    pthread_cond_broadcast(&run->turn);
    pthread_mutex_unlock(&run->commit_lock);
    return rc;
}

/* One long line must not hold its 16 MB to the end. */
static void shrink(struct worker *worker) {
    if (worker->room > 4 * SPANLOG_PIECE_SIZE) {
        free(worker->buffer);
        worker->buffer = NULL;
        worker->room = 0;
    }
}

static int one_piece(struct worker *worker, struct spanlog_chunk *chunk, size_t size) {
    struct spanlog_scan *scan = worker->run->scan;
    int rc = 0;
    if (size > 0) {
        const struct spanlog_source *source = &scan->sources->list[chunk->source];
        rc = read_piece(worker, source, chunk->offset, size, chunk);
        if (rc < 0 && !is_fatal(rc)) {
            spanlog_issues_unreadable(scan->issues, source->path, -rc);
            chunk->begin = chunk->end = "";
            rc = 0;
        }
    }
    if (rc == 0)
        rc = scan->chunk(worker->job, chunk);
    if (rc == 0 && scan->commit)
        rc = commit_in_turn(worker, chunk);
    shrink(worker);
    return rc;
}

static void *work(void *argument) {
    struct worker *worker = argument;
    struct run *run = worker->run;
    struct spanlog_chunk chunk;
    size_t size = 0;
    for (;;) {
        pthread_mutex_lock(&run->lock);
        int rc = error_of(run);
        if (rc == 0)
            rc = take_piece(run, worker, &chunk, &size);
        if (rc > 0 && run->scan->progress)
            run->scan->progress(run->bytes_done, run->bytes_total);
        pthread_mutex_unlock(&run->lock);
        if (rc > 0)
            rc = one_piece(worker, &chunk, size);
        else if (rc == 0)
            break;
        if (rc < 0) {
            stop(run, rc);
            break;
        }
    }
    if (worker->fd >= 0)
        close(worker->fd);
    free(worker->buffer);
    return NULL;
}

static uint64_t total_size(const struct spanlog_sources *sources) {
    uint64_t total = 0;
    for (size_t i = 0; i < sources->count; i++) {
        if (sources->list[i].is_stream)
            return 0;
        total += sources->list[i].size - sources->list[i].begin;
    }
    return total;
}

int spanlog_scan_run(struct spanlog_scan *scan) {
    struct run run = {.scan = scan,
                      .commit_lock = PTHREAD_MUTEX_INITIALIZER,
                      .lock = PTHREAD_MUTEX_INITIALIZER,
                      .turn = PTHREAD_COND_INITIALIZER,
                      .bytes_total = total_size(scan->sources),
                      .stream_fd = -1};
    struct worker *workers = calloc(scan->job_count, sizeof *workers);
    if (!workers)
        return -ENOMEM;
    unsigned started = 1;
    for (unsigned i = 0; i < scan->job_count; i++)
        workers[i] = (struct worker){.run = &run, .job = scan->jobs[i], .fd = -1};
    /* Fewer threads than asked for are enough: the first job runs here. */
    while (started < scan->job_count &&
           pthread_create(&workers[started].thread, NULL, work, &workers[started]) == 0)
        started++;
    work(&workers[0]);
    for (unsigned i = 1; i < started; i++)
        pthread_join(workers[i].thread, NULL);
    if (run.stream_fd >= 0)
        close(run.stream_fd);
    free(run.carry);
    free(workers);
    return run.error;
}
