/* process/process.c: starting and ending the library in a process. The one place that knows front
 * and back; the rest meets in core/process.h.
 *
 *   NEW --first use--> RUNNING --spanlog_shutdown, exit--> ENDED (callers write for themselves)
 *   any --fork--> NEW in the child
 */
#include "src/process/process.h"

#include "src/back/back.h"
#include "src/core/tell.h"
#include "src/front/carried.h"
#include "src/front/propagate.h"
#include "src/front/sample.h"
#include "src/front/sites.h"
#include "src/front/thread.h"
#include "src/metrics/metrics.h"

#include <linux/membarrier.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>

struct process process;

static struct settings settings;
static bool settings_loaded;
static struct lock start_lock;
/* A child's view of its parent's journal: the call sites' ids are in its dictionary. */
static struct journal inherited;
static bool has_inherited;

static void take_settings(void) {
    process.tail = settings.tail[0] != '\0' && settings.output_count > 0;
    process.counts_spans = settings.metrics && settings.enabled;
    process.flight = settings.flight > 0 && settings.output_count > 0;
    process_live_start(&settings);
    process.sync = settings.sync;
    process.ring_max = settings.ring_size;
    process.ring_budget = 4 * process.ring_max > (16u << 20) ? 4 * process.ring_max : 16u << 20;
    process.max_open_spans = settings.max_open_spans;
    process.open_spans = 0;
    process.error_status_min = settings.error_status_min;
    process.propagators_in = settings.propagators_in;
    process.propagators_out = settings.propagators_out;
    process.baggage_keys = settings.baggage_keys;
    process.attention = 0;
}

static void configure_metrics(void) {
    struct metrics_options options = {.enabled = settings.metrics && settings.enabled,
                                      .max_series = settings.metrics_series,
                                      .file = settings.metrics_file,
                                      .file_interval_ms = settings.metrics_interval_ms};
    metrics_configure(&options);
}

static bool has_membarrier(void) {
#ifdef SPANLOG_PORTABLE
    return false;
#else
    return syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0;
#endif
}

/* The journal, or private memory in its place, said once. */
static bool open_journal(void) {
    struct journal_identity identity = {.directory = settings.journal_dir,
                                        .service = settings.service,
                                        .version = settings.version,
                                        .environment = settings.environment,
                                        .resource = settings.resource,
                                        .outputs = settings.outputs_text,
                                        .redact = process_redact_list(&settings),
                                        .source_fields = settings.source_fields};
    int error = settings.sync ? -ENOTSUP : journal_create(&process.journal, &identity);
    if (error == 0)
        return true;
    if (!settings.sync)
        tell("no journal in %s: %s; records are written by their callers",
             settings.journal_dir[0] != '\0' ? settings.journal_dir : "/dev/shm", strerror(-error));
    process.sync = true;
    return journal_private(&process.journal, &identity) == 0;
}

/* Call sites that are registered already keep their ids in a forked child. */
static bool inherit_dictionary(void) {
    for (uint32_t i = 0; has_inherited && i < inherited.dictionary_count; i++) {
        uint8_t *copy = journal_add_dictionary(&process.journal, inherited.dictionary_sizes[i]);
        if (copy == NULL)
            return false;
        memcpy(copy, inherited.dictionaries[i], inherited.dictionary_sizes[i]);
    }
    return true;
}

static void forget_inherited(void) {
    if (has_inherited)
        journal_close(&inherited, false);
    has_inherited = false;
}

/* Journal, dictionary, outputs and the shared ring; what fails in the file is tried again without
 * it. */
static bool build(void) {
    if (!open_journal())
        return false;
    process.journal.header->error_status_min = process.error_status_min;
    strcpy(process.journal.header->tail, process.tail ? settings.tail : "");
    process.journal.header->tail_memory = settings.tail_memory;
    process.journal.header->burst = settings.burst;
    process.journal.header->flight = process.flight ? settings.flight : 0;
    bool built = inherit_dictionary() && site_open_dictionary(&process.journal) &&
                 back_open(&settings) == 0 &&
                 journal_add_ring(&process.journal, RING_MIN_SIZE) != NULL;
    if (!built && !process.sync) {
        journal_close(&process.journal, true);
        settings.sync = true;
        tell("no room for a journal; records are written by their callers");
        return build();
    }
    return built;
}

static void start(void) {
    if (!settings_loaded)
        settings_load(&settings, NULL);
    settings_loaded = true;
    process_live_resume(&settings);
    process_follow_prepare(&settings);
    take_settings();
    bool threads = !settings.sync; /* which may become true below */
    configure_metrics();
    if (!build()) {
        process.disabled = true;
        tell("out of memory; nothing is logged");
        return;
    }
    process_live_inherit(has_inherited ? inherited.header : NULL);
    forget_inherited();
    if (!has_membarrier())
        process.attention |= RING_ATTENTION_FENCE;
    uint32_t *shared = &process.journal.rings[0]->attention;
    *shared = process.attention | RING_ATTENTION_ASLEEP; /* before the back can look at it */
    process_follow_start(&settings, threads); /* before the back, which may do so as well */
    if (!process.sync && back_start() != 0)
        process.sync = true;
    if (process.sync) {
        process.attention |= RING_ATTENTION_SYNC;
        __atomic_or_fetch(shared, RING_ATTENTION_SYNC, __ATOMIC_SEQ_CST);
    }
    process_watch(settings.signal_handlers && !process.sync);
    if (!process.sync)
        process_watch_files();
    if (process.epoch == 0) /* a forked child is where its parent was */
        propagate_from_environment();
}

bool process_start(void) {
    if (__atomic_load_n(&process.state, __ATOMIC_ACQUIRE) != PROCESS_NEW)
        return !process.disabled;
    struct lock_guard guard = lock_take(&start_lock);
    if (!guard.held)
        return false;
    if (process.state == PROCESS_NEW) {
        start();
        __atomic_store_n(&process.state, PROCESS_RUNNING, __ATOMIC_RELEASE);
    }
    lock_release(&start_lock, &guard);
    return !process.disabled;
}

void process_drain(void) {
    int saved = errno; /* the way here may be a log call's fast path */
    back_drain();
    process_follow_tell();
    errno = saved;
}

int process_redact(const char *rules) {
    int saved = errno;
    struct lock_guard guard = lock_take(&start_lock);
    bool running = process.state != PROCESS_NEW && !process.disabled;
    int error = !guard.held ? -EDEADLK
                : running   ? process_live_redact(rules)
                            : process_redact_add(rules);
    lock_release(&start_lock, &guard);
    errno = saved;
    return error;
}

int spanlog_init(const spanlog_config *config) {
    if (config != NULL && config->size != sizeof *config)
        return -EINVAL;
    int saved = errno;
    struct lock_guard guard = lock_take(&start_lock);
    int error = settings_loaded || process.state != PROCESS_NEW ? -EALREADY : 0;
    if (error == 0) {
        settings_load(&settings, config);
        settings_loaded = true;
    }
    lock_release(&start_lock, &guard);
    if (error == 0 && !process_start())
        error = -ENOMEM;
    errno = saved;
    return error;
}

/* ---- the end ------------------------------------------------------------------------------- */

/* No thread of the program's but this one: nobody can end a span any more. The back's may need a
 * moment to go. */
static bool is_alone(void) {
    for (int tries = 0; tries < 50; tries++) {
        unsigned threads = 1U + process_watches_files() + back_helpers() + process_follow_threads();
        struct stat tasks; /* a directory's links are its two names and one for each below */
        if (stat("/proc/self/task", &tasks) != 0)
            return false;
        if (tasks.st_nlink == 2 + threads)
            return true;
        poll(NULL, 0, 1);
    }
    return false;
}

/* Spans of threads that still run are left to recovery: they may end yet, or not. */
static void remove_journal(void) {
    uint64_t open = 0;
    back_count_spans(&open);
    if (process.journal.path[0] != '\0' && (open == 0 || is_alone()))
        unlink(process.journal.path);
    process.journal.path[0] = '\0';
}

int process_end(int timeout_ms, bool exiting) {
    struct lock_guard guard = lock_take(&start_lock);
    if (!guard.held)
        return -EDEADLK;
    int error = 0;
    if (process.state == PROCESS_RUNNING && !process.disabled) {
        error = back_stop(timeout_ms, exiting ? is_alone : NULL);
        if (error == 0) {
            __atomic_store_n(&process.state, PROCESS_ENDED, __ATOMIC_RELEASE);
            if (exiting)
                remove_journal();
        }
    } else if (process.state == PROCESS_ENDED && exiting) {
        remove_journal();
    }
    lock_release(&start_lock, &guard);
    if (error == 0 || exiting)                          /* else all goes on */
        process_follow_stop(exiting ? -1 : timeout_ms); /* a signal may still end the process */
    return error;
}

int spanlog_shutdown(int timeout_ms) {
    int saved = errno, error = process_end(timeout_ms, false);
    errno = saved;
    return error;
}

int spanlog_flush(int timeout_ms) {
    if (process.state == PROCESS_NEW || process.disabled)
        return 0;
    int saved = errno, error = 0;
    if (!process.sync)
        error = back_flush(timeout_ms);
    else
        back_drain();
    errno = saved;
    return error;
}

static uint64_t get(const uint64_t *from) {
    return __atomic_load_n(from, __ATOMIC_RELAXED);
}

static void count_all(spanlog_statistics *all) {
    const struct control_counts *counts = &process.journal.header->control.counts;
    all->records = get(&counts->records);
    all->spans = get(&counts->spans);
    all->bytes = get(&counts->bytes);
    all->writes = get(&counts->writes);
    all->sink_errors = get(&counts->sink_errors);
    all->sleeps = get(&counts->sleeps);
    all->recovered = get(&counts->recovered);
    all->dropped_full = get(&counts->lost[LOSS_FULL]);
    all->dropped_sink = get(&counts->lost[LOSS_SINK]);
    all->dropped_damaged = get(&counts->lost[LOSS_DAMAGED]);
    all->dropped_spans = get(&counts->lost[LOSS_SPANS]);
    all->dropped_tail = get(&counts->lost[LOSS_TAIL]);
    for (unsigned i = 0; i < LOSS_CAUSES; i++)
        all->dropped += get(&counts->lost[i]);
    back_count_spans(&all->open_spans);
    all->spans_refused = get(&process.journal.header->spans_refused);
    uint32_t rings = __atomic_load_n(&process.journal.ring_count, __ATOMIC_ACQUIRE);
    uint64_t oldest = 0;
    for (uint32_t i = 0; i < rings; i++) {
        const struct ring *ring = process.journal.rings[i];
        uint64_t first = 0;
        all->threads += i > 0 && __atomic_load_n(&ring->state, __ATOMIC_RELAXED) == RING_OWNED;
        all->ring_size += ring->size;
        all->ring_used += ring_waiting(ring, ring_data_of(ring), ring->size, &first);
        if (first != 0 && (oldest == 0 || first < oldest))
            oldest = first;
    }
    if (oldest != 0)
        all->lag_ns = clock_duration_ns(&process.journal.header->clock, oldest, clock_ticks());
}

int spanlog_stats(spanlog_statistics *ret_stats) {
    if (ret_stats == NULL || ret_stats->size == 0)
        return -EINVAL;
    spanlog_statistics all = {.size = ret_stats->size};
    all.headers_refused = __atomic_load_n(&process.headers_refused, __ATOMIC_RELAXED);
    all.contexts_refused = __atomic_load_n(&process.contexts_refused, __ATOMIC_RELAXED);
    if (__atomic_load_n(&process.state, __ATOMIC_ACQUIRE) != PROCESS_NEW &&
        process.journal.header != NULL)
        count_all(&all);
    size_t size = ret_stats->size < sizeof all ? ret_stats->size : sizeof all;
    memcpy(ret_stats, &all, size);
    return 0;
}

/* ---- fork ---------------------------------------------------------------------------------- */

static struct lock_guard fork_start, fork_process;

void process_before_fork(void) {
    fork_start = lock_take(&start_lock);
    fork_process = lock_take(&process.lock);
    back_before_fork();
    metrics_before_fork();
    process_follow_before_fork();
}

void process_after_fork_parent(void) {
    process_follow_after_fork_parent();
    metrics_after_fork_parent();
    back_after_fork_parent();
    lock_release(&process.lock, &fork_process);
    lock_release(&start_lock, &fork_start);
}

void process_after_fork_child(void) {
    process_follow_after_fork_child();
    metrics_after_fork_child();
    back_after_fork_child();
    if (process.state != PROCESS_NEW && !process.disabled) {
        forget_inherited();
        inherited = process.journal;
        has_inherited = true;
        /* Now, before the child can have closed it and got the number again for its own. */
        if (inherited.fd >= 0)
            close(inherited.fd);
        inherited.fd = -1;
    }
    /* A child of one that has not begun is as any process. */
    uint32_t epoch = process.epoch + (process.state != PROCESS_NEW);
    const struct lock_guard guard = fork_start;
    memset(&process, 0, sizeof process);
    memset(&start_lock, 0, sizeof start_lock);
    process.epoch = epoch;
    thread_reset(&spanlog_thread);
    sites_after_fork();
    carried_after_fork();
    sample_after_fork();
    if (guard.held)
        lock_guard_down(&guard);
}
