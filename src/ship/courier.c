/* ship/courier.c: see courier.h. */
#include "src/ship/courier.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "formatters/utf8.h"
#include "src/core/ids.h"

#define SAVE_MS 250
#define SHOW_MS 500
#define NAP_MS 100
#define PRIME_SIZE (64u << 10)
#define STOPPING_POLL_MS 50

/* ---- what is said ------------------------------------------------------------------------- */

void spanlog_ship_say(struct spanlog_ship_courier *courier, const char *form, ...) {
    char text[1024];
    int head = snprintf(text, sizeof text, "%.300s: ", courier->endpoint.name);
    va_list arguments;
    va_start(arguments, form);
    vsnprintf(text + head, sizeof text - (size_t)head, form, arguments);
    va_end(arguments);
    spanlog_ship_shared_say(courier->shared, text);
}

static void say_path(void *argument, const char *path, const char *what) {
    struct spanlog_ship_courier *courier = argument;
    char text[4096 + 256];
    if (!spanlog_ship_shared_is_new(courier->shared, path, what))
        return;
    snprintf(text, sizeof text, "%.3900s: %.200s", path, what);
    spanlog_ship_shared_say(courier->shared, text);
}

void spanlog_ship_note_error(struct spanlog_ship_courier *courier, const char *text) {
    struct spanlog_ship_state *state = &courier->state;
    struct timespec now;
    size_t size = spanlog_utf8_trim(text, strnlen(text, sizeof state->error - 1));
    memcpy(state->error, text, size);
    state->error[size] = 0;
    clock_gettime(CLOCK_REALTIME, &now);
    state->error_ns = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

void spanlog_ship_show(struct spanlog_ship_courier *courier, bool now) {
    uint64_t now_ms = spanlog_ship_now_ms();
    char text[512];
    if (!courier->settings->progress || (!now && now_ms < courier->shown_ms + SHOW_MS))
        return;
    courier->shown_ms = now_ms;
    snprintf(text, sizeof text, "%.200s: %llu records, %.1f MB; %.1f MB to go",
             courier->endpoint.name, (unsigned long long)courier->state.counts.records,
             (double)courier->state.counts.bytes / 1e6,
             (double)spanlog_ship_files_lag(&courier->files) / 1e6);
    spanlog_ship_shared_show(courier->shared, text);
}

/* One line when it begins. */
static void say_lost(struct spanlog_ship_courier *courier) {
    struct spanlog_ship_files *files = &courier->files;
    bool loses = files->lost || files->lost_more;
    courier->state.counts.lost += files->lost;
    courier->lost += files->lost;
    files->lost = 0;
    files->lost_more = false;
    if (loses && !courier->has_said_lost)
        spanlog_ship_say(courier, "the spool is full: what is oldest in it is let go unsent");
    courier->has_said_lost |= loses;
}

void spanlog_ship_say_lost(struct spanlog_ship_courier *courier) {
    say_lost(courier);
    if (courier->has_said_lost)
        spanlog_ship_say(courier, "at least %.1f MB were let go unsent, as the spool was full",
                         (double)courier->lost / 1e6);
    courier->has_said_lost = false;
    courier->lost = 0;
}

void spanlog_ship_save(struct spanlog_ship_courier *courier) {
    say_lost(courier);
    int rc = spanlog_ship_state_save(&courier->state, &courier->files);
    courier->saved_ms = spanlog_ship_now_ms();
    courier->is_dirty = rc < 0;
    if (rc < 0 && !courier->cannot_save)
        spanlog_ship_say(courier,
                         "the checkpoint cannot be written: %s; sending goes on, and after a "
                         "restart some records are sent again",
                         strerror(-rc));
    if (rc == 0 && courier->cannot_save)
        spanlog_ship_say(courier, "the checkpoint is written again");
    courier->cannot_save = rc < 0;
}

/* ---- waiting ------------------------------------------------------------------------------ */

static void begin_stop(struct spanlog_ship_courier *courier) {
    if (courier->is_stopping)
        return;
    courier->is_stopping = true;
    courier->stop_ms = spanlog_ship_now_ms() + courier->settings->grace_ms;
    courier->http.wait_fds[0] = -1; /* it stays readable */
    courier->http.poll_ms = STOPPING_POLL_MS;
}

/* While a server is waited for. */
static bool look_around(void *argument) {
    struct spanlog_ship_courier *courier = argument;
    struct pollfd stop = {.fd = courier->stop_fd, .events = POLLIN};
    if (!courier->is_stopping && poll(&stop, 1, 0) > 0)
        begin_stop(courier);
    spanlog_ship_files_update(&courier->files);
    return !courier->is_stopping || spanlog_ship_now_ms() < courier->stop_ms;
}

bool spanlog_ship_wait(struct spanlog_ship_courier *courier, uint64_t wake_ms, bool until_change) {
    while (!courier->is_stopping) {
        struct pollfd fds[2] = {{.fd = courier->stop_fd, .events = POLLIN},
                                {.fd = courier->files.inotify, .events = POLLIN}};
        uint64_t now_ms = spanlog_ship_now_ms();
        if (wake_ms && now_ms >= wake_ms)
            return true;
        uint64_t left_ms = wake_ms ? wake_ms - now_ms : 0;
        int timeout_ms = !wake_ms ? -1 : left_ms > 60000 ? 60000 : (int)left_ms;
        int rc = poll(fds, 2, timeout_ms);
        if (rc > 0 && fds[0].revents)
            begin_stop(courier);
        if (rc > 0 && fds[1].revents && spanlog_ship_files_update(&courier->files) < 0)
            return false;
        if (rc > 0 && fds[1].revents && until_change)
            return !courier->is_stopping;
        /* A busy writer need not wake us for each line. */
        if (rc > 0 && fds[1].revents && poll(fds, 1, NAP_MS) > 0)
            begin_stop(courier);
    }
    return false;
}

/* ---- gathering ---------------------------------------------------------------------------- */

static uint64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static int take_line(struct spanlog_ship_courier *courier, struct spanlog_ship_file *file,
                     const struct spanlog_record *record, const char *line, uint64_t oldest_ns) {
    /* A line that does not say when follows the one before. */
    if (record->time_ns)
        file->time_ns = record->time_ns;
    else if (file->time_ns == 0)
        file->time_ns = now_ns();
    if ((record->time_ns && record->time_ns < oldest_ns) ||
        (courier->target->level && record->level < courier->target->level)) {
        courier->state.counts.left_out++;
        return 0;
    }
    struct spanlog_ship_record of = {record, line, file->time_ns, file};
    int rc = courier->writer.protocol->add(&courier->writer, &of);
    courier->state.counts.left_out += rc > 0;
    return rc < 0 ? rc : 0;
}

static int take_chunk(struct spanlog_ship_courier *courier, struct spanlog_ship_file *file,
                      const struct spanlog_chunk *chunk) {
    struct spanlog_record record;
    const char *line;
    uint64_t age_ns = courier->target->max_age_ns, now = age_ns ? now_ns() : 0;
    uint64_t oldest_ns = age_ns && age_ns < now ? now - age_ns : 0;
    int rc, taken = 0;
    spanlog_lines_begin(&courier->lines, chunk);
    while (taken == 0 && (rc = spanlog_lines_next(&courier->lines, &record, &line)) > 0)
        taken = take_line(courier, file, &record, line, oldest_ns);
    courier->state.counts.unreadable += courier->lines.bad;
    return taken < 0 ? taken : rc;
}

/* After a restart: which equal lines stood before the place where reading goes on. */
static int prime_twins(struct spanlog_ship_courier *courier, struct spanlog_ship_file *file) {
    uint64_t from = file->at > PRIME_SIZE ? file->at - PRIME_SIZE : 0;
    size_t size = (size_t)(file->at - from);
    struct spanlog_chunk chunk = {.offset = from};
    struct spanlog_record record;
    const char *line;
    if (spanlog_ship_file_open(&courier->files, file) < 0)
        return 0;
    if (spanlog_buffer_reserve(&courier->buffer, PRIME_SIZE, 0) < 0)
        return -ENOMEM;
    char *data = courier->buffer.data;
    if (pread(file->fd, data, size, (off_t)from) != (ssize_t)size)
        return 0;
    char *begin = from ? memchr(data, '\n', size) : data;
    char *end = memrchr(data, '\n', size);
    if (!begin || !end || end <= begin)
        return 0;
    spanlog_chunk_finish(&chunk, from ? begin + 1 : begin, end + 1);
    spanlog_lines_begin(&courier->lines, &chunk);
    while (spanlog_lines_next(&courier->lines, &record, &line) > 0)
        if (record.time_ns)
            spanlog_ship_twins(file, record.time_ns, line, (size_t)(record.end - line));
    return 0;
}

/* Up to a piece of lines from the files that are furthest behind. Bytes, or -ENOMEM. */
static int64_t gather(struct spanlog_ship_courier *courier, int64_t gathered) {
    struct spanlog_ship_file *file;
    struct spanlog_chunk chunk;
    while (gathered < SPANLOG_SHIP_PIECE_SIZE &&
           (file = spanlog_ship_files_next(&courier->files)) != NULL) {
        uint64_t before = file->at;
        if (courier->endpoint.protocol == SPANLOG_SHIP_LOKI && !file->twins && file->at &&
            prime_twins(courier, file) < 0)
            return -ENOMEM;
        int rc = spanlog_ship_files_read(&courier->files, file, &courier->buffer, &chunk);
        int64_t taken = rc > 0 ? chunk.end - chunk.begin : file->at != before;
        if (rc > 0)
            rc = take_chunk(courier, file, &chunk);
        if (rc < 0)
            return rc;
        gathered += taken;
    }
    return gathered;
}

/* ---- opening ------------------------------------------------------------------------------ */

/* Once the lock is ours; rc is what reading the state has given. */
static int begin_state(struct spanlog_ship_courier *courier, int rc, char *problem) {
    if (rc == -EBADMSG)
        spanlog_ship_say(courier, "its checkpoint is damaged: the files are sent from their start");
    else if (rc < 0)
        snprintf(problem, SPANLOG_SHIP_PROBLEM, "%.200s: its state cannot be read: %s",
                 courier->endpoint.name, strerror(-rc));
    if (rc < 0 && rc != -EBADMSG)
        return rc;
    free(courier->state.target);
    courier->state.target = strdup(courier->endpoint.name);
    courier->state.pid = (long)getpid();
    return courier->state.target ? 0 : -ENOMEM;
}

static int open_files(struct spanlog_ship_courier *courier, char *problem) {
    const struct spanlog_ship_settings *settings = courier->settings;
    courier->files = (struct spanlog_ship_files){.paths = settings->paths,
                                                 .path_count = settings->path_count,
                                                 .state = &courier->state,
                                                 .inotify = -1,
                                                 .is_final = settings->once,
                                                 .is_spool = settings->stop != NULL,
                                                 .line_size_max = settings->memory / 8,
                                                 .say = say_path,
                                                 .argument = courier};
    int rc = spanlog_ship_files_open(&courier->files);
    if (rc < 0)
        snprintf(problem, SPANLOG_SHIP_PROBLEM, "the files cannot be watched: %s", strerror(-rc));
    return rc;
}

/* ---- the thread --------------------------------------------------------------------------- */

/* Nothing to send: 0, or 1 when it is time to end. */
static int idle(struct spanlog_ship_courier *courier) {
    if (courier->files.must_list)
        return 0;
    if (courier->is_dirty)
        spanlog_ship_save(courier);
    spanlog_ship_say_lost(courier);
    if (courier->settings->stop && courier->settings->target_count == 1 && !courier->is_dirty)
        spanlog_ship_files_tidy(&courier->files);
    spanlog_ship_show(courier, true);
    if (courier->settings->once)
        return 1;
    uint64_t wake_ms = spanlog_ship_files_wake_ms(&courier->files);
    if (courier->cannot_save) {
        uint64_t again_ms = spanlog_ship_now_ms() + 5000;
        wake_ms = wake_ms && wake_ms < again_ms ? wake_ms : again_ms;
    }
    return !spanlog_ship_wait(courier, wake_ms, true);
}

static int send_all(struct spanlog_ship_courier *courier) {
    int rc = spanlog_ship_deliver(courier);
    if (rc < 0)
        return rc;
    spanlog_ship_files_commit(&courier->files);
    for (unsigned i = 0; i < SPANLOG_SHIP_DOORS; i++)
        spanlog_ship_batch_clear(&courier->writer.batches[i]);
    if (courier->endpoint.protocol == SPANLOG_SHIP_LOKI)
        spanlog_ship_labels_tidy(&courier->writer.labels, &courier->state);
    courier->is_dirty = true;
    if (spanlog_ship_now_ms() >= courier->saved_ms + SAVE_MS)
        spanlog_ship_save(courier);
    return 0;
}

static int run_once(struct spanlog_ship_courier *courier) {
    bool was_stopping = courier->is_stopping;
    int rc = spanlog_ship_files_update(&courier->files);
    int64_t gathered = rc < 0 ? rc : gather(courier, 0);
    if (gathered == 0) {
        rc = idle(courier);
        return courier->settings->stop && courier->is_stopping && !was_stopping ? 0 : rc;
    }
    /* A little more may come with it. */
    if (gathered > 0 && gathered < SPANLOG_SHIP_PIECE_SIZE && !courier->settings->once &&
        courier->settings->linger_ms &&
        spanlog_ship_wait(courier, spanlog_ship_now_ms() + courier->settings->linger_ms, false))
        gathered = gather(courier, gathered);
    if (gathered < 0)
        return (int)gathered;
    rc = send_all(courier);
    if (rc < 0)
        return rc;
    /* The last of a program: what it has written until then. */
    bool goes_on = courier->settings->stop && spanlog_ship_now_ms() < courier->stop_ms;
    return courier->is_stopping && !goes_on;
}

/* Another process of the program may be sending: until it does not. */
static bool take_turn(struct spanlog_ship_courier *courier) {
    char problem[SPANLOG_SHIP_PROBLEM];
    if (courier->state.lock_is_ours)
        return true;
    int rc = spanlog_ship_state_wait(&courier->state, courier->stop_fd);
    if (rc == -EAGAIN) /* asked to end, and the other sends still */
        return false;
    snprintf(problem, sizeof problem, "no memory");
    if (rc != -ENOMEM)
        rc = begin_state(courier, rc, problem);
    if (rc == 0)
        rc = open_files(courier, problem);
    courier->http.wait_fds[1] = courier->files.inotify;
    if (rc < 0)
        spanlog_ship_shared_say(courier->shared, problem);
    return rc == 0;
}

void *spanlog_ship_courier_main(void *argument) {
    struct spanlog_ship_courier *courier = argument;
    int rc = 0;
    if (!take_turn(courier))
        return NULL;
    courier->success_ms = courier->rate_ms = spanlog_ship_now_ms();
    snprintf(courier->state.what, sizeof courier->state.what, "running");
    spanlog_ship_save(courier);
    while (rc == 0 && !courier->must_stop)
        rc = run_once(courier);
    if (rc == -ENOMEM) {
        spanlog_ship_say(courier, "stopped, what is not sent stays in the files: no memory");
        courier->has_failed = true;
    }
    snprintf(courier->state.what, sizeof courier->state.what, "%s",
             courier->has_failed ? "stopped" : "ended");
    spanlog_ship_save(courier);
    courier->has_failed |= courier->settings->once && courier->files.has_trouble;
    return NULL;
}

/* ---- before it ---------------------------------------------------------------------------- */

static int open_state(struct spanlog_ship_courier *courier, char *problem) {
    int rc =
        spanlog_ship_state_open(&courier->state, courier->directory, courier->endpoint.file_name);
    if (rc == -EBUSY && !courier->settings->stop)
        snprintf(problem, SPANLOG_SHIP_PROBLEM,
                 "%.200s: process %ld sends there already, with the same state; end it, or give "
                 "this one its own: --state DIR",
                 courier->endpoint.name, courier->state.busy_pid);
    return rc == -EBUSY ? rc : begin_state(courier, rc, problem);
}

static int open_http(struct spanlog_ship_courier *courier, char *problem) {
    const struct spanlog_ship_target *target = courier->target;
    bool compresses =
        target->compress == SPANLOG_SHIP_COMPRESS_GZIP ||
        (target->compress == SPANLOG_SHIP_COMPRESS_AUTO && !courier->endpoint.is_local);
    int rc = spanlog_ship_http_open(&courier->http, target, compresses, problem);
    courier->http.wait_fds[0] = courier->stop_fd;
    courier->http.wait_fds[1] = courier->files.inotify;
    courier->http.wait = look_around;
    courier->http.argument = courier;
    return rc;
}

int spanlog_ship_courier_open(struct spanlog_ship_courier *courier,
                              const struct spanlog_ship_settings *settings,
                              const struct spanlog_ship_target *target,
                              char problem[SPANLOG_SHIP_PROBLEM]) {
    struct spanlog_translate_settings plain = {0};
    struct ids_random random;
    courier->settings = settings;
    courier->target = target;
    courier->request_size = target->request_size;
    courier->state = (struct spanlog_ship_state){.directory = -1, .lock = -1};
    courier->files.inotify = -1;
    courier->body.fd = courier->http.compressed.fd = courier->http.text.fd = -1;
    courier->writer = (struct spanlog_ship_writer){.state = &courier->state};
    for (unsigned i = 0; i < SPANLOG_SHIP_DOORS; i++)
        courier->writer.batches[i].text.fd = -1;
    spanlog_lines_init(&courier->lines, &plain, 500, NULL);
    spanlog_reader_init(&courier->writer.reader, 500);
    ids_seed(&random, (uint64_t)(uintptr_t)courier ^ (uint64_t)getpid());
    courier->random = random.state;
    int rc = spanlog_ship_endpoint_read(target, &courier->endpoint, problem);
    if (rc == 0) {
        courier->writer.protocol = spanlog_ship_protocol_of(courier->endpoint.protocol);
        for (unsigned i = 0; i < SPANLOG_SHIP_DOORS; i++)
            courier->writer.is_open[i] = courier->endpoint.url[i] != NULL;
        rc = spanlog_ship_labels_open(&courier->writer.labels, target->labels, target->constants,
                                      problem);
    }
    if (rc == 0)
        rc = open_state(courier, problem);
    if (rc == 0)
        rc = open_files(courier, problem);
    if (rc == -EBUSY && settings->stop)
        rc = 0; /* take_turn() */
    return rc == 0 ? open_http(courier, problem) : rc;
}

void spanlog_ship_courier_close(struct spanlog_ship_courier *courier) {
    spanlog_ship_http_close(&courier->http);
    if (courier->endpoint.name) {
        spanlog_ship_files_close(&courier->files);
        spanlog_ship_state_close(&courier->state);
        spanlog_ship_writer_free(&courier->writer);
        spanlog_ship_endpoint_free(&courier->endpoint);
    }
    spanlog_lines_free(&courier->lines);
    free(courier->buffer.data);
    free(courier->body.data);
}
