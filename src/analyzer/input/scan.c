/* analyzer/input/scan.c: see scan.h. The jobs take pieces under one lock; reading a stream happens
 * under it as well, reading files does not. What has been read is committed under another: a job
 * that waits for a stream must not hold up what is there already. */
#include "src/analyzer/input/scan.h"
#include "src/analyzer/input/stream.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

/* Read behind a piece at once: nearly every line ends in it. It is read again with the next piece,
 * so that more would cost more. */
#define TAIL_SIZE 1024

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

    struct spanlog_stream stream; /* that is being read */
    bool stream_ended;
};

struct worker {
    struct run *run;
    void *job;
    pthread_t thread;
    struct spanlog_buffer buffer;
    int fd;
    size_t fd_source;
};

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
        char *newline = memchr(worker->buffer.data + from, '\n', have - from);
        if (newline)
            return newline + 1;
        if (base + have >= file_end) {
            *ret_at_end = true;
            return worker->buffer.data + have;
        }
        if (have - piece_end > SPANLOG_LINE_SIZE_MAX)
            return NULL;
        from = have;
        size_t more = have - piece_end < TAIL_SIZE ? TAIL_SIZE : 2 * (have - piece_end);
        if (more > file_end - base - have)
            more = (size_t)(file_end - base - have);
        *ret_rc = spanlog_buffer_reserve(&worker->buffer, have + more, have);
        ssize_t got =
            *ret_rc < 0 ? *ret_rc : read_at(fd, worker->buffer.data + have, more, base + have);
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
    int rc = fd < 0 ? fd : spanlog_buffer_reserve(&worker->buffer, want, 0);
    ssize_t got = rc < 0 ? rc : read_at(fd, worker->buffer.data, want, base);
    if (got < 0)
        return (int)got;
    size_t have = (size_t)got, piece_end = before + size < have ? before + size : have;
    char *begin = worker->buffer.data;
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
    size_t skipped = (size_t)(begin - worker->buffer.data);
    char *end = line_across(worker, fd, base, source->size, piece_end - 1, have,
                            &chunk->unfinished_last, &rc);
    if (rc < 0)
        return rc;
    begin = worker->buffer.data + skipped;
    chunk->offset = base + skipped;
    if (!end) {
        end = last_newline(begin, worker->buffer.data + piece_end - 1);
        end = end ? end + 1 : begin;
        spanlog_chunk_finish(chunk, begin, end);
        spanlog_issues_bad_line(worker->run->scan->issues, chunk, end, "longer than 16 MB", false);
        return 0;
    }
    if (chunk->unfinished_last)
        *end++ = '\n';
    spanlog_chunk_finish(chunk, begin, end);
    return 0;
}

static void next_source(struct run *run) {
    spanlog_stream_close(&run->stream);
    run->stream_ended = false;
    run->source++;
    run->offset = 0;
}

static bool is_fatal(int rc) {
    return rc == -ENOMEM;
}

/* ---- jobs --------------------------------------------------------------------------------- */

/* The next piece of a file: false at its end. */
static bool take_file_piece(struct run *run, const struct spanlog_source *source, size_t piece,
                            struct spanlog_chunk *chunk, size_t *ret_size) {
    const struct spanlog_scan *scan = run->scan;
    if (run->offset < source->begin)
        run->offset = source->begin;
    while (scan->skip && run->offset < source->size &&
           scan->skip(scan->skip_argument, (uint32_t)run->source, run->offset)) {
        uint64_t left = source->size - run->offset;
        run->offset += left < piece ? left : piece;
        run->bytes_done += left < piece ? left : piece;
    }
    if (run->offset >= source->size)
        return false;
    uint64_t left = source->size - run->offset;
    *ret_size = left < piece ? (size_t)left : piece;
    chunk->offset = run->offset;
    run->offset += *ret_size;
    run->bytes_done += *ret_size;
    return true;
}

/* The next lines of a stream: 1, 0 at its end, or -errno. */
static int take_lines(struct run *run, struct worker *worker, const struct spanlog_source *source,
                      size_t piece, struct spanlog_chunk *chunk) {
    const struct spanlog_scan *scan = run->scan;
    if (run->stream_ended ||
        (scan->skip && scan->skip(scan->skip_argument, (uint32_t)run->source, 0)))
        return 0;
    int rc = run->stream.feed ? 0 : spanlog_stream_open(&run->stream, source);
    if (rc < 0)
        return rc;
    uint64_t before = run->stream.feed->raw_done;
    bool more = false;
    rc = spanlog_stream_read(&run->stream, &worker->buffer, piece, chunk, &more);
    run->bytes_done += run->stream.feed->raw_done - before;
    run->stream_ended = !more;
    return rc < 0 ? rc : 1;
}

/* Under the lock: 1 with a piece of a file or the lines of a stream, 0 at the end, -errno. */
static int take_piece(struct run *run, struct worker *worker, struct spanlog_chunk *chunk,
                      size_t *ret_size) {
    struct spanlog_scan *scan = run->scan;
    size_t piece = scan->piece_size ? scan->piece_size : SPANLOG_PIECE_SIZE;
    for (; run->source < scan->sources->count; next_source(run)) {
        const struct spanlog_source *source = &scan->sources->list[run->source];
        *chunk = (struct spanlog_chunk){.source = (uint32_t)run->source, .number = run->number};
        *ret_size = 0;
        int rc = source->is_stream ? take_lines(run, worker, source, piece, chunk)
                                   : take_file_piece(run, source, piece, chunk, ret_size);
        if (is_fatal(rc))
            return rc;
        if (rc < 0)
            spanlog_issues_unreadable(scan->issues, source->path, -rc);
        if (rc > 0) {
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
    if (worker->buffer.room > 4 * SPANLOG_PIECE_SIZE) {
        free(worker->buffer.data);
        worker->buffer.data = NULL;
        worker->buffer.room = 0;
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
    free(worker->buffer.data);
    return NULL;
}

static uint64_t total_size(const struct spanlog_sources *sources) {
    uint64_t total = 0;
    for (size_t i = 0; i < sources->count; i++) {
        if (!sources->list[i].is_regular)
            return 0;
        total += sources->list[i].size - sources->list[i].begin;
    }
    return total;
}

int spanlog_scan_run(struct spanlog_scan *scan) {
    struct run run = {
        .scan = scan,
        .commit_lock = PTHREAD_MUTEX_INITIALIZER,
        .lock = PTHREAD_MUTEX_INITIALIZER,
        .turn = PTHREAD_COND_INITIALIZER,
        .bytes_total = total_size(scan->sources),
        .stream = {.issues = scan->issues, .document_size_max = scan->document_size_max}};
    struct worker *workers = calloc(scan->job_count, sizeof *workers);
    if (!workers)
        return -ENOMEM;
    unsigned started = 1;
    for (unsigned i = 0; i < scan->job_count; i++)
        workers[i] = (struct worker){.run = &run, .job = spanlog_jobs_at(&scan->jobs, i), .fd = -1};
    /* Fewer threads than asked for are enough: the first job runs here. */
    while (started < scan->job_count &&
           pthread_create(&workers[started].thread, NULL, work, &workers[started]) == 0)
        started++;
    work(&workers[0]);
    for (unsigned i = 1; i < started; i++)
        pthread_join(workers[i].thread, NULL);
    spanlog_stream_free(&run.stream);
    free(workers);
    return run.error;
}
