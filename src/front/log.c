/* front/log.c: from a log call to a record in this thread's ring.
 *
 *     spanlog_info("order placed", kv("user", name))  ->  spanlog__log(&site, slots)
 *
 * The fast path is spanlog__log itself: no call out, no lock, one time stamp, the slots copied
 * whole, texts copied in one pass, two stores to publish. All else is in the slow path behind it.
 */
#include "src/core/site.h"
#include "src/front/carried.h"
#include "src/front/encode.h"
#include "src/front/register.h"
#include "src/front/sites.h"
#include "src/front/thread.h"

#include <errno.h>

static inline uint8_t *put_context(uint8_t *to, uint32_t flags) {
    if (SPANLOG__RARE((flags & RECORD_CONTEXT) == 0))
        return to;
    words_copy(to, &spanlog__context.ctx, sizeof(struct record_ids) / 8);
    return to + sizeof(struct record_ids);
}

/* What the context adds. Returns the byte after it: `to` itself when there turns out to be nothing.
 */
static __attribute__((noinline)) uint8_t *put_stamp(uint8_t *to) {
    const struct stamp *stamp = carried_stamp();
    if (stamp == NULL)
        return to;
    memcpy(to, stamp, stamp->head.size);
    return to + stamp->head.size;
}

static uint8_t *put_extra(uint8_t *to, const struct thread *t, uint32_t logger) {
    struct record_extra extra = {.tid = t->shared ? (uint32_t)syscall(SYS_gettid) : 0,
                                 .logger = logger};
    memcpy(to, &extra, sizeof extra);
    return to + sizeof extra;
}

/* Into the ring the exact way, at any length. */
static void write_exact(struct thread *t, const struct spanlog__site *site,
                        const union spanlog__slot *slots, uint32_t logger, bool waits) {
    uint32_t flags = spanlog__context.record_flags | (waits ? RECORD_WAITS : 0);
    uint64_t ticks = clock_ticks();
    struct encode_plan plan;
    size_t fixed = sizeof(struct record) + sizeof(struct record_ids) + sizeof(struct record_extra);
    if (flags & RECORD_STAMP)
        fixed += STAMP_MAX;
    encode_measure(&plan, site, slots, RECORD_MAX_SIZE - fixed);
    uint8_t *record = thread_reserve(t, record_align(fixed + plan.size));
    if (record == NULL)
        return;
    ((struct record *)(void *)record)->ticks = ticks;
    uint8_t *to = put_context(record + sizeof(struct record), flags);
    if (t->shared || logger != 0) {
        flags |= RECORD_EXTRA;
        to = put_extra(to, t, logger);
    }
    if (flags & RECORD_STAMP) {
        uint8_t *after = put_stamp(to);
        flags = after != to ? flags : flags & ~RECORD_STAMP;
        to = after;
    }
    encode_exact(to, &plan, site, slots);
    size_t size = record_align((size_t)(to - record) + plan.size);
    thread_publish(t, record, site->id, size, flags);
}

static void log_slow(uint32_t logger, struct spanlog__site *site, const union spanlog__slot *slots,
                     bool waits) {
    int saved = errno;
    struct lock_guard guard;
    if (site_ready(site, logger != 0)) {
        struct thread *t = thread_acquire(&guard);
        if (t != NULL) {
            write_exact(t, site, slots, logger, waits);
            thread_release(t, &guard);
        } else {
            thread_count_loss();
        }
    }
    errno = saved;
}

/* The level is below the logger's: the record is for a trace that may be kept, if there is one, or
 * for an error that may come. */
static bool may_wait(const struct spanlog__site *site) {
    bool in_trace = (spanlog__context.record_flags & RECORD_CONTEXT) != 0;
    return site->level >= SPANLOG_DEBUG && (process.flight || (process.tail && in_trace));
}

static bool site_waits(const struct spanlog__site *site) {
    return SPANLOG__STATE(*site) == SPANLOG__STATE_WAITS;
}

/* The record is written where the ring goes on: nothing of it counts before its word is there.
 * plain: the context has no stamp, and all texts end with NUL; then nothing is called on the way,
 * and the registers of the caller stay as they are. */
static inline __attribute__((always_inline)) void
log_fast(struct spanlog__site *site, const union spanlog__slot *slots, bool plain) {
    struct thread *t = &spanlog_thread;
    t->busy = 1;
    thread_barrier();
    uint8_t *record = thread_place(t);
    ((struct record *)(void *)record)->ticks = plain ? clock_register_ticks() : clock_ticks();
    uint32_t flags = spanlog__context.record_flags;
    uint8_t *to = put_context(record + sizeof(struct record), flags);
    if (!plain && (flags & RECORD_STAMP) != 0) {
        uint8_t *after = put_stamp(to);
        flags = after != to ? flags : flags & ~RECORD_STAMP;
        to = after;
    }
    to = encode_fast(to, record + FAST_ROOM - 64, site, slots,
                     plain ? 0 : encode_bytes_bits(site->types));
    if (SPANLOG__RARE(to == NULL)) {
        t->busy = 0;
        log_slow(0, site, slots, false);
        return;
    }
    thread_publish(t, record, site->id, record_align((size_t)(to - record)), flags);
    thread_finish(t);
}

static __attribute__((noinline)) void log_mixed(struct spanlog__site *site,
                                                const union spanlog__slot *slots) {
    log_fast(site, slots, false);
}

void spanlog__log(struct spanlog__site *site, const union spanlog__slot *slots) {
    const struct thread *t = &spanlog_thread;
    if (SPANLOG__RARE(!site_is_on(site) || t->busy != 0 || !thread_has_room(t)))
        log_slow(0, site, slots, site_waits(site));
    else if (SPANLOG__RARE((spanlog__context.record_flags & RECORD_STAMP) != 0 ||
                           encode_bytes_bits(site->types) != 0 || !clock_is_register()))
        log_mixed(site, slots);
    else
        log_fast(site, slots, true);
}

/* ---- named loggers ----------------------------------------------------------------------- */

/* Registers the logger: its id in the dictionary. In `reserved` sites.c keeps its level. */
static bool logger_ready(spanlog_logger *logger) {
    if (__atomic_load_n(&logger->id, __ATOMIC_ACQUIRE) != 0)
        return true;
    if (!process_start())
        return false;
    struct lock_guard guard = lock_take(&process.lock);
    if (!guard.held)
        return false;
    uint32_t id = 0;
    if (!process.sites_full)
        id = register_done(site_register_logger(&process.journal, logger->name));
    __atomic_store_n(&logger->id, id, __ATOMIC_RELEASE);
    if (id == 0)
        thread_count_loss();
    lock_release(&process.lock, &guard);
    return id != 0;
}

static bool logger_takes(spanlog_logger *logger, const struct spanlog__site *site) {
    return SPANLOG__STATE(*site) == SPANLOG__STATE_EXACT ||
           site->level >= sites_logger_level(logger);
}

/* What is off for good waits for nothing. */
static bool logger_may_wait(spanlog_logger *logger, const struct spanlog__site *site) {
    return may_wait(site) && sites_logger_level(logger) != SITES_LEVEL_OFF;
}

bool spanlog__ready_to(spanlog_logger *logger, struct spanlog__site *site) {
    int saved = errno;
    bool ready = site_ready(site, true) && logger_ready(logger) &&
                 (logger_takes(logger, site) || logger_may_wait(logger, site));
    errno = saved;
    return ready;
}

void spanlog__log_to(spanlog_logger *logger, struct spanlog__site *site,
                     const union spanlog__slot *slots) {
    int saved = errno;
    if (logger_ready(logger)) /* its level has been asked */
        log_slow(__atomic_load_n(&logger->id, __ATOMIC_ACQUIRE), site, slots,
                 !logger_takes(logger, site));
    errno = saved;
}

bool spanlog__ready(struct spanlog__site *site) {
    int saved = errno;
    bool ready = site_ready(site, false) && (!site_waits(site) || may_wait(site));
    errno = saved;
    return ready;
}

int spanlog__errno(void) {
    return errno;
}
