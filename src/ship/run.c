/* ship/run.c: see ship.h: the couriers' threads, signals, and what is said. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "src/core/futex.h"
#include "src/ship/courier.h"

#define SAID_MAX 1024

struct spanlog_ship_shared {
    const struct spanlog_ship_settings *settings;
    pthread_mutex_t lock;
    uint64_t said[SAID_MAX]; /* hashes: each file's trouble once, whatever the number of targets */
    unsigned said_count;
    int stop_fd, ended_fd;
};

void spanlog_ship_shared_say(struct spanlog_ship_shared *shared, const char *text) {
    pthread_mutex_lock(&shared->lock);
    shared->settings->say(shared->settings->argument, text);
    pthread_mutex_unlock(&shared->lock);
}

void spanlog_ship_shared_show(struct spanlog_ship_shared *shared, const char *text) {
    pthread_mutex_lock(&shared->lock);
    shared->settings->progress(shared->settings->argument, text);
    pthread_mutex_unlock(&shared->lock);
}

bool spanlog_ship_shared_is_new(struct spanlog_ship_shared *shared, const char *path,
                                const char *what) {
    uint64_t hash = spanlog_ship_hash(path, strlen(path)) ^
                    spanlog_ship_hash(what, strlen(what)) * 0x9e3779b97f4a7c15u;
    bool is_new = true;
    pthread_mutex_lock(&shared->lock);
    for (unsigned i = 0; i < shared->said_count; i++)
        is_new &= shared->said[i] != hash;
    is_new &= shared->said_count < SAID_MAX;
    if (is_new)
        shared->said[shared->said_count++] = hash;
    pthread_mutex_unlock(&shared->lock);
    return is_new;
}

static void *courier_thread(void *argument) {
    struct spanlog_ship_courier *courier = argument;
    uint64_t one = 1;
    spanlog_ship_courier_main(courier);
    if (courier->settings->threads)
        __atomic_sub_fetch(courier->settings->threads, 1, __ATOMIC_SEQ_CST);
    ssize_t wrote = write(courier->shared->ended_fd, &one, sizeof one);
    (void)wrote;
    return NULL;
}

/* Until all threads have ended; a signal asks them to. A second one ends the process at once. */
static void wait_for_all(struct spanlog_ship_shared *shared, int signals, const sigset_t *set,
                         size_t running) {
    uint64_t count;
    while (running) {
        struct pollfd fds[2] = {{.fd = signals, .events = POLLIN},
                                {.fd = shared->ended_fd, .events = POLLIN}};
        if (poll(fds, 2, -1) < 0 && errno != EINTR)
            return;
        if (fds[1].revents && read(shared->ended_fd, &count, sizeof count) == sizeof count)
            running -= count < running ? (size_t)count : running;
        if (fds[0].revents) {
            struct signalfd_siginfo info;
            ssize_t got = read(signals, &info, sizeof info);
            count = 1;
            if (got > 0 && write(shared->stop_fd, &count, sizeof count) < 0)
                return;
            pthread_sigmask(SIG_UNBLOCK, set, NULL);
            signals = -1;
        }
    }
}

/* The same for one inside a program. Threads that have ended by themselves are joined then, too. */
static void wait_for_stop(struct spanlog_ship_shared *shared) {
    uint64_t one = 1;
    while (__atomic_load_n(shared->settings->stop, __ATOMIC_SEQ_CST) == 0)
        futex_wait(shared->settings->stop, 0, -1);
    ssize_t wrote = write(shared->stop_fd, &one, sizeof one);
    (void)wrote;
}

static int start_all(struct spanlog_ship_shared *shared, struct spanlog_ship_courier *couriers,
                     size_t count) {
    char problem[SPANLOG_SHIP_PROBLEM];
    for (size_t i = 0; i < count; i++) {
        snprintf(problem, sizeof problem, "no memory");
        couriers[i].shared = shared;
        couriers[i].stop_fd = shared->stop_fd;
        int rc = spanlog_ship_courier_open(&couriers[i], shared->settings,
                                           &shared->settings->targets[i], problem);
        if (rc < 0)
            spanlog_ship_shared_say(shared, problem);
        if (rc < 0 && !shared->settings->stop)
            return rc;
        if (rc < 0) { /* the others go on: a program does not begin anew for one */
            spanlog_ship_courier_close(&couriers[i]);
            couriers[i].settings = NULL;
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (!couriers[i].settings)
            continue;
        if (shared->settings->threads)
            __atomic_add_fetch(shared->settings->threads, 1, __ATOMIC_SEQ_CST);
        int rc = pthread_create(&couriers[i].thread, NULL, courier_thread, &couriers[i]);
        couriers[i].has_thread = rc == 0;
        if (rc == 0)
            continue;
        if (shared->settings->threads)
            __atomic_sub_fetch(shared->settings->threads, 1, __ATOMIC_SEQ_CST);
        spanlog_ship_shared_say(shared, strerror(rc));
    }
    return 0;
}

static int run(struct spanlog_ship_shared *shared, int directory, int signals,
               const sigset_t *set) {
    size_t count = shared->settings->target_count, running = 0;
    struct spanlog_ship_courier *couriers = calloc(count, sizeof *couriers);
    if (!couriers)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++)
        couriers[i].directory = directory;
    int rc = start_all(shared, couriers, count);
    for (size_t i = 0; i < count; i++)
        running += couriers[i].has_thread;
    if (shared->settings->stop)
        wait_for_stop(shared);
    else
        wait_for_all(shared, signals, set, running);
    for (size_t i = 0; i < count; i++) {
        if (couriers[i].has_thread)
            pthread_join(couriers[i].thread, NULL);
        if (rc == 0 && (couriers[i].has_failed || !couriers[i].has_thread))
            rc = 1;
        if (couriers[i].settings)
            spanlog_ship_courier_close(&couriers[i]);
    }
    free(couriers);
    return rc;
}

static int open_directory(struct spanlog_ship_shared *shared) {
    char *path = NULL, text[4400];
    int directory = spanlog_ship_state_directory(shared->settings->state, true, &path);
    if (directory < 0) {
        snprintf(text, sizeof text, "%.4000s: the state cannot be kept there: %s; give --state DIR",
                 path ? path : "(no home)", strerror(-directory));
        spanlog_ship_shared_say(shared, text);
    }
    free(path);
    return directory;
}

/* A program may be using libcurl, or what that is made of, at this very moment. */
static int open_curl(struct spanlog_ship_shared *shared) {
    if (shared->settings->stop &&
        !(curl_version_info(CURLVERSION_NOW)->features & CURL_VERSION_THREADSAFE)) {
        spanlog_ship_shared_say(shared, "this libcurl cannot be begun beside other threads: "
                                        "nothing is sent from inside the program");
        return -ENOTSUP;
    }
    return curl_global_init(CURL_GLOBAL_DEFAULT) == 0 ? 0 : -ENOMEM;
}

/* Signals that end it are read from a descriptor. The set, and in *ret_before the one before. */
static int take_signals(sigset_t *ret_ends, sigset_t *ret_before) {
    sigset_t set;
    sigemptyset(ret_ends);
    sigaddset(ret_ends, SIGINT);
    sigaddset(ret_ends, SIGTERM);
    set = *ret_ends;
    sigaddset(&set, SIGPIPE); /* of a connection that is gone: threads inherit it */
    pthread_sigmask(SIG_BLOCK, &set, ret_before);
    return signalfd(-1, ret_ends, SFD_CLOEXEC);
}

int spanlog_ship_run(const struct spanlog_ship_settings *settings) {
    struct spanlog_ship_shared shared = {.settings = settings, .lock = PTHREAD_MUTEX_INITIALIZER};
    sigset_t ends, before;
    if (settings->size != SPANLOG_SHIP_SIZE)
        return -EPROTO;
    int signals = -1, directory = open_directory(&shared);
    if (directory < 0)
        return directory;
    if (!settings->stop)
        signals = take_signals(&ends, &before);
    shared.stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    shared.ended_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    int rc =
        shared.stop_fd < 0 || shared.ended_fd < 0 || (!settings->stop && signals < 0) ? -errno : 0;
    if (rc == 0)
        rc = open_curl(&shared);
    if (settings->ready)
        settings->ready(settings->argument);
    if (rc == 0) {
        rc = run(&shared, directory, signals, &ends);
        curl_global_cleanup();
    }
    close(shared.stop_fd);
    close(shared.ended_fd);
    close(directory);
    if (settings->stop)
        return rc;
    close(signals);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return rc;
}
