/* sinks/compress.c: the thread, and what it is asked to do; see compress.h. The work itself:
 * compress_parts.c, codec.c.
 *
 * The thread is there only while there is something to do. It has a table of descriptors of its own
 * where the kernel permits: the program can neither close them nor get their numbers, and a child
 * of the program holds none of its locks.
 */
#include "src/sinks/compress.h"
#include "src/core/descriptor.h"
#include "src/core/futex.h"
#include "src/core/tell.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A program that is linked statically has none. */
#pragma weak dlopen

#define IOPRIO_IDLE (3 << 13) /* of linux/ioprio.h */
#define STACK_SIZE ((size_t)256 * 1024)
#define MOST_FILES 4

struct request {
    char path[512];
    enum rotation_compress kind;
    bool wanted;
    bool said; /* what is wrong */
    int error; /* of the last time */
};

static struct {
    struct lock lock;
    struct request requests[MOST_FILES];
    size_t count;
    bool running;
} work;

static const struct codec *const codecs[] = {
    [ROTATION_GZIP] = &codec_gzip, [ROTATION_ZSTD] = &codec_zstd};
static bool asked_for[ROTATION_ZSTD + 1], is_there[ROTATION_ZSTD + 1];

void compress_prepare(enum rotation_compress kind) {
    if (kind == ROTATION_PLAIN || asked_for[kind])
        return;
    asked_for[kind] = true;
    void *library = dlopen != NULL ? dlopen(codecs[kind]->library, RTLD_NOW | RTLD_LOCAL) : NULL;
    is_there[kind] = library != NULL && codecs[kind]->bind(library);
    if (!is_there[kind])
        tell("compress=%s needs %s, which cannot be loaded; rotated files stay uncompressed",
             kind == ROTATION_GZIP ? "gzip" : "zstd", codecs[kind]->library);
}

/* ---- the thread ---------------------------------------------------------------------------- */

static void become_humble(void) {
    const struct sched_param none = {0};
    prctl(PR_SET_NAME, "spanlog-zip");
    sched_setscheduler(0, SCHED_IDLE, &none);
    syscall(SYS_ioprio_set, 1, 0, IOPRIO_IDLE); /* this thread's */
    descriptors_leave();
}

/* The next that is wanted; false: there is none, and the thread ends. */
static bool take(struct request *ret_request) {
    struct lock_guard guard = lock_take(&work.lock);
    bool found = false;
    for (size_t i = 0; i < work.count && !found; i++) {
        found = work.requests[i].wanted;
        work.requests[i].wanted = false;
        if (found)
            *ret_request = work.requests[i];
    }
    if (!found)
        __atomic_store_n(&work.running, false, __ATOMIC_SEQ_CST);
    lock_release(&work.lock, &guard);
    return found;
}

static void note(const struct request *done, int error) {
    struct lock_guard guard = lock_take(&work.lock);
    for (size_t i = 0; i < work.count; i++)
        if (strcmp(work.requests[i].path, done->path) == 0)
            work.requests[i].error = error;
    lock_release(&work.lock, &guard);
}

static void *work_main(void *unused) {
    struct request request;
    (void)unused;
    become_humble();
    while (take(&request))
        note(&request, compress_parts(request.path, codecs[request.kind]));
    return NULL;
}

static bool start_thread(void) {
    pthread_t thread;
    pthread_attr_t attributes;
    sigset_t all, before;
    if (pthread_attr_init(&attributes) != 0)
        return false;
    pthread_attr_setstacksize(&attributes, STACK_SIZE);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool started = pthread_create(&thread, &attributes, work_main, NULL) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return started;
}

/* ---- asking it ----------------------------------------------------------------------------- */

/* Under the lock. Outputs change: a file of which nothing is wanted makes room for another. NULL:
 * all of them are wanted; the next rotation asks again. */
static struct request *request_of(const char *path) {
    struct request *request = NULL;
    for (size_t i = 0; i < work.count; i++) {
        if (strcmp(work.requests[i].path, path) == 0)
            return &work.requests[i];
        if (!work.requests[i].wanted)
            request = &work.requests[i];
    }
    if (work.count < MOST_FILES)
        request = &work.requests[work.count++];
    if (request == NULL || strlen(path) >= sizeof request->path)
        return NULL;
    *request = (struct request){.wanted = false};
    strcpy(request->path, path);
    return request;
}

/* What went wrong the last time, once: the thread has no stderr. */
static int take_trouble(struct request *request) {
    int error = request->error;
    bool said = request->said;
    request->said = error != 0;
    return said ? 0 : error;
}

void compress_start(const char *path, enum rotation_compress kind) {
    if (kind == ROTATION_PLAIN || !is_there[kind])
        return;
    struct lock_guard guard = lock_take(&work.lock);
    struct request *request = request_of(path);
    int error = request != NULL ? take_trouble(request) : 0;
    if (request != NULL) {
        request->kind = kind;
        request->wanted = true;
    }
    bool starts = request != NULL && !work.running;
    if (starts)
        __atomic_store_n(&work.running, true, __ATOMIC_SEQ_CST);
    lock_release(&work.lock, &guard);
    if (starts && !start_thread())
        __atomic_store_n(&work.running, false, __ATOMIC_SEQ_CST);
    if (error != 0)
        tell("cannot compress the rotated files of %s: %s; they stay, and are tried again at each "
             "rotation",
             path, strerror(-error));
}

bool compress_is_running(void) {
    return __atomic_load_n(&work.running, __ATOMIC_SEQ_CST);
}

void compress_after_fork(void) {
    memset(&work, 0, sizeof work);
}
