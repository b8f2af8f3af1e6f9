/* tests/crash/trap_calls.c: see trap_calls.h. x86-64 only.
 *
 * The filter lets a call through when its instruction lies in trap_calls_raw below, which is where
 * the handler makes the calls that it has counted.
 */
#include "trap_calls.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/futex.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

__thread struct trapped trapped;
__thread bool trapped_counting;

/* ---- system calls --------------------------------------------------------------------------- */

long trap_calls_raw(long number, const greg_t *arguments);
extern const char trap_calls_raw_end[];
__asm__(".pushsection .text\n"
        ".globl trap_calls_raw\n"
        ".type trap_calls_raw, @function\n"
        "trap_calls_raw:\n"
        "    mov %rdi, %rax\n"
        "    mov %rsi, %rcx\n"
        "    mov (%rcx), %rdi\n"
        "    mov 8(%rcx), %rsi\n"
        "    mov 16(%rcx), %rdx\n"
        "    mov 24(%rcx), %r10\n"
        "    mov 32(%rcx), %r8\n"
        "    mov 40(%rcx), %r9\n"
        "    syscall\n"
        "    ret\n"
        ".globl trap_calls_raw_end\n"
        "trap_calls_raw_end:\n"
        ".popsection\n");

static void on_call(int signal_number, siginfo_t *info, void *context) {
    greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
    long number = info->si_syscall;
    (void)signal_number;
    if (trapped_counting) {
        long operation = registers[REG_RSI] & FUTEX_CMD_MASK;
        if (number == SYS_futex && operation == FUTEX_WAKE) {
            trapped.futex_wakes++;
        } else {
            trapped.calls++;
            if (number >= 0 && number < TRAPPED_NUMBERS)
                trapped.by_number[number]++;
        }
    }
    greg_t arguments[6] = {registers[REG_RDI], registers[REG_RSI], registers[REG_RDX],
                           registers[REG_R10], registers[REG_R8],  registers[REG_R9]};
    registers[REG_RAX] = trap_calls_raw(number, arguments);
}

static int install_filter(void) {
    uint64_t from = (uint64_t)(uintptr_t)trap_calls_raw;
    uint64_t to = (uint64_t)(uintptr_t)trap_calls_raw_end;
    if (from >> 32 != to >> 32)
        return -ERANGE;
    const uint32_t pointer = offsetof(struct seccomp_data, instruction_pointer);
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_rt_sigreturn, 6, 0),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, pointer + 4),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(from >> 32), 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, pointer),
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, (uint32_t)from, 0, 1),
        BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, (uint32_t)to, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof code / sizeof code[0], code};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return -errno;
    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0 ? -errno : 0;
}

int trap_calls_start(void) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = on_call;
    action.sa_flags = SA_SIGINFO | SA_NODEFER;
    if (sigaction(SIGSYS, &action, NULL) < 0)
        return -errno;
    return install_filter();
}

/* ---- allocations: glibc's own, with a count before ------------------------------------------- */

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *memory);

static void count_allocation(void) {
    if (trapped_counting)
        trapped.allocations++;
}

void *malloc(size_t size) {
    count_allocation();
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
    count_allocation();
    return __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size) {
    count_allocation();
    return __libc_realloc(memory, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
    count_allocation();
    return __libc_memalign(alignment, size);
}

int posix_memalign(void **ret_memory, size_t alignment, size_t size) {
    count_allocation();
    *ret_memory = __libc_memalign(alignment, size);
    return *ret_memory == NULL ? ENOMEM : 0;
}

void free(void *memory) {
    count_allocation();
    __libc_free(memory);
}
