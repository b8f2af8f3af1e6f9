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

/* ---- the control area ------------------------------------------------------------------------ */

#define CONTROL_AT offsetof(struct journal_header, control)
#define LOOKS 8

static bool read_at(int fd, void *to, size_t size, uint64_t offset) {
    return pread(fd, to, size, (off_t)offset) == (ssize_t)size;
}

/* Where that part of the copy lies in the file. */
static uint64_t place_of(const struct attached *process, const void *part) {
    return CONTROL_AT + (uint64_t)((const uint8_t *)part - (const uint8_t *)process->control);
}

/* For futex calls. */
static uint32_t *word_of(const struct attached *process, const uint32_t *word) {
    return (uint32_t *)(void *)(process->words + place_of(process, word));
}

int attach_look(struct attached *process) {
    struct control *control = process->control;
    for (int i = 0; i < LOOKS; i++) { /* the process may be writing */
        uint32_t said;
        if (!read_at(process->fd, control, sizeof *control, CONTROL_AT))
            return -EBADMSG;
        if (control_get(control->state, &control->said, process->state, &said) == 0)
            break;
    }
    return 0;
}

/* One word anew. A pread beside a store may see half of it; twice the same half it does not. */
static int look_at(struct attached *process, uint32_t *word) {
    uint32_t again;
    do {
        if (!read_at(process->fd, word, sizeof *word, place_of(process, word)) ||
            !read_at(process->fd, &again, sizeof again, place_of(process, word)))
            return -EBADMSG;
    } while (*word != again);
    return 0;
}

static int call(struct attached *process) {
    return futex_add_shared(word_of(process, &process->control->wake), 1);
}

void attach_rules(const struct attached *process, char text[CONTROL_TEXT_SIZE + 1]) {
    uint32_t generation;
    text[0] = '\0';
    if (process->control != NULL)
        control_get(process->control->rules, &process->control->generation, text, &generation);
}

/* The slot, and only then the word that makes it count. */
static int put_rules(struct attached *process, const char *text) {
    struct control *control = process->control;
    uint32_t now = control->generation, next = control_next(now);
    int error = control_fill(control->rules, next, text, strlen(text));
    if (error != 0)
        return error;
    const struct control_slot *slot = &control->rules[next & 1];
    ssize_t put = pwrite(process->fd, slot, sizeof *slot, (off_t)place_of(process, slot));
    if (put != (ssize_t)sizeof *slot)
        return put < 0 ? -errno : -EIO;
    control->generation = next;
    return futex_add_shared(word_of(process, &control->generation), next - now);
}

int attach_change(struct attached *process,
                  int (*edit)(char text[CONTROL_TEXT_SIZE + 1], void *arg), void *arg,
                  uint32_t *ret_generation) {
    char text[CONTROL_TEXT_SIZE + 1];
    if (process->control == NULL)
        return -ESRCH;
    int error = lock_control(process->fd, F_WRLCK);
    if (error != 0)
        return error;
    attach_look(process); /* a state that cannot be read is put right by the change */
    attach_rules(process, text);
    error = edit(text, arg);
    if (error == 0)
        error = put_rules(process, text);
    *ret_generation = process->control->generation;
    lock_control(process->fd, F_UNLCK);
    return error == 0 ? call(process) : error;
}

/* Others may ask at the same time: then theirs is the ticket, which says that ours is served. */
int attach_ask(struct attached *process, uint32_t *wanted) {
    if (process->control == NULL)
        return -ESRCH;
    int error = futex_add_shared(word_of(process, wanted), 1);
    if (error == 0)
        error = look_at(process, wanted);
    return error == 0 ? call(process) : error;
}

int attach_wait(struct attached *process, uint32_t *done, uint32_t ticket, int timeout_ms) {
    uint64_t end = clock_gettime_ns(CLOCK_MONOTONIC) + (uint64_t)timeout_ms * 1000000;
    for (;;) {
        int error = look_at(process, done);
        if (error != 0)
            return error;
        if ((int32_t)(*done - ticket) >= 0)
            return attach_look(process);
        int64_t left = (int64_t)(end - clock_gettime_ns(CLOCK_MONOTONIC));
        if (left <= 0)
            return -ETIMEDOUT;
        futex_wait_shared(word_of(process, done), *done, left);
    }
}

/* ---- text ------------------------------------------------------------------------------------ */

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
