/* control/attach.c: see attach.h. Finding: attach_find.c. */
#include "src/control/attach.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#define LOCK_TRIES 100
#define LOCK_PAUSE_MS 10

/* The kernel lets go of it when the tool dies. */
static int lock_control(int fd, short type) {
    struct flock lock = {
        .l_type = type, .l_whence = SEEK_SET, .l_start = CONTROL_LOCK_BYTE, .l_len = 1};
    for (int i = 0; i < LOCK_TRIES; i++) {
        if (fcntl(fd, F_OFD_SETLK, &lock) == 0)
            return 0;
        if (errno != EAGAIN && errno != EACCES)
            return -errno;
        poll(NULL, 0, LOCK_PAUSE_MS);
    }
    return -EBUSY;
}

void attach_rules(const struct attached *process, char text[CONTROL_TEXT_SIZE + 1]) {
    uint32_t generation;
    text[0] = '\0';
    if (process->control != NULL)
        control_get(process->control->rules, &process->control->generation, text, &generation);
}

int attach_change(struct attached *process,
                  int (*edit)(char text[CONTROL_TEXT_SIZE + 1], void *arg), void *arg,
                  uint32_t *ret_generation) {
    char text[CONTROL_TEXT_SIZE + 1];
    struct control *control = process->control;
    if (control == NULL)
        return -ESRCH;
    int error = lock_control(process->fd, F_WRLCK);
    if (error != 0)
        return error;
    attach_rules(process, text);
    error = edit(text, arg);
    if (error == 0)
        error = control_put(control->rules, &control->generation, text, strlen(text));
    *ret_generation = __atomic_load_n(&control->generation, __ATOMIC_RELAXED);
    lock_control(process->fd, F_UNLCK);
    if (error == 0)
        control_call(control);
    return error;
}

uint32_t attach_ask(struct attached *process, uint32_t *wanted) {
    uint32_t ticket = __atomic_add_fetch(wanted, 1, __ATOMIC_SEQ_CST);
    control_call(process->control);
    return ticket;
}

int attach_wait(uint32_t *done, uint32_t ticket, int timeout_ms) {
    uint64_t end = clock_gettime_ns(CLOCK_MONOTONIC) + (uint64_t)timeout_ms * 1000000;
    for (;;) {
        uint32_t now = __atomic_load_n(done, __ATOMIC_SEQ_CST);
        if ((int32_t)(now - ticket) >= 0)
            return 0;
        int64_t left = (int64_t)(end - clock_gettime_ns(CLOCK_MONOTONIC));
        if (left <= 0)
            return -ETIMEDOUT;
        futex_wait_shared(done, now, left);
    }
}

bool attach_value(const char *text, const char *name, char *value, size_t size) {
    size_t length = strlen(name);
    bool found = false;
    snprintf(value, size, "%s", "");
    for (; *text != '\0'; text += strcspn(text, "\n"), text += *text == '\n') {
        if (strncmp(text, name, length) == 0 && strncmp(text + length, " = ", 3) == 0) {
            text += length + 3;
            snprintf(value, size, "%.*s", (int)strcspn(text, "\n"), text);
            found = true;
        }
    }
    return found;
}
