/* back/back.c: see back.h. */
#include "src/back/back.h"
#include "src/back/pace.h"
#include "src/back/recover.h"
#include "src/core/process.h"
#include "src/metrics/metrics.h"

#include <linux/membarrier.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

#define RETRY_NS 100000000
#define STOP_MS 200
#define CALL_AGAIN_NS 100000000 /* whoever else writes into the word that the back sleeps on */
#define BEGIN_MS 1000 /* a fork waits at most so long for a back that has just been started */

/* Who asked may take it back, unless the thread has begun to go. */
enum stop { STOP_NOT, STOP_ASKED, STOP_GOES };

static struct {
    struct drain drain;
    struct settings settings;
    struct lock lock; /* the drain */
    pthread_t thread;
    int32_t tid;
    bool open, running;
    uint32_t visitors;     /* futex: forks that want the lock; a busy back would not let them in */
    uint32_t begun;        /* futex: the thread has come to its first turn */
    uint32_t stop;         /* enum stop, read at each turn */
    uint32_t ended;        /* futex: the thread has returned */
    uint32_t flush_wanted; /* tickets */
    uint32_t flush_done;   /* futex: the newest ticket that is served */
    uint64_t found;        /* bytes, in the last turn: see how_much */
    int outputs_wait;      /* why others are not taken yet: -EAGAIN, -EBUSY; 0: none are waiting */
    uint64_t rules_until;  /* when live rules expire, ns of CLOCK_MONOTONIC; 0: never */
    uint64_t sleeps;
    uint64_t recovered;
} back;

static struct control *control(void) {
    return &process.journal.header->control;
}

static void put(uint64_t *to, uint64_t value) {
    __atomic_store_n(to, value, __ATOMIC_RELAXED);
}

static uint64_t get(const uint64_t *from) {
    return __atomic_load_n(from, __ATOMIC_RELAXED);
}

/* For spanlog_stats and for the tool, which reads them without asking. Under the lock. */
static void publish_counts(void) {
    const struct drain_counts *now = &back.drain.counts;
    struct control_counts *counts = &control()->counts;
    put(&counts->records, now->records);
    put(&counts->spans, now->spans);
    put(&counts->bytes, now->bytes);
    put(&counts->writes, now->writes);
    put(&counts->sink_errors, now->sink_errors);
    for (unsigned i = 0; i < LOSS_CAUSES; i++)
        put(&counts->lost[i], now->lost[i]);
    put(&counts->sleeps, get(&back.sleeps));
    put(&counts->recovered, get(&back.recovered));
    put(&counts->headers_refused, get(&process.headers_refused));
    put(&counts->contexts_refused, get(&process.contexts_refused));
}

bool back_is_self(void) {
    return back.running &&
           __atomic_load_n(&back.tid, __ATOMIC_RELAXED) == (int32_t)syscall(SYS_gettid);
}

/* ---- the owners of rings ------------------------------------------------------------------- */

static void set_asleep(bool asleep) {
    uint32_t rings = __atomic_load_n(&process.journal.ring_count, __ATOMIC_ACQUIRE);
    for (uint32_t i = 0; i < rings; i++) {
        uint32_t *attention = &process.journal.rings[i]->attention;
        if (asleep)
            __atomic_or_fetch(attention, RING_ATTENTION_ASLEEP, __ATOMIC_SEQ_CST);
        else
            __atomic_and_fetch(attention, ~RING_ATTENTION_ASLEEP, __ATOMIC_SEQ_CST);
    }
}

static void make_owners_see(void) {
    if ((__atomic_load_n(&process.attention, __ATOMIC_RELAXED) & RING_ATTENTION_FENCE) == 0)
        syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/* ---- live control -------------------------------------------------------------------------- */

static bool rules_have_expired(void) {
    return back.rules_until != 0 && clock_gettime_ns(CLOCK_MONOTONIC) >= back.rules_until;
}

/* Under the lock, which keeps forks away from the loader's. */
static void look_at_rules(void) {
    uint32_t generation = __atomic_load_n(&control()->generation, __ATOMIC_ACQUIRE);
    bool reread = __atomic_load_n(&process.settings_changed, __ATOMIC_RELAXED) != 0 &&
                  __atomic_exchange_n(&process.settings_changed, 0, __ATOMIC_SEQ_CST) != 0 &&
                  process.read_settings();
    if (!reread && generation == back.drain.seen && !rules_have_expired() && back.outputs_wait == 0)
        return;
    back.drain.seen = generation;
    back.rules_until = process.take_control();
}

/* The tool waits for something. */
static bool is_asked(void) {
    const struct control *c = control();
    return __atomic_load_n(&c->generation, __ATOMIC_SEQ_CST) != back.drain.seen ||
           __atomic_load_n(&c->flush_wanted, __ATOMIC_SEQ_CST) != c->flush_done ||
           __atomic_load_n(&c->rotate_wanted, __ATOMIC_SEQ_CST) != c->rotate_done;
}

static void answer(uint32_t *done, uint32_t ticket) {
    if (*done == ticket)
        return;
    __atomic_store_n(done, ticket, __ATOMIC_SEQ_CST);
    futex_wake_shared(done);
}

void back_take_levels(const struct settings *settings) {
    for (uint32_t i = 0; i < back.drain.output_count && i < settings->output_count; i++)
        output_take_level(&back.drain.outputs[i], &settings->outputs[i]);
    drain_take_limits(&back.drain, settings->burst, settings->error_status_min);
}

int back_take_outputs(const struct settings *settings) {
    int error = drain_take_outputs(&back.drain, settings->outputs, settings->output_count,
                                   settings->outputs_text);
    back.outputs_wait = error == -EAGAIN || error == -EBUSY ? error : 0;
    return back.outputs_wait != 0 ? -EAGAIN : error;
}

/* ---- sleeping ------------------------------------------------------------------------------ */

static bool is_called(void) {
    return __atomic_load_n(&back.flush_wanted, __ATOMIC_SEQ_CST) != back.flush_done ||
           __atomic_load_n(&process.settings_changed, __ATOMIC_SEQ_CST) != 0 ||
           __atomic_load_n(&back.stop, __ATOMIC_SEQ_CST) != 0 || is_asked();
}

static int64_t until_rules_expire(void) {
    if (back.rules_until == 0)
        return -1;
    int64_t left = (int64_t)(back.rules_until - clock_gettime_ns(CLOCK_MONOTONIC));
    return left > 0 ? left : 0;
}

/* Negative: nothing will be. */
static int64_t until_something_is_due(void) {
    int64_t rules = until_rules_expire(), file = metrics_file_wait_ns();
    return rules < 0 || (file >= 0 && file < rules) ? file : rules;
}

/* From here on a call or a record changes the word, after `woken`. */
static uint32_t before_sleep(void) {
    __atomic_store_n(&process.woken, 0, __ATOMIC_SEQ_CST);
    return __atomic_load_n(&control()->wake, __ATOMIC_SEQ_CST);
}

/* Until the next record. An owner publishes, then looks at ASLEEP; the back sets ASLEEP, makes all
 * owners see it, then looks for records: one of the two notices the other. */
static void sleep_for_good(void) {
    uint32_t word = before_sleep();
    set_asleep(true);
    make_owners_see();
    struct lock_guard guard = lock_take(&back.lock); /* or a caller that writes for itself drains */
    bool has_work = drain_has_work(&back.drain);
    lock_release(&back.lock, &guard);
    if (!has_work && !is_called()) {
        __atomic_add_fetch(&back.sleeps, 1, __ATOMIC_RELAXED);
        put(&control()->counts.sleeps, get(&back.sleeps));
        do {
            futex_wait_shared(&control()->wake, word, until_something_is_due());
            word = __atomic_load_n(&control()->wake, __ATOMIC_SEQ_CST);
        } while (!process_is_woken() && !is_called() && until_something_is_due() != 0);
    }
    set_asleep(false);
}

/* Not when somebody has called since the turn began. */
static void nap(int64_t ns) {
    uint32_t word = __atomic_load_n(&control()->wake, __ATOMIC_SEQ_CST);
    if (!process_is_woken() && !is_called())
        futex_wait_shared(&control()->wake, word, ns);
}

/* Before a sink is tried again: also when somebody waits for it, or the waiting would spin. */
static void wait_for_sink(void) {
    uint32_t word = before_sleep();
    if (__atomic_load_n(&back.stop, __ATOMIC_SEQ_CST) == 0 &&
        __atomic_load_n(&control()->generation, __ATOMIC_SEQ_CST) == back.drain.seen)
        futex_wait_shared(&control()->wake, word, RETRY_NS);
}

/* ---- the thread ---------------------------------------------------------------------------- */

enum turn { TURN_IDLE, TURN_WORK, TURN_BUSY, TURN_STUCK };

/* What a turn has read; a ring that has given more than its share counts as if all were like it. */
static uint64_t how_much(const uint64_t *read_before) {
    uint32_t rings = __atomic_load_n(&process.journal.ring_count, __ATOMIC_ACQUIRE);
    uint64_t sum = 0, most = 0;
    for (uint32_t i = 0; i < rings; i++) {
        uint64_t read = back.drain.now.ring_read[i] - read_before[i];
        uint64_t share = pace_share(read, process.journal.rings[i]->size);
        sum += read;
        most = share > most ? share : most;
    }
    return sum > most ? sum : most;
}

static void let_visitors_in(void) {
    uint32_t visitors;
    while ((visitors = __atomic_load_n(&back.visitors, __ATOMIC_SEQ_CST)) != 0)
        futex_wait(&back.visitors, visitors, 1000000);
}

/* at_rest: the last turn before a sleep. */
static enum turn take_turn(bool at_rest) {
    static uint64_t before[JOURNAL_MAX_RINGS];
    let_visitors_in();
    before_sleep(); /* whoever calls from now on may have come too late for this turn */
    struct control *c = control();
    uint32_t wanted = __atomic_load_n(&back.flush_wanted, __ATOMIC_SEQ_CST);
    uint32_t flush = __atomic_load_n(&c->flush_wanted, __ATOMIC_SEQ_CST);
    uint32_t rotate = __atomic_load_n(&c->rotate_wanted, __ATOMIC_SEQ_CST);
    struct lock_guard guard = lock_take(&back.lock);
    look_at_rules();
    memcpy(before, back.drain.now.ring_read, sizeof before);
    clock_calibrate(&back.drain.decoder->clock);
    size_t count = drain_pass(&back.drain, clock_ticks());
    burst_end(&back.drain, clock_ticks(), wanted != back.flush_done || (count == 0 && at_rest));
    bool out = drain_write(&back.drain);
    enum turn turn = count == 0 ? TURN_IDLE : TURN_WORK;
    back.found = how_much(before);
    if (out && rotate != c->rotate_done)
        drain_reopen(&back.drain);
    publish_counts();
    lock_release(&back.lock, &guard);
    metrics_file_turn(false);
    if (!out)
        return TURN_STUCK;
    if (wanted != back.flush_done) {
        __atomic_store_n(&back.flush_done, wanted, __ATOMIC_SEQ_CST);
        futex_wake(&back.flush_done);
    }
    answer(&c->flush_done, flush);
    answer(&c->rotate_done, rotate);
    return back.outputs_wait == 0 ? turn : back.outputs_wait == -EBUSY ? TURN_BUSY : TURN_STUCK;
}

/* Waits as is right after such a turn; nap_ns is how long the last nap was, and what is returned
 * how long this one. A long nap without a record is followed by sleep. */
static int64_t rest(enum turn turn, int64_t nap_ns) {
    switch (turn) {
    case TURN_STUCK:
        wait_for_sink();
        return PACE_MIN_NS;
    case TURN_WORK:
        nap_ns = pace_after_work(nap_ns, back.found);
        if (nap_ns >= PACE_MIN_NS)
            nap(nap_ns);
        return nap_ns;
    case TURN_IDLE:
        if (nap_ns == PACE_MAX_NS) {
            sleep_for_good();
            return PACE_AWOKEN_NS;
        }
        nap_ns = pace_after_nothing(nap_ns);
        nap(nap_ns);
        return nap_ns;
    default:
        return PACE_MIN_NS;
    }
}

static bool change_stop(uint32_t from, uint32_t to) {
    return __atomic_compare_exchange_n(&back.stop, &from, to, false, __ATOMIC_SEQ_CST,
                                       __ATOMIC_SEQ_CST);
}

static void *back_main(void *unused) {
    (void)unused;
    __atomic_store_n(&back.tid, (int32_t)syscall(SYS_gettid), __ATOMIC_RELAXED);
    prctl(PR_SET_NAME, "spanlog");
    prctl(PR_SET_TIMERSLACK, 1000);
    __atomic_add_fetch(&back.recovered, recover_service(&back.settings), __ATOMIC_RELAXED);
    drain_compress_old(&back.drain);
    __atomic_store_n(&back.begun, 1, __ATOMIC_SEQ_CST);
    futex_wake(&back.begun);
    int64_t nap_ns = PACE_MIN_NS;
    while (!change_stop(STOP_ASKED, STOP_GOES))
        nap_ns = rest(take_turn(nap_ns >= PACE_MAX_NS), nap_ns);
    __atomic_store_n(&back.ended, 1, __ATOMIC_SEQ_CST);
    futex_wake(&back.ended);
    return NULL;
}

int back_open(const struct settings *settings) {
    back.settings = *settings;
    for (uint32_t i = 0; i < settings->output_count; i++) {
        if (journal_add_batch(&process.journal, BATCH_SIZE) == NULL)
            return -ENOSPC;
    }
    int error = drain_init(&back.drain, &process.journal, settings->outputs, settings->output_count,
                           settings->process_lines);
    drain_compress_prepare(&back.drain);
    back.drain.watched = &control()->generation;
    back.drain.look = look_at_rules;
    if (metrics_enabled())
        drain_derive_metrics(&back.drain);
    back.open = error == 0;
    return error;
}

int back_start(void) {
    sigset_t all, before;
    pthread_attr_t attributes;
    sigfillset(&all);
    int error = pthread_attr_init(&attributes);
    if (error != 0)
        return -error;
    pthread_attr_setstacksize(&attributes, 512 * 1024);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    back.begun = back.stop = back.ended = 0;
    error = pthread_create(&back.thread, &attributes, back_main, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    back.running = error == 0;
    return -error;
}

void back_drain(void) {
    struct lock_guard guard = lock_take(&back.lock);
    if (!guard.held)
        return;
    if (back.open) {
        clock_calibrate(&back.drain.decoder->clock);
        drain_pass(&back.drain, UINT64_MAX);
        burst_end(&back.drain, clock_ticks(), false);
        drain_write(&back.drain);
        publish_counts();
    }
    lock_release(&back.lock, &guard);
}

int back_call(void (*work)(void)) {
    struct lock_guard guard = lock_take(&back.lock);
    if (!guard.held)
        return -EDEADLK;
    work();
    lock_release(&back.lock, &guard);
    return 0;
}

/* ---- flushing and stopping ----------------------------------------------------------------- */

static int64_t time_left(uint64_t start, int timeout_ms) {
    if (timeout_ms < 0)
        return 1000000000;
    int64_t spent = (int64_t)(clock_gettime_ns(CLOCK_MONOTONIC) - start);
    return (int64_t)timeout_ms * 1000000 - spent;
}

int back_flush(int timeout_ms) {
    uint64_t start = clock_gettime_ns(CLOCK_MONOTONIC);
    uint32_t ticket = __atomic_add_fetch(&back.flush_wanted, 1, __ATOMIC_SEQ_CST);
    for (;;) {
        uint32_t done = __atomic_load_n(&back.flush_done, __ATOMIC_SEQ_CST);
        if ((int32_t)(done - ticket) >= 0)
            return 0;
        int64_t left = time_left(start, timeout_ms);
        if (left <= 0)
            return -ETIMEDOUT;
        process_call();
        futex_wait(&back.flush_done, done, left < CALL_AGAIN_NS ? left : CALL_AGAIN_NS);
    }
}

/* One that does not come to its turn, in a write that hangs, goes on afterwards as if it had not
 * been asked; at exit it must not. */
static bool stop_thread(int timeout_ms, bool exiting) {
    uint64_t start = clock_gettime_ns(CLOCK_MONOTONIC);
    if (!back.running)
        return true;
    change_stop(STOP_NOT, STOP_ASKED);
    while (__atomic_load_n(&back.ended, __ATOMIC_SEQ_CST) == 0) {
        int64_t left = time_left(start, timeout_ms);
        if (left <= 0 && (exiting || change_stop(STOP_ASKED, STOP_NOT)))
            return false;
        process_call();
        futex_wait(&back.ended, 0, left > 0 && left < 1000000 ? left : 1000000);
    }
    back.running = false;
    return true;
}

/* From here on every thread writes its own records: what is in the rings now is the rest. */
static void close_rings(void) {
    struct lock_guard guard = lock_take(&process.lock);
    process.attention |= RING_ATTENTION_CLOSED;
    process.sync = true;
    for (uint32_t i = 0; i < process.journal.ring_count; i++)
        __atomic_or_fetch(&process.journal.rings[i]->attention, RING_ATTENTION_CLOSED,
                          __ATOMIC_SEQ_CST);
    lock_release(&process.lock, &guard);
    make_owners_see();
}

void back_count_spans(uint64_t *ret_count) {
    *ret_count = 0;
    if (back.open)
        drain_count_open(&back.drain, ret_count);
}

int back_stop(int timeout_ms, bool (*abandon)(void)) {
    uint64_t start = clock_gettime_ns(CLOCK_MONOTONIC);
    int error = back.running ? back_flush(timeout_ms) : 0;
    /* One that has just served a flush does not hang; it may have to wait for a processor. */
    int left = error == 0 ? (int)(time_left(start, timeout_ms) / 1000000) : 0;
    if (!stop_thread(timeout_ms < 0 ? -1 : left > STOP_MS ? left : STOP_MS, abandon != NULL))
        return -ETIMEDOUT;
    close_rings();
    struct lock_guard guard = lock_take(&back.lock);
    if (guard.held && back.open) {
        drain_pass(&back.drain, UINT64_MAX);
        burst_end(&back.drain, UINT64_MAX, true);
        if (abandon != NULL)
            tail_release(&back.drain);
        uint64_t open = 0;
        back_count_spans(&open);
        if (abandon != NULL && open > 0 && abandon())
            drain_abandoned(&back.drain);
        drain_process_ended(&back.drain);
        error = drain_write(&back.drain) ? 0 : -ETIMEDOUT;
        publish_counts();
    }
    lock_release(&back.lock, &guard);
    metrics_file_turn(true);
    return error;
}

/* ---- fork ---------------------------------------------------------------------------------- */

static struct lock_guard fork_guard;

/* A thread that is being started, and recovery, allocate outside the lock. An allocator that is not
 * made for forks, as AddressSanitizer's, would be copied while it is held, for ever. */
static void wait_for_begin(void) {
    uint64_t until = clock_gettime_ns(CLOCK_MONOTONIC) + BEGIN_MS * 1000000ULL;
    while (__atomic_load_n(&back.begun, __ATOMIC_SEQ_CST) == 0) {
        uint64_t now = clock_gettime_ns(CLOCK_MONOTONIC);
        if (now >= until)
            return;
        futex_wait(&back.begun, 0, (int64_t)(until - now));
    }
}

void back_before_fork(void) {
    if (back.running && !back_is_self())
        wait_for_begin();
    __atomic_add_fetch(&back.visitors, 1, __ATOMIC_SEQ_CST);
    fork_guard = lock_take(&back.lock);
}

void back_after_fork_parent(void) {
    lock_release(&back.lock, &fork_guard);
    if (__atomic_sub_fetch(&back.visitors, 1, __ATOMIC_SEQ_CST) == 0)
        futex_wake(&back.visitors);
}

void back_after_fork_child(void) {
    /* Locks on a file belong to the open file that we share with the parent: keep none open, or the
     * parent's death would leave it locked. */
    drain_close(&back.drain);
    const struct lock_guard guard = fork_guard;
    drain_compress_after_fork();
    memset(&back, 0, sizeof back);
    if (guard.held)
        lock_guard_down(&guard);
}
