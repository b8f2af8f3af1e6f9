/* tests/crash/trap_calls.h: counts the system calls and the allocations of one thread.
 *
 *     trap_calls_start();                 // once, on the thread to be watched; cannot be undone
 *     trapped_counting = true;
 *     work();
 *     trapped_counting = false;
 *     assert(trapped.calls == 0 && trapped.allocations == 0);
 *
 * System calls are trapped by a seccomp filter on this thread alone; the handler of SIGSYS counts
 * them and makes them, so that the thread goes on as if nothing had happened. malloc and its kin
 * are replaced in the program that links this file. Futex wakes are counted apart.
 */
#ifndef SPANLOG_TESTS_CRASH_TRAP_CALLS_H
#define SPANLOG_TESTS_CRASH_TRAP_CALLS_H

#include <stdbool.h>
#include <stdint.h>

enum { TRAPPED_NUMBERS = 512 };

struct trapped {
    uint64_t calls;                      /* system calls but futex wakes */
    uint64_t futex_wakes;                /* FUTEX_WAKE */
    uint64_t allocations;                /* malloc, calloc, realloc, free, ... */
    uint32_t by_number[TRAPPED_NUMBERS]; /* of calls */
};

extern __thread struct trapped trapped;
extern __thread bool trapped_counting;

/* Returns 0, or -errno when the kernel has no seccomp filters. */
int trap_calls_start(void);

#endif
