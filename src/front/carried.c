/* front/carried.c: see carried.h.
 *
 * Slots are handed out under the process's lock, in turn. `users` may grow under the lock, or by
 * somebody who is counted already; it shrinks without it. Where lock_take gives nothing, this
 * thread has the lock: it writes by the shared ring.
 */
#include "src/front/carried.h"
#include "src/core/process.h"

#include <pthread.h>
#include <sys/mman.h>

#define INDEX_BITS 11u
#define INDEX_MASK (CARRIED_MOST - 1u)
#define GROWTH (2 * CARRIED_KEPT)
#define MOST_KEY 128u /* longer ones are not stamped */
_Static_assert(CARRIED_MOST == 1u << INDEX_BITS, "an index fits its bits");

/* What is used most lies in front: pages of the rest are never touched. */
struct carried {
    uint32_t handle; /* of this use */
    uint32_t users;
    uint8_t parent[8];
    struct stamp stamp;
    struct propagated_texts texts;
};

static struct carried *slots; /* CARRIED_MOST of them; memory is taken as it is touched */
static uint32_t slot_count, hand;
static pthread_key_t exit_key;
static bool exit_key_made;

/* The one that this thread counts on. */
static __thread struct carried *pinned __attribute__((tls_model("initial-exec")));

/* ---- slots: under the lock ------------------------------------------------------------------- */

static bool have_slots(void) {
    if (slots != NULL)
        return true;
    void *memory = mmap(NULL, CARRIED_MOST * sizeof *slots, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        return false;
    slots = memory;
    slot_count = GROWTH;
    return true;
}

static bool is_unused(const struct carried *slot) {
    return __atomic_load_n(&slot->users, __ATOMIC_ACQUIRE) == 0;
}

/* The next in turn that nobody counts on. Where every second one is counted on there are too few.
 */
static struct carried *next_slot(void) {
    uint32_t skipped = 0;
    while (skipped < slot_count) {
        hand = hand + 1 < slot_count ? hand + 1 : 0;
        if (is_unused(&slots[hand]))
            return &slots[hand];
        if (++skipped > slot_count / 2 && slot_count < CARRIED_MOST) {
            hand = slot_count;
            slot_count += GROWTH;
            return &slots[hand];
        }
    }
    return NULL;
}

static uint32_t next_handle(const struct carried *slot) {
    uint32_t use = (slot->handle >> INDEX_BITS) + 1;
    if (use << INDEX_BITS == 0)
        use = 1;
    return use << INDEX_BITS | (uint32_t)(slot - slots);
}

static struct carried *find(uint32_t handle) {
    struct carried *slot = slots != NULL ? &slots[handle & INDEX_MASK] : NULL;
    return handle != 0 && slot != NULL && slot->handle == handle ? slot : NULL;
}

static void copy_texts(struct propagated_texts *to, const struct propagated_texts *from) {
    strcpy(to->correlation_id, from->correlation_id);
    strcpy(to->parent_uuid, from->parent_uuid);
    strcpy(to->tracestate, from->tracestate);
    strcpy(to->baggage, from->baggage);
}

/* ---- making ---------------------------------------------------------------------------------- */

static void stamp_baggage(struct stamp *stamp, const char *baggage) {
    char key[MOST_KEY + 1], value[4 * STAMP_MAX_VALUE];
    for (const char *at = process.baggage_keys; at != NULL && *at != '\0';) {
        size_t size = strcspn(at, ",");
        if (size > 0 && size < sizeof key) {
            memcpy(key, at, size);
            key[size] = '\0';
            ssize_t whole = baggage_get(baggage, key, value, sizeof value);
            if (whole >= 0)
                stamp_add(stamp, key, size, value, (size_t)whole);
        }
        at += size + (at[size] == ',');
    }
}

static void make_stamp(struct stamp *stamp, const struct propagated_texts *texts) {
    stamp_clear(stamp);
    size_t size = strlen(texts->correlation_id);
    if (size > 0)
        stamp_add(stamp, "correlation_id", 14, texts->correlation_id, size);
    if (texts->baggage[0] != '\0')
        stamp_baggage(stamp, texts->baggage);
}

uint32_t carried_make(const struct propagated_texts *texts, const uint8_t parent[8],
                      bool *ret_stamped) {
    uint32_t handle = 0;
    *ret_stamped = false;
    if (texts->correlation_id[0] == '\0' && texts->parent_uuid[0] == '\0' &&
        texts->tracestate[0] == '\0' && texts->baggage[0] == '\0')
        return 0;
    struct lock_guard guard = lock_take(&process.lock);
    struct carried *slot = guard.held && have_slots() ? next_slot() : NULL;
    if (slot != NULL) {
        slot->handle = handle = next_handle(slot);
        memcpy(slot->parent, parent, sizeof slot->parent);
        copy_texts(&slot->texts, texts);
        make_stamp(&slot->stamp, texts);
        *ret_stamped = slot->stamp.head.count > 0;
    } else {
        __atomic_add_fetch(&process.contexts_refused, 1, __ATOMIC_RELAXED);
    }
    lock_release(&process.lock, &guard);
    return handle;
}

bool carried_read(uint32_t handle, struct propagated_texts *ret_texts, uint8_t ret_parent[8]) {
    struct carried *mine = pinned, *slot = mine;
    struct lock_guard guard = {.held = false};
    ret_texts->correlation_id[0] = ret_texts->parent_uuid[0] = '\0';
    ret_texts->tracestate[0] = ret_texts->baggage[0] = '\0';
    memset(ret_parent, 0, 8);
    if (handle == 0)
        return false;
    if (mine == NULL || mine->handle != handle) {
        guard = lock_take(&process.lock);
        slot = find(handle);
    }
    if (slot != NULL) {
        copy_texts(ret_texts, &slot->texts);
        memcpy(ret_parent, slot->parent, 8);
    }
    lock_release(&process.lock, &guard);
    return slot != NULL;
}

/* ---- who counts on it ------------------------------------------------------------------------ */

static void let_go(struct carried *slot) {
    __atomic_sub_fetch(&slot->users, 1, __ATOMIC_RELEASE);
}

static void at_thread_exit(void *argument) {
    (void)argument;
    carried_pin(0);
}

/* A thread that ends without having detached lets go all the same. Under the lock. */
static bool watch_exit(void) {
    if (!exit_key_made)
        exit_key_made = pthread_key_create(&exit_key, at_thread_exit) == 0;
    return exit_key_made && pthread_setspecific(exit_key, &pinned) == 0;
}

void carried_pin(uint32_t handle) {
    struct carried *before = pinned;
    if (before != NULL ? before->handle == handle : handle == 0)
        return;
    if (handle == 0) {
        pinned = NULL;
        let_go(before);
        return;
    }
    struct lock_guard guard = lock_take(&process.lock);
    struct carried *slot = watch_exit() ? find(handle) : NULL;
    if (slot != NULL)
        __atomic_add_fetch(&slot->users, 1, __ATOMIC_RELAXED);
    pinned = slot;
    if (before != NULL)
        let_go(before);
    lock_release(&process.lock, &guard);
}

const struct stamp *carried_stamp(void) {
    uint32_t handle = spanlog__context.ctx.carried;
    if (SPANLOG__RARE(pinned == NULL || pinned->handle != handle))
        carried_pin(handle);
    struct carried *slot = pinned;
    if (slot == NULL || slot->handle != handle || slot->stamp.head.count == 0)
        return NULL;
    return &slot->stamp;
}

const struct stamp *carried_hold(uint32_t *handle, const uint8_t parent[8], struct stamp *space) {
    if (*handle == 0)
        return NULL;
    struct carried *slot = pinned;
    struct lock_guard guard = {.held = false};
    if (slot == NULL || slot->handle != *handle) {
        guard = lock_take(&process.lock);
        slot = find(*handle);
    }
    if (slot != NULL)
        __atomic_add_fetch(&slot->users, 1, __ATOMIC_RELAXED);
    else
        *handle = 0;
    lock_release(&process.lock, &guard);
    if (slot == NULL)
        return NULL;
    if (slot->texts.parent_uuid[0] != '\0' && memcmp(slot->parent, parent, 8) == 0) {
        *space = slot->stamp;
        stamp_add(space, "", 0, slot->texts.parent_uuid, UUID_SIZE);
        return space;
    }
    return slot->stamp.head.count > 0 ? &slot->stamp : NULL;
}

void carried_release(uint32_t handle) {
    struct carried *slot = find(handle); /* which nobody changes while we are counted */
    if (slot != NULL)
        let_go(slot);
}

void carried_after_fork(void) {
    for (uint32_t i = 0; i < slot_count; i++)
        slots[i].users = &slots[i] == pinned;
}
