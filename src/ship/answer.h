/* ship/answer.h: what a server's answer means for the records that were sent. Pure.
 *
 *     struct spanlog_ship_answer answer = {.status = 400, .text = body, .text_size = size};
 *     struct spanlog_ship_verdict verdict = spanlog_ship_judge(SPANLOG_SHIP_LOKI, &answer);
 *
 *     2xx                                   taken; what OTLP's partialSuccess refuses is counted
 *     400 of Loki                           the bad entries are counted, the rest is stored: never
 *                                           sent again
 *     400 of the others                     nothing was stored: halves, until the bad are found
 *     413, 500 of Loki "ResourceExhausted"  halves; a single record is counted
 *     401, 403, a redirect                  stop; the queue is kept
 *     404, 405                              there is no such door
 *     408, 429, 502, 503, 504, 500 of Loki, later; a body that is refused with 429 again and
 *     no answer at all                      again may be over the burst: halves (courier.c)
 *     any other                             refused for good, counted
 */
#ifndef SPANLOG_SHIP_ANSWER_H
#define SPANLOG_SHIP_ANSWER_H

#include "src/ship/endpoint.h"

struct spanlog_ship_answer {
    long status; /* 0: there was none */
    const char *text;
    size_t text_size;
    uint64_t retry_after_ms;
};

enum spanlog_ship_outcome {
    SPANLOG_SHIP_TAKEN,
    SPANLOG_SHIP_SPLIT,
    SPANLOG_SHIP_LATER,
    SPANLOG_SHIP_STOP,
    SPANLOG_SHIP_NO_DOOR,
};

#define SPANLOG_SHIP_ALL UINT64_MAX

struct spanlog_ship_verdict {
    enum spanlog_ship_outcome outcome;
    uint64_t refused; /* of what was TAKEN; SPANLOG_SHIP_ALL: every one */
    bool is_busy;     /* LATER: 429 */
    bool is_bad;      /* SPLIT: for what is in a record, not for the size */
};

struct spanlog_ship_verdict spanlog_ship_judge(enum spanlog_ship_protocol_kind protocol,
                                               const struct spanlog_ship_answer *answer);

#endif
