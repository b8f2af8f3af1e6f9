/* process/follow.c: sends what stands in the spool of the network outputs, in threads of the
 * program.
 *
 *     OTEL_TRACES_EXPORTER=otlp OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318 ./orders
 *
 * libspanlog-ship does it, which is opened here: who sends nothing loads neither it nor libcurl. It
 * runs in a thread that has a table of descriptors of its own: a program that closes everything
 * takes nothing from it, and a forked child inherits none of its locks. So it cannot say anything
 * itself, as stderr is the program's: what it says is kept for the back, or for who ends it.
 */
#include "src/process/process.h"

#include "src/config/exports.h"
#include "src/core/descriptor.h"
#include "src/core/tell.h"
#include "src/ship/ship.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/stat.h>

/* A program that is linked statically has none of these. */
#pragma weak dlopen
#pragma weak dlsym
#pragma weak dlerror
#pragma weak dladdr

#ifndef SPANLOG_SHIP_LIBRARY
#define SPANLOG_SHIP_LIBRARY "libspanlog-ship.so.0"
#endif
#define OPENSSL_NO_ATEXIT 0x00080000u /* OPENSSL_INIT_NO_ATEXIT */
#define STACK_SIZE ((size_t)512 * 1024)
#define MEMORY ((uint64_t)64 << 20)
#define REQUEST_SIZE (1u << 20)
#define LINGER_MS 1000
#define OPEN_MS 1000 /* a fork waits at most so long for the loader */
#define LATE_MS 500  /* for what cannot be interrupted at the end */
#define SAID_MAX 8u

typedef int ship_run(const struct spanlog_ship_settings *settings);

static struct {
    struct spanlog_ship_target targets[EXPORTS_MAX];
    struct spanlog_ship_settings ship;
    char records[600], state[600];
    const char *path; /* of records */
    pthread_t thread;
    uint64_t most_ms; /* of its end */
    bool running;     /* the thread was started; it is once only */
    bool ending;      /* somebody ends it */
    uint32_t opened;  /* futex: the loader is done */
    uint32_t stop;    /* futex of the library */
    uint32_t ended;   /* futex: the thread has come to its end */
    uint32_t over;    /* futex: nobody waits for that any more */
    uint32_t threads; /* that the library has */
    struct lock lock; /* of what follows */
    uint32_t said_count;
    char said[SAID_MAX][1000];
} follow;

static struct settings sent; /* as they were when it began; who sends looks at them */

static bool is_running(void) {
    return __atomic_load_n(&follow.running, __ATOMIC_SEQ_CST);
}

/* ---- what is said --------------------------------------------------------------------------- */

static void say(void *argument, const char *text) {
    (void)argument;
    struct lock_guard guard = lock_take(&follow.lock);
    if (follow.said_count < SAID_MAX) {
        snprintf(follow.said[follow.said_count], sizeof follow.said[0], "%s", text);
        __atomic_store_n(&follow.said_count, follow.said_count + 1, __ATOMIC_RELEASE);
    }
    lock_release(&follow.lock, &guard);
    __atomic_store_n(&process.settings_changed, 1, __ATOMIC_SEQ_CST);
    process_wake();
}

void process_follow_tell(void) {
    if (__atomic_load_n(&follow.said_count, __ATOMIC_ACQUIRE) == 0)
        return;
    struct lock_guard guard = lock_take(&follow.lock);
    for (uint32_t i = 0; guard.held && i < follow.said_count; i++)
        tell("%s", follow.said[i]);
    if (guard.held)
        __atomic_store_n(&follow.said_count, 0, __ATOMIC_RELEASE);
    lock_release(&follow.lock, &guard);
}

/* What must be done elsewhere, and how. A password that stands in the URL is for nobody's eyes. */
static void say_elsewhere(const char *why) {
    char text[sizeof follow.said[0]];
    const char *to = follow.targets[0].to, *host = strrchr(to, '@'), *scheme = strstr(to, "://");
    bool secret = host != NULL && scheme != NULL && host > scheme;
    snprintf(
        text, sizeof text,
        "network outputs: %.200s. What is to be sent stays in the spool, the newest of it, and "
        "this sends it: spanlog ship --state %.200s --to %.*s%.150s %.200s",
        why, follow.state, secret ? (int)(scheme + 3 - to) : 0, to, secret ? host + 1 : to,
        follow.path);
    say(NULL, text);
}

static void say_missing(const char *why) {
    char text[200];
    snprintf(text, sizeof text, "%s cannot be loaded: %.120s; install it", SPANLOG_SHIP_LIBRARY,
             why);
    say_elsewhere(text);
}

/* ---- the library ---------------------------------------------------------------------------- */

/* Beside libspanlog, or a program that has it in it; else where libraries are. */
static void *find_library(void) {
    char path[4096];
    Dl_info info;
    const char *slash = NULL;
    if (getauxval(AT_SECURE) == 0 && dladdr != NULL && dladdr(&follow, &info) != 0)
        slash = strrchr(info.dli_fname, '/');
    if (slash != NULL && (size_t)(slash - info.dli_fname) < sizeof path - 64) {
        snprintf(path, sizeof path, "%.*s/" SPANLOG_SHIP_LIBRARY, (int)(slash - info.dli_fname),
                 info.dli_fname);
        void *handle = access(path, R_OK) == 0 ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : NULL;
        if (handle != NULL)
            return handle;
    }
    return dlopen(SPANLOG_SHIP_LIBRARY, RTLD_NOW | RTLD_LOCAL);
}

/* OpenSSL cleans up in a handler of exit, also while another thread is in it. It is asked not to,
 * before anything else uses it; a program that did so before us had its handler registered first,
 * and it runs after ours. */
static void keep_openssl(void *handle) {
    int (*init)(uint64_t options, const void *settings);
    *(void **)&init = dlsym(handle, "OPENSSL_init_crypto");
    if (init != NULL)
        init(OPENSSL_NO_ATEXIT, NULL);
}

static ship_run *open_library(void) {
    ship_run *run = NULL;
    if (dlopen == NULL || dlsym == NULL || dlerror == NULL) {
        say_missing("this program is linked statically");
        return NULL;
    }
    void *handle = find_library();
    if (handle != NULL) {
        *(void **)&run = dlsym(handle, "spanlog_ship_run");
        keep_openssl(handle);
    }
    if (run == NULL) {
        const char *why = dlerror();
        say_missing(why != NULL ? why : "no such library");
    }
    return run;
}

static void is_open(void) {
    __atomic_store_n(&follow.opened, 1, __ATOMIC_SEQ_CST);
    futex_wake(&follow.opened);
}

/* Also one that the program has begun to use meanwhile. */
static void ready(void *argument) {
    static bool asked; /* of children too: they inherit exit's handlers */
    (void)argument;
    if (!asked)
        asked = atexit(process_follow_exit) == 0;
    is_open();
}

/* The numbers of the streams stay taken: whoever writes to 2 writes to nobody. */
static bool fill_streams(void) {
    int fd = open("/dev/null", O_RDWR);
    return fd == 0 && dup(fd) == 1 && dup(fd) == 2;
}

static void *follow_main(void *unused) {
    (void)unused;
    prctl(PR_SET_NAME, "spanlog-ship");
    if (!descriptors_leave() || !fill_streams()) {
        say_elsewhere("a thread cannot have descriptors of its own here (Linux 5.9 can)");
    } else {
        ship_run *run = open_library();
        if (run != NULL && run(&follow.ship) == -EPROTO)
            say_elsewhere(SPANLOG_SHIP_LIBRARY " is of another version");
    }
    is_open();
    __atomic_store_n(&follow.ended, 1, __ATOMIC_SEQ_CST);
    futex_wake(&follow.ended);
    return NULL;
}

/* ---- what it is told ------------------------------------------------------------------------ */

static const char *given(const char *text) {
    return text[0] != '\0' ? text : NULL;
}

static uint64_t fill_target(struct spanlog_ship_target *target, const struct export_setting *export,
                            const struct settings *s) {
    bool otlp = strncmp(export->to, "otlp:", 5) == 0, loki = strncmp(export->to, "loki:", 5) == 0;
    bool all = loki || export->signals == (EXPORT_TRACES | EXPORT_LOGS);
    _Static_assert(EXPORT_TRACES == SPANLOG_SHIP_TRACES && EXPORT_LOGS == SPANLOG_SHIP_LOGS,
                   "the same bits");
    *target = (struct spanlog_ship_target){.to = export->to,
                                           .signals = all ? 0 : export->signals,
                                           .level = export->level,
                                           .request_size = REQUEST_SIZE};
    target->timeout_ms =
        strncmp(export->to, "zipkin:", 7) == 0 ? s->zipkin_timeout : s->otlp_timeout;
    target->headers = otlp ? given(s->otlp_headers) : loki ? given(s->loki_headers) : NULL;
    if (otlp) {
        target->ca = given(s->otlp_certificate);
        target->key = given(s->otlp_client_key);
        target->certificate = given(s->otlp_client_certificate);
    }
    if (export->as_is)
        target->traces_url = target->logs_url = export->to + sizeof "otlp:" - 1;
    return target->timeout_ms;
}

static void fill(const struct settings *s) {
    follow.ship = (struct spanlog_ship_settings){.size = SPANLOG_SHIP_SIZE,
                                                 .targets = follow.targets,
                                                 .target_count = s->export_count,
                                                 .paths = &follow.path,
                                                 .path_count = 1,
                                                 .state = follow.state,
                                                 .memory = MEMORY,
                                                 .linger_ms = LINGER_MS,
                                                 .say = say,
                                                 .stop = &follow.stop,
                                                 .threads = &follow.threads,
                                                 .ready = ready};
    snprintf(follow.records, sizeof follow.records, "%s/records.jsonl", s->spool);
    snprintf(follow.state, sizeof follow.state, "%s/state", s->spool);
    follow.path = follow.records;
    for (uint32_t i = 0; i < s->export_count; i++) {
        uint64_t timeout_ms = fill_target(&follow.targets[i], &s->exports[i], s);
        if (timeout_ms > follow.ship.grace_ms)
            follow.ship.grace_ms = timeout_ms;
    }
    follow.most_ms = follow.ship.grace_ms + LATE_MS;
}

/* ---- beginning ------------------------------------------------------------------------------ */

static int make_folder(const char *path) {
    char part[sizeof((struct settings *)0)->spool];
    for (size_t i = 1; path[i - 1] != '\0'; i++) {
        if (path[i] != '/' && path[i] != '\0')
            continue;
        snprintf(part, sizeof part, "%.*s", (int)i, path);
        if (mkdir(part, 0700) != 0 && errno != EEXIST)
            return -errno;
    }
    return 0;
}

/* It is there before it is looked for. */
static int make_spool(const struct settings *s) {
    int error = make_folder(s->spool);
    if (error != 0)
        return error;
    int fd = open(s->outputs[s->output_count - 1].target,
                  O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK, 0600);
    return fd < 0 ? -errno : close(fd);
}

void process_follow_prepare(struct settings *s) {
    int error = s->export_count > 0 ? make_spool(s) : 0;
    if (error == 0)
        return;
    tell("network outputs: %s: %s; they are left out; SPANLOG_SPOOL_DIR names another folder",
         s->spool, strerror(-error));
    exports_drop(s);
}

static bool is_same(const struct export_setting *a, const struct export_setting *b) {
    return strcmp(a->to, b->to) == 0 && a->as_is == b->as_is && a->signals == b->signals &&
           a->level == b->level;
}

static const char *why_no_spool(const struct settings *s) {
    static char why[600]; /* one back at a time */
    int error = make_spool(s);
    if (error == 0)
        return NULL;
    snprintf(why, sizeof why, "their spool %s: %s; SPANLOG_SPOOL_DIR names another folder",
             s->spool, strerror(-error));
    return why;
}

const char *process_follow_refuses(const struct settings *s) {
    bool same = s->export_count == sent.export_count;
    if (s->export_count == 0)
        return NULL;
    if (!is_running())
        return why_no_spool(s);
    for (uint32_t i = 0; same && i < s->export_count; i++)
        same = is_same(&s->exports[i], &sent.exports[i]);
    return same ? NULL
                : "whom a process sends to is fixed once it sends; this holds from its next "
                  "start on";
}

void process_follow_start(const struct settings *s, bool threads) {
    sigset_t all, before;
    pthread_attr_t attributes;
    if (s->export_count == 0 || is_running() || pthread_attr_init(&attributes) != 0)
        return;
    static bool asked; /* as above */
    sent = *s;
    fill(&sent);
    if (!threads) {
        say_elsewhere("sync = 1 asks for no thread, and so nothing is sent from here");
        process_follow_tell();
        return;
    }
    if (!asked)
        asked = atexit(process_follow_exit) == 0;
    pthread_attr_setstacksize(&attributes, STACK_SIZE);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool runs = pthread_create(&follow.thread, &attributes, follow_main, NULL) == 0;
    __atomic_store_n(&follow.running, runs, __ATOMIC_SEQ_CST);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    if (!runs)
        tell("no thread for the network outputs: what is to be sent stays in %s", follow.records);
}

unsigned process_follow_threads(void) {
    bool main = is_running() && __atomic_load_n(&follow.ended, __ATOMIC_SEQ_CST) == 0;
    return main + __atomic_load_n(&follow.threads, __ATOMIC_SEQ_CST);
}

/* ---- the end -------------------------------------------------------------------------------- */

static bool wait_for(uint32_t *word, uint64_t most_ms) {
    uint64_t until = clock_gettime_ns(CLOCK_MONOTONIC) + most_ms * 1000000;
    while (__atomic_load_n(word, __ATOMIC_SEQ_CST) == 0) {
        uint64_t now = clock_gettime_ns(CLOCK_MONOTONIC);
        if (now >= until)
            return false;
        futex_wait(word, 0, (int64_t)(until - now));
    }
    return true;
}

void process_follow_stop(int timeout_ms) {
    if (!is_running())
        return;
    if (__atomic_exchange_n(&follow.ending, true, __ATOMIC_SEQ_CST)) {
        wait_for(&follow.over, follow.most_ms); /* another thread may be at it */
        return;
    }
    if (timeout_ms >= 0 && (uint64_t)timeout_ms < follow.ship.grace_ms)
        follow.ship.grace_ms = (uint64_t)timeout_ms;
    __atomic_store_n(&follow.stop, 1, __ATOMIC_SEQ_CST);
    futex_wake(&follow.stop);
    /* Joined, so that what libraries keep for a thread is gone before they are. */
    if (wait_for(&follow.ended, follow.ship.grace_ms + LATE_MS))
        pthread_join(follow.thread, NULL);
    else
        pthread_detach(follow.thread);
    process_follow_tell();
    __atomic_store_n(&follow.over, 1, __ATOMIC_SEQ_CST);
    futex_wake(&follow.over);
}

void process_follow_exit(void) {
    if (is_running() && __atomic_load_n(&follow.over, __ATOMIC_SEQ_CST) == 0)
        process_at_exit();
}

/* ---- fork ----------------------------------------------------------------------------------- */

static struct lock_guard fork_guard;

/* Or the child would have the loader's lock, held, for ever. */
void process_follow_before_fork(void) {
    if (is_running())
        wait_for(&follow.opened, OPEN_MS);
    fork_guard = lock_take(&follow.lock);
}

void process_follow_after_fork_parent(void) {
    lock_release(&follow.lock, &fork_guard);
}

void process_follow_after_fork_child(void) {
    const struct lock_guard guard = fork_guard;
    memset(&follow, 0, sizeof follow);
    if (guard.held)
        lock_guard_down(&guard);
}
