/* ship/courier.h: the thread of one target: reads, sends, remembers.
 *
 *     rc = spanlog_ship_courier_open(&courier, &settings, &target, problem);
 *     pthread_create(&courier.thread, NULL, spanlog_ship_courier_main, &courier);
 *     ... stop_fd becomes readable ...  pthread_join(...)
 *     spanlog_ship_courier_close(&courier);
 *
 *     read up to a piece of lines -> entries -> requests -> commit -> checkpoint -> wait for more
 *
 * Until a request has its answer nothing more is read, so memory is that of one piece, whatever the
 * server does. courier.c gathers, deliver.c sends.
 */
#ifndef SPANLOG_SHIP_COURIER_H
#define SPANLOG_SHIP_COURIER_H

#include <pthread.h>

#include "src/analyzer/translate/lines.h"
#include "src/ship/backoff.h"
#include "src/ship/http.h"
#include "src/ship/protocol.h"

struct spanlog_ship_shared; /* of all couriers: run.c */

struct spanlog_ship_courier {
    const struct spanlog_ship_settings *settings;
    const struct spanlog_ship_target *target;
    struct spanlog_ship_shared *shared;
    struct spanlog_ship_endpoint endpoint;
    struct spanlog_ship_state state;
    struct spanlog_ship_files files;
    struct spanlog_ship_writer writer;
    struct spanlog_ship_http http;
    struct spanlog_lines lines;
    struct spanlog_buffer buffer;
    struct spanlog_output body;
    pthread_t thread;
    bool has_thread;
    int stop_fd, directory;
    bool is_stopping;
    uint64_t stop_ms; /* when the last request must be over */

    uint64_t request_size; /* what the server takes, as far as is known */
    struct spanlog_ship_backoff backoff;
    uint64_t random;
    double rate_left; /* bytes that may be sent at once; see pace() */
    uint64_t rate_ms;

    bool is_troubled; /* an episode, of which one line was said */
    uint64_t troubled_ms, tries;
    bool cannot_save;
    bool has_said_lost; /* that the spool lets something go */
    uint64_t lost;      /* bytes, since then */
    bool is_dirty;      /* something is to be saved */
    bool must_stop;
    bool has_failed;
    uint64_t saved_ms, shown_ms, success_ms;
    uint64_t said_refused;
};

int spanlog_ship_courier_open(struct spanlog_ship_courier *courier,
                              const struct spanlog_ship_settings *settings,
                              const struct spanlog_ship_target *target,
                              char problem[SPANLOG_SHIP_PROBLEM]);
void *spanlog_ship_courier_main(void *courier);
void spanlog_ship_courier_close(struct spanlog_ship_courier *courier);

/* ---- between courier.c and deliver.c ---- */

/* All entries of all batches: 0 they have been dealt with, -EINTR: stopped before, -ENOMEM. */
int spanlog_ship_deliver(struct spanlog_ship_courier *courier);
/* Waits, and keeps looking at the files; false: it is time to end. wake_ms 0: until something
 * happens. */
bool spanlog_ship_wait(struct spanlog_ship_courier *courier, uint64_t wake_ms, bool until_change);
void spanlog_ship_save(struct spanlog_ship_courier *courier);
void spanlog_ship_say(struct spanlog_ship_courier *courier, const char *form, ...)
    __attribute__((format(printf, 2, 3)));
/* What a spool has let go is over, or there was none. */
void spanlog_ship_say_lost(struct spanlog_ship_courier *courier);
void spanlog_ship_note_error(struct spanlog_ship_courier *courier, const char *text);
void spanlog_ship_show(struct spanlog_ship_courier *courier, bool now);

/* ---- run.c ---- */
void spanlog_ship_shared_say(struct spanlog_ship_shared *shared, const char *text);
void spanlog_ship_shared_show(struct spanlog_ship_shared *shared, const char *text);
bool spanlog_ship_shared_is_new(struct spanlog_ship_shared *shared, const char *path,
                                const char *what);

#endif
