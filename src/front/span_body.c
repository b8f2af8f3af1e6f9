/* front/span_body.c: spanlog_set, spanlog_event, spanlog_link, spanlog_status, spanlog_fail. See
 * span_body.h; the bytes are described in core/record.h. */
#include "src/front/span_body.h"
#include "src/front/encode.h"
#include "src/front/register.h"

#include <errno.h>

struct spanlog__open_span *span_block(uint32_t index) {
    uint8_t *segment = process.journal.span_segments[index / OPEN_SPANS_PER_SEGMENT];
    size_t at = (size_t)(index % OPEN_SPANS_PER_SEGMENT) * OPEN_SPAN_SIZE;
    return (struct spanlog__open_span *)(void *)(segment + at);
}

/* ---- room -------------------------------------------------------------------------------- */

/* The rest of the body is kept for how the span ends: its status, its error, its name. */
#define MOST_FIELDS (SPAN_MAX_BODY - 1024u)

/* Chains blocks until `size` more bytes fit and all together are at most `most`. False: the span,
 * or the process, is at its bound. */
static bool make_room(struct thread *t, struct spanlog__open_span *block, size_t size,
                      size_t most) {
    size_t need = block->used + size;
    if (need > most)
        return false;
    size_t have = OPEN_SPAN_BODY;
    struct spanlog__open_span *last = block;
    while (last->next != 0) {
        last = span_block(last->next - 1);
        have += OPEN_SPAN_BODY;
    }
    for (; have < need; have += OPEN_SPAN_BODY) {
        if (t->free_spans == NULL && !thread_trade_spans(t))
            return false;
        struct spanlog__open_span *more = span_block_take(t);
        more->next = 0;
        __atomic_store_n(&more->state, OPEN_SPAN_MORE, __ATOMIC_RELEASE);
        last->next = more->index + 1;
        last = more;
    }
    return true;
}

/* Copies bytes to a place in the body that may run over several blocks. */
static void put(struct spanlog__open_span *block, size_t at, const void *data, size_t size) {
    const uint8_t *from = data;
    if (size == 0) /* there may be no block where it would stand */
        return;
    while (at >= OPEN_SPAN_BODY) {
        block = span_block(block->next - 1);
        at -= OPEN_SPAN_BODY;
    }
    while (size > 0) {
        size_t here = OPEN_SPAN_BODY - at < size ? OPEN_SPAN_BODY - at : size;
        memcpy(block->body + at, from, here);
        from += here;
        size -= here;
        at = 0;
        if (size > 0)
            block = span_block(block->next - 1);
    }
}

void span_copy_body(const struct spanlog__open_span *block, uint8_t *to) {
    size_t left = block->used;
    while (left > 0) {
        size_t here = left < OPEN_SPAN_BODY ? left : OPEN_SPAN_BODY;
        memcpy(to, block->body, here);
        to += here;
        left -= here;
        if (left > 0)
            block = span_block(block->next - 1);
    }
}

static void commit(struct spanlog__open_span *block, size_t size) {
    __atomic_store_n(&block->used, block->used + (uint32_t)size, __ATOMIC_RELEASE);
}

/* ---- fields ------------------------------------------------------------------------------ */

/* A long stream has more messages than the number can hold: it stays at its end. */
static void count_one(uint16_t *left_out) {
    if (*left_out < UINT16_MAX)
        (*left_out)++;
}

static void count_left_out(struct spanlog__open_span *block, enum group_kind kind, unsigned count) {
    if (kind == GROUP_EVENT)
        count_one(&block->record.dropped_events);
    else
        block->record.dropped_attributes += count;
}

/* Measured, and over as many blocks as it takes. */
static void add_exact(struct thread *t, struct spanlog__open_span *block, enum group_kind kind,
                      const struct spanlog__site *site, const union spanlog__slot *slots,
                      uint64_t ticks) {
    struct encode_plan plan;
    size_t head = sizeof(struct group) + (kind == GROUP_EVENT ? 8 : 0);
    size_t left = block->used < MOST_FIELDS ? MOST_FIELDS - block->used : 0;
    encode_measure(&plan, site, slots, left > head + 8 ? left - head - 8 : 0);
    size_t size = record_align(head + plan.size);
    if (!make_room(t, block, size, MOST_FIELDS)) {
        count_left_out(block, kind, site->count);
        return;
    }
    struct group group = {.shape = group_shape(size, kind, site->count), .site = site->id};
    size_t at = block->used;
    put(block, at, &group, sizeof group);
    if (kind == GROUP_EVENT)
        put(block, at + sizeof group, &ticks, 8);
    at += head;
    for (unsigned i = 0; i < site->count; i++) {
        bool text = (RECORD_TEXT_BITS(site->types) >> (4 * i) & 15u) != 0;
        put(block, at + 8u * i, text ? &plan.texts[i].slot : &slots[i].u, 8);
    }
    at += 8u * (size_t)site->count;
    for (unsigned i = 0; i < site->count; i++) {
        if ((RECORD_TEXT_BITS(site->types) >> (4 * i) & 15u) != 0) {
            put(block, at, plan.texts[i].data, plan.texts[i].size);
            at += plan.texts[i].size;
        }
    }
    commit(block, size);
}

/* Into the first block, in one pass. */
static bool add_fast(struct spanlog__open_span *block, enum group_kind kind,
                     const struct spanlog__site *site, const union spanlog__slot *slots,
                     uint64_t ticks) {
    size_t head = sizeof(struct group) + (kind == GROUP_EVENT ? 8 : 0);
    if (block->used + head + 8u * site->count + 32 > OPEN_SPAN_BODY)
        return false;
    uint8_t *start = block->body + block->used;
    if (kind == GROUP_EVENT)
        memcpy(start + sizeof(struct group), &ticks, 8);
    uint8_t *end = encode_fast(start + head, block->body + SPAN_FAST_BODY, site, slots,
                               encode_bytes_bits(site->types));
    if (end == NULL)
        return false;
    size_t size = record_align((size_t)(end - start));
    struct group group = {.shape = group_shape(size, kind, site->count), .site = site->id};
    memcpy(start, &group, sizeof group);
    commit(block, size);
    return true;
}

/* The first `allowed` fields of a call. */
static struct spanlog__site first_fields(const struct spanlog__site *site, unsigned allowed) {
    struct spanlog__site part = *site;
    part.count = (uint8_t)allowed;
    part.types = allowed < 16 ? site->types & (((uint64_t)1 << 4 * allowed) - 1) : site->types;
    return part;
}

void span_add_fields(struct thread *t, struct spanlog__open_span *block, enum group_kind kind,
                     const struct spanlog__site *site, const union spanlog__slot *slots,
                     uint64_t ticks) {
    if (kind == GROUP_FIELDS) {
        uint32_t most = __atomic_load_n(&process.max_attributes, __ATOMIC_RELAXED);
        uint32_t left = most > block->attributes ? most - block->attributes : 0;
        if (SPANLOG__RARE(site->count > left)) {
            block->record.dropped_attributes += site->count - left;
            block->attributes += left;
            if (left > 0) {
                struct spanlog__site part = first_fields(site, left);
                add_exact(t, block, kind, &part, slots, ticks);
            }
            return;
        }
        block->attributes += site->count;
    }
    if (SPANLOG__RARE(!add_fast(block, kind, site, slots, ticks)))
        add_exact(t, block, kind, site, slots, ticks);
}

void span_add_ratio(struct spanlog__open_span *block, double ratio) {
    struct group group = {.shape = group_shape(sizeof group + sizeof ratio, GROUP_RATIO, 0)};
    put(block, 0, &group, sizeof group);
    put(block, sizeof group, &ratio, sizeof ratio);
    commit(block, sizeof group + sizeof ratio);
}

void span_add_stamp(struct thread *t, struct spanlog__open_span *block, const struct stamp *stamp) {
    struct group group = {.shape = group_shape(sizeof group + stamp->head.size, GROUP_STAMP, 0)};
    if (!make_room(t, block, sizeof group + stamp->head.size, MOST_FIELDS)) {
        block->record.dropped_attributes += stamp->head.count;
        return;
    }
    put(block, block->used, &group, sizeof group);
    put(block, block->used + sizeof group, stamp, stamp->head.size);
    commit(block, sizeof group + stamp->head.size);
}

/* Runs on the thread that has the span; its state is only needed for further blocks. */
static inline __attribute__((always_inline)) struct thread *enter(const spanlog_span *span,
                                                                  struct lock_guard *guard) {
    return span_is_open(span) ? thread_acquire(guard) : NULL;
}

/* There was no room for the call site. */
static void count_unknown(const spanlog_span *span, enum group_kind kind,
                          const struct spanlog__site *site) {
    if (span_is_open(span))
        count_left_out(span->open, kind, site->count);
}

void spanlog__set(spanlog_span *span, struct spanlog__site *site,
                  const union spanlog__slot *slots) {
    int saved = errno;
    struct lock_guard guard;
    if (site_is_on(site) || site_ready(site, false)) {
        struct thread *t = enter(span, &guard);
        if (t != NULL) {
            span_add_fields(t, span->open, GROUP_FIELDS, site, slots, 0);
            thread_return(t, &guard);
        }
    } else {
        count_unknown(span, GROUP_FIELDS, site);
    }
    errno = saved;
}

void spanlog__event(spanlog_span *span, struct spanlog__site *site,
                    const union spanlog__slot *slots) {
    int saved = errno;
    struct lock_guard guard;
    uint64_t ticks = clock_ticks();
    if (site_is_on(site) || site_ready(site, false)) {
        struct thread *t = enter(span, &guard);
        if (t != NULL) {
            if (span->open->events < __atomic_load_n(&process.max_events, __ATOMIC_RELAXED)) {
                span->open->events++;
                span_add_fields(t, span->open, GROUP_EVENT, site, slots, ticks);
            } else {
                count_one(&span->open->record.dropped_events);
            }
            thread_return(t, &guard);
        }
    } else {
        count_unknown(span, GROUP_EVENT, site);
    }
    errno = saved;
}

/* ---- links, status, names ------------------------------------------------------------------ */

/* The head of a group of `whole` bytes. Returns where the rest goes; 0: there is no room. */
static size_t put_head(struct thread *t, struct spanlog__open_span *block, enum group_kind kind,
                       size_t whole, size_t most) {
    struct group group = {.shape = group_shape(whole, kind, 0), .site = 0};
    if (!make_room(t, block, whole, most))
        return 0;
    put(block, block->used, &group, sizeof group);
    return block->used + sizeof group;
}

/* size: a multiple of 8. */
static bool add_raw(spanlog_span *span, enum group_kind kind, const void *data, size_t size,
                    size_t most) {
    int saved = errno;
    struct lock_guard guard;
    struct thread *t = enter(span, &guard);
    size_t at = 0;
    if (t != NULL) {
        at = put_head(t, span->open, kind, sizeof(struct group) + size, most);
        if (at > 0) {
            put(span->open, at, data, size);
            commit(span->open, sizeof(struct group) + size);
        }
        thread_return(t, &guard);
    }
    errno = saved;
    return at > 0;
}

void spanlog_link(spanlog_span *span, spanlog_ctx ctx) {
    static const uint8_t none[16];
    if (!span_is_open(span) || memcmp(ctx.trace_id, none, 16) == 0 ||
        memcmp(ctx.span_id, none, 8) == 0)
        return;
    struct spanlog__open_span *block = span->open;
    if (block->links >= __atomic_load_n(&process.max_links, __ATOMIC_RELAXED) ||
        !add_raw(span, GROUP_LINK, &ctx, 24, MOST_FIELDS))
        count_one(&block->record.dropped_links);
    else
        block->links++;
}

void spanlog_status(spanlog_span *span, int code) {
    int64_t slot = code;
    add_raw(span, GROUP_STATUS, &slot, 8, SPAN_MAX_BODY);
}

/* Cut to what is left of the body; then the slot has the size that it had. */
static uint64_t text_slot(const char *text, size_t most, size_t *ret_size) {
    *ret_size = 0;
    if (text == NULL)
        return TEXT_NULL;
    size_t whole = strlen(text);
    *ret_size = whole < most ? whole : most;
    uint64_t original = whole < UINT32_MAX ? whole : UINT32_MAX;
    return *ret_size | (*ret_size < whole ? original << 32 : 0);
}

/* Into the first block, in one pass. */
static bool add_text_fast(struct spanlog__open_span *block, enum group_kind kind,
                          const char *text) {
    const size_t head = sizeof(struct group) + 8;
    if (text == NULL || block->used + head + 32 > OPEN_SPAN_BODY)
        return false;
    uint8_t *start = block->body + block->used;
    uint8_t *end = encode_text(start + head, block->body + SPAN_FAST_BODY, text);
    if (end == NULL)
        return false;
    uint64_t slot = (uint64_t)(end - (start + head));
    size_t size = record_align((size_t)(end - start));
    struct group group = {.shape = group_shape(size, kind, 0), .site = 0};
    memcpy(start, &group, sizeof group);
    memcpy(start + sizeof group, &slot, sizeof slot);
    commit(block, size);
    return true;
}

static void add_text_exact(struct thread *t, struct spanlog__open_span *block, enum group_kind kind,
                           const char *text) {
    const size_t head = sizeof(struct group) + 8;
    size_t left = SPAN_MAX_BODY - block->used, most = left > head ? left - head : 0;
    size_t size;
    uint64_t slot = text_slot(text, most < RECORD_MAX_TEXT ? most : RECORD_MAX_TEXT, &size);
    size_t whole = record_align(head + size);
    size_t at = put_head(t, block, kind, whole, SPAN_MAX_BODY);
    if (at > 0) {
        put(block, at, &slot, 8);
        put(block, at + 8, text, size);
        commit(block, whole);
    }
}

static void add_text(spanlog_span *span, enum group_kind kind, const char *text) {
    int saved = errno;
    struct lock_guard guard;
    struct thread *t = enter(span, &guard);
    if (t != NULL) {
        if (!add_text_fast(span->open, kind, text))
            add_text_exact(t, span->open, kind, text);
        thread_return(t, &guard);
    }
    errno = saved;
}

void spanlog_fail(spanlog_span *span, const char *error) {
    add_text(span, GROUP_FAIL, error);
}

void spanlog_rename(spanlog_span *span, const char *operation) {
    if (operation != NULL)
        add_text(span, GROUP_NAME, operation);
}
