/* ship/deliver.c: the entries of a batch to their server, in requests that it takes. What an answer
 * means is in answer.h; here is what is done then. */
#include <errno.h>
#include <stdio.h>

#include "src/core/ids.h"
#include "src/ship/courier.h"

#define REQUEST_SIZE_LEAST                                                                         \
    (64u << 10)      /* below that a server that wants less is in trouble itself */
#define BUSY_TRIES 3 /* 429s in a row: the request may be over the burst */
#define BAD_MOST 64  /* records that are looked for by halving, in one batch */
#define SAY_AGAIN_MS 600000u
#define ANSWER_SHOWN 240

struct delivery {
    struct spanlog_ship_courier *courier;
    struct spanlog_ship_batch *batch;
    enum spanlog_ship_door door;
    size_t from, to;
    size_t most; /* entries in the next request */
    unsigned busy, bad_left;
};

/* ---- what is said ------------------------------------------------------------------------- */

/* One line of what the server says, or of why it says nothing. */
static void describe(const struct spanlog_ship_courier *courier,
                     const struct spanlog_ship_answer *answer, char *to, size_t room) {
    if (answer->status == 0) {
        snprintf(to, room, "%s", courier->http.problem);
        return;
    }
    size_t size = answer->text_size < ANSWER_SHOWN ? answer->text_size : ANSWER_SHOWN;
    int head = snprintf(to, room, "it answers %ld: ", answer->status);
    snprintf(to + head, room - (size_t)head, "%.*s", (int)size, size ? answer->text : "");
    for (char *p = to; *p; p++)
        if ((unsigned char)*p < ' ' || *p == 0x7f)
            *p = ' ';
}

static void say_trouble(struct spanlog_ship_courier *courier,
                        const struct spanlog_ship_answer *answer) {
    char text[512];
    describe(courier, answer, text, sizeof text);
    courier->tries++;
    courier->state.counts.failures++;
    courier->is_dirty = true;
    spanlog_ship_note_error(courier, text);
    if (!courier->is_troubled) {
        courier->is_troubled = true;
        courier->troubled_ms = spanlog_ship_now_ms();
        spanlog_ship_say(
            courier, "cannot deliver: %s; trying again, what is not sent stays in the files", text);
    }
    spanlog_ship_save(courier); /* so that --status can tell */
}

static void say_recovered(struct spanlog_ship_courier *courier) {
    courier->backoff.tries = 0;
    courier->success_ms = spanlog_ship_now_ms();
    if (!courier->is_troubled)
        return;
    spanlog_ship_say_lost(courier);
    spanlog_ship_say(courier, "delivers again, after %.1f s and %llu tries",
                     (double)(courier->success_ms - courier->troubled_ms) / 1000,
                     (unsigned long long)courier->tries);
    courier->is_troubled = false;
    courier->tries = 0;
}

static void say_refused(struct spanlog_ship_courier *courier,
                        const struct spanlog_ship_answer *answer, uint64_t count) {
    char text[512];
    uint64_t now_ms = spanlog_ship_now_ms();
    describe(courier, answer, text, sizeof text);
    spanlog_ship_note_error(courier, text);
    if (courier->said_refused && now_ms < courier->said_refused + SAY_AGAIN_MS)
        return;
    courier->said_refused = now_ms;
    spanlog_ship_say(courier, "%llu records refused, which are counted and not sent again: %s",
                     (unsigned long long)count, text);
}

/* ---- a request ---------------------------------------------------------------------------- */

/* The limit on the rate: a request may make a debt, which the next one waits for. */
static bool pace(struct spanlog_ship_courier *courier, size_t size) {
    double rate = (double)courier->target->rate;
    if (courier->target->rate == 0)
        return true;
    uint64_t now_ms = spanlog_ship_now_ms();
    courier->rate_left += (double)(now_ms - courier->rate_ms) * rate / 1000;
    courier->rate_ms = now_ms;
    if (courier->rate_left > rate)
        courier->rate_left = rate;
    if (courier->rate_left < 0 &&
        !spanlog_ship_wait(courier, now_ms + (uint64_t)(-courier->rate_left * 1000 / rate), false))
        return false;
    courier->rate_left -= (double)size;
    return true;
}

static uint64_t timeout_of(const struct spanlog_ship_courier *courier) {
    uint64_t timeout_ms = courier->target->timeout_ms, now_ms = spanlog_ship_now_ms();
    if (!courier->is_stopping)
        return timeout_ms;
    uint64_t left_ms = courier->stop_ms > now_ms ? courier->stop_ms - now_ms : 1;
    return left_ms < timeout_ms ? left_ms : timeout_ms;
}

static int request(struct delivery *delivery, struct spanlog_ship_answer *answer) {
    struct spanlog_ship_courier *courier = delivery->courier;
    courier->body.size = 0;
    courier->writer.protocol->body(&courier->writer, delivery->door, delivery->from, delivery->to,
                                   &courier->body);
    if (courier->body.error)
        return courier->body.error;
    if (!pace(courier, courier->body.size) && !courier->is_stopping)
        return -EINTR;
    courier->state.counts.requests++;
    return spanlog_ship_http_post(&courier->http, courier->endpoint.url[delivery->door],
                                  courier->body.data, courier->body.size, timeout_of(courier),
                                  answer);
}

/* ---- what follows from the answer --------------------------------------------------------- */

static uint64_t line_bytes(const struct delivery *delivery) {
    uint64_t bytes = 0;
    for (size_t i = delivery->from; i < delivery->to; i++)
        bytes += delivery->batch->entries[i].line_size;
    return bytes;
}

static void is_taken(struct delivery *delivery, const struct spanlog_ship_answer *answer,
                     const struct spanlog_ship_verdict *verdict) {
    struct spanlog_ship_courier *courier = delivery->courier;
    uint64_t count = delivery->to - delivery->from;
    uint64_t refused = verdict->refused < count ? verdict->refused : count;
    courier->state.counts.records += count - refused;
    courier->state.counts.refused += refused;
    courier->state.counts.bytes += line_bytes(delivery);
    say_recovered(courier);
    if (refused)
        say_refused(courier, answer, refused);
    delivery->from = delivery->to;
    delivery->busy = 0;
    delivery->most = delivery->most > SIZE_MAX / 2 ? SIZE_MAX : 2 * delivery->most;
    spanlog_ship_show(courier, false);
}

/* Less the next time, too. */
static void learn_size(struct spanlog_ship_courier *courier) {
    uint64_t half = courier->body.size / 2;
    if (half < courier->request_size)
        courier->request_size = half > REQUEST_SIZE_LEAST ? half : REQUEST_SIZE_LEAST;
}

static void halve(struct delivery *delivery, const struct spanlog_ship_answer *answer,
                  bool for_size) {
    struct spanlog_ship_courier *courier = delivery->courier;
    size_t count = delivery->to - delivery->from;
    if (count > 1 && (for_size || delivery->bad_left)) {
        delivery->most = count / 2;
        if (for_size)
            learn_size(courier);
        return;
    }
    /* A single record; or there are too many bad ones to look for each. */
    *(for_size ? &courier->state.counts.oversize : &courier->state.counts.refused) += count;
    delivery->bad_left -= !for_size && delivery->bad_left;
    delivery->from = delivery->to;
    say_recovered(courier);
    say_refused(courier, answer, count);
}

static int try_later(struct delivery *delivery, const struct spanlog_ship_answer *answer,
                     bool is_busy) {
    struct spanlog_ship_courier *courier = delivery->courier;
    struct ids_random random = {courier->random};
    say_trouble(courier, answer);
    if (is_busy && ++delivery->busy >= BUSY_TRIES && delivery->to - delivery->from > 1) {
        delivery->busy = courier->backoff.tries = 0;
        delivery->most = (delivery->to - delivery->from) / 2;
        learn_size(courier);
    }
    uint64_t now_ms = spanlog_ship_now_ms();
    if (courier->settings->once && now_ms > courier->success_ms + courier->settings->give_up_ms) {
        spanlog_ship_say(courier, "gives up: what is not sent stays in the files");
        courier->has_failed = courier->must_stop = true;
        return -EINTR;
    }
    uint64_t wait_ms =
        spanlog_ship_backoff_next(&courier->backoff, ids_next(&random), answer->retry_after_ms);
    courier->random = random.state;
    if (courier->is_stopping)
        return -EINTR;
    /* A program that ends meanwhile tries once more. */
    return spanlog_ship_wait(courier, now_ms + wait_ms, false) || courier->settings->stop ? 0
                                                                                          : -EINTR;
}

static int stop(struct delivery *delivery, const struct spanlog_ship_answer *answer) {
    struct spanlog_ship_courier *courier = delivery->courier;
    char text[512];
    describe(courier, answer, text, sizeof text);
    spanlog_ship_note_error(courier, text);
    spanlog_ship_say(courier, "stopped, what is not sent stays in the files: %s", text);
    courier->has_failed = courier->must_stop = true;
    return -EINTR;
}

/* Jaeger takes spans only, and Loki's OTLP door logs only. */
static int close_door(struct delivery *delivery, const struct spanlog_ship_answer *answer) {
    struct spanlog_ship_courier *courier = delivery->courier;
    bool *is_open = courier->writer.is_open;
    unsigned other = SPANLOG_SHIP_DOORS - 1 - delivery->door;
    if (courier->endpoint.protocol != SPANLOG_SHIP_OTLP || courier->target->signals ||
        !is_open[other])
        return stop(delivery, answer);
    is_open[delivery->door] = false;
    spanlog_ship_say(courier, "it takes no %s (it answers %ld): they are left out",
                     delivery->door == SPANLOG_SHIP_DOOR_LOGS ? "log records" : "spans",
                     answer->status);
    return 0;
}

static int follow(struct delivery *delivery, const struct spanlog_ship_answer *answer) {
    struct spanlog_ship_courier *courier = delivery->courier;
    struct spanlog_ship_verdict verdict = spanlog_ship_judge(courier->endpoint.protocol, answer);
    switch (verdict.outcome) {
    case SPANLOG_SHIP_TAKEN:
        is_taken(delivery, answer, &verdict);
        return 0;
    case SPANLOG_SHIP_SPLIT:
        halve(delivery, answer, !verdict.is_bad);
        return 0;
    case SPANLOG_SHIP_LATER:
        return try_later(delivery, answer, verdict.is_busy);
    case SPANLOG_SHIP_NO_DOOR:
        return close_door(delivery, answer);
    case SPANLOG_SHIP_STOP:
        break;
    }
    return stop(delivery, answer);
}

static int deliver_batch(struct spanlog_ship_courier *courier, enum spanlog_ship_door door) {
    struct delivery delivery = {.courier = courier,
                                .batch = &courier->writer.batches[door],
                                .door = door,
                                .most = SIZE_MAX,
                                .bad_left = BAD_MOST};
    struct spanlog_ship_answer answer;
    int rc = 0;
    while (rc == 0 && delivery.from < delivery.batch->count && courier->writer.is_open[door]) {
        delivery.to = spanlog_ship_batch_cut(delivery.batch, delivery.from, courier->request_size,
                                             delivery.most);
        rc = request(&delivery, &answer);
        if (rc == 0)
            rc = follow(&delivery, &answer);
    }
    if (rc == 0)
        courier->state.counts.left_out += delivery.batch->count - delivery.from;
    return rc;
}

int spanlog_ship_deliver(struct spanlog_ship_courier *courier) {
    int rc = deliver_batch(courier, SPANLOG_SHIP_DOOR_TRACES);
    return rc ? rc : deliver_batch(courier, SPANLOG_SHIP_DOOR_LOGS);
}
