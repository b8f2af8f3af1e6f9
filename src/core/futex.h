/* core/futex.h: sleeping, waking and locking with the kernel's futex; no libc lock, so that a child
 * after fork and a signal handler find nothing held that they cannot know of.
 *
 *     struct lock_guard guard = lock_take(&lock);   signals are blocked until
 *     lock_release(&lock, &guard);
 */
#ifndef SPANLOG_CORE_FUTEX_H
#define SPANLOG_CORE_FUTEX_H

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Waits while *word == value, at most timeout_ns (negative: no limit). May return early. errno
 * stays: a program's thread may wait in a call that must not set it. */
static inline void futex_wait_by(int operation, uint32_t *word, uint32_t value,
                                 int64_t timeout_ns) {
    struct timespec time = {.tv_sec = timeout_ns / 1000000000, .tv_nsec = timeout_ns % 1000000000};
    int saved = errno;
    syscall(SYS_futex, word, operation, value, timeout_ns < 0 ? NULL : &time, NULL, 0);
    errno = saved;
}

static inline void futex_wait(uint32_t *word, uint32_t value, int64_t timeout_ns) {
    futex_wait_by(FUTEX_WAIT_PRIVATE, word, value, timeout_ns);
}

static inline void futex_wake(uint32_t *word) {
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}

/* The same for words in shared memory, on which other processes wait. */
static inline void futex_wait_shared(uint32_t *word, uint32_t value, int64_t timeout_ns) {
    futex_wait_by(FUTEX_WAIT, word, value, timeout_ns);
}

static inline void futex_wake_shared(uint32_t *word) {
    syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

/* Adds to such a word, less than 2048, and wakes who waits on it. It is the kernel that touches the
 * word: of a file that was cut short in the meantime it says -EFAULT, where we would get SIGBUS. 0
 * or -errno. */
static inline int futex_add_shared(uint32_t *word, uint32_t add) {
    uint32_t operation = FUTEX_OP(FUTEX_OP_ADD, add, FUTEX_OP_CMP_EQ, 0);
    long done = syscall(SYS_futex, word, FUTEX_WAKE_OP, INT_MAX, NULL, word, operation);
    return done < 0 ? -errno : 0;
}

static inline void cpu_pause(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#else
    __asm__ volatile("" ::: "memory");
#endif
}

/* 0 free, 1 held, 2 held with waiters. Private to the process. */
struct lock {
    uint32_t state;
    int32_t owner; /* thread id, so that a fault inside can tell */
};

struct lock_guard {
    sigset_t signals;
    int cancel; /* whether the thread could be cancelled, which it is not while it holds a lock */
    bool held;
};

/* All signals but those a fault raises: a blocked fault would kill past the program's handlers. */
static inline void signals_block(sigset_t *ret_before) {
    sigset_t all;
    sigfillset(&all);
    sigdelset(&all, SIGSEGV);
    sigdelset(&all, SIGBUS);
    sigdelset(&all, SIGFPE);
    sigdelset(&all, SIGILL);
    sigdelset(&all, SIGTRAP);
    sigdelset(&all, SIGABRT);
    sigdelset(&all, SIGSYS);
    pthread_sigmask(SIG_SETMASK, &all, ret_before);
}

/* A write that fails may send this thread a signal as well (SIGPIPE, SIGXFSZ), which would end the
 * program: takes it back. Signals are blocked. errno stays. */
static inline void signal_take_back(int number) {
    int saved = errno;
    struct timespec now = {0, 0};
    sigset_t one;
    sigemptyset(&one);
    sigaddset(&one, number);
    while (sigtimedwait(&one, NULL, &now) > 0) {
    }
    errno = saved;
}

static inline void lock_guard_up(struct lock_guard *ret_guard) {
    signals_block(&ret_guard->signals);
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &ret_guard->cancel);
}

static inline void lock_guard_down(const struct lock_guard *guard) {
    pthread_sigmask(SIG_SETMASK, &guard->signals, NULL);
    pthread_setcancelstate(guard->cancel, NULL);
}

/* Takes the lock with signals blocked. held is false when this thread already has it (a fault's
 * handler that logs): the caller then has to do without. */
static inline struct lock_guard lock_take(struct lock *lock) {
    struct lock_guard guard = {.held = false};
    int32_t self = (int32_t)syscall(SYS_gettid);
    if (__atomic_load_n(&lock->owner, __ATOMIC_RELAXED) == self)
        return guard;
    lock_guard_up(&guard);
    uint32_t expected = 0;
    if (!__atomic_compare_exchange_n(&lock->state, &expected, 1, false, __ATOMIC_ACQUIRE,
                                     __ATOMIC_RELAXED)) {
        while (__atomic_exchange_n(&lock->state, 2, __ATOMIC_ACQUIRE) != 0)
            futex_wait(&lock->state, 2, -1);
    }
    __atomic_store_n(&lock->owner, self, __ATOMIC_RELAXED);
    guard.held = true;
    return guard;
}

/* The same, if nobody has it; held is false, too, when somebody does. */
static inline struct lock_guard lock_try(struct lock *lock) {
    struct lock_guard guard = {.held = false};
    uint32_t expected = 0;
    lock_guard_up(&guard);
    guard.held = __atomic_compare_exchange_n(&lock->state, &expected, 1, false, __ATOMIC_ACQUIRE,
                                             __ATOMIC_RELAXED);
    if (guard.held)
        __atomic_store_n(&lock->owner, (int32_t)syscall(SYS_gettid), __ATOMIC_RELAXED);
    else
        lock_guard_down(&guard);
    return guard;
}

static inline void lock_release(struct lock *lock, struct lock_guard *guard) {
    if (!guard->held)
        return;
    /* The guard may be shared by all who take this lock (around fork): not looked at once it is
     * free. */
    const struct lock_guard before = *guard;
    guard->held = false;
    __atomic_store_n(&lock->owner, 0, __ATOMIC_RELAXED);
    if (__atomic_exchange_n(&lock->state, 0, __ATOMIC_RELEASE) == 2)
        futex_wake(&lock->state);
    lock_guard_down(&before);
}

#endif
