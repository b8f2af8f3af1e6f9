/* ship/answer.c: see answer.h. */
#include "src/ship/answer.h"

#include <string.h>

#include "src/analyzer/fields.h"

static const char *find(const struct spanlog_ship_answer *answer, const char *text) {
    return answer->text_size ? memmem(answer->text, answer->text_size, text, strlen(text)) : NULL;
}

/* The number behind `text`, blanks and a quote between them; false: there is none. */
static bool number_behind(const struct spanlog_ship_answer *answer, const char *text,
                          uint64_t *ret) {
    const char *end = answer->text + answer->text_size, *p = find(answer, text);
    if (!p)
        return false;
    for (p += strlen(text); p < end && (*p == ' ' || *p == '"' || *p == ':'); p++)
        ;
    bool found = false;
    for (*ret = 0; p < end && *p >= '0' && *p <= '9' && *ret < UINT64_MAX / 20; p++) {
        *ret = 10 * *ret + (uint64_t)(*p - '0');
        found = true;
    }
    return found;
}

/* "… oldest acceptable timestamp is: 2026-11-21T09:30:45Z" */
static uint64_t oldest_taken(const struct spanlog_ship_answer *answer) {
    static const char form[] = "oldest acceptable timestamp is: ";
    const char *at = find(answer, form);
    char text[40 + SPANLOG_JSON_PADDING] = {0};
    uint64_t ns = 0;
    if (!at)
        return 0;
    at += sizeof form - 1;
    size_t size = 0, most = (size_t)(answer->text + answer->text_size - at);
    while (size < 40 && size < most && !strchr(" ,\n", at[size]))
        size++;
    memcpy(text, at, size);
    return spanlog_time_read((struct spanlog_text){text, (uint32_t)size}, &ns) ? ns : 0;
}

/* What Loki says of a push of which it has stored a part. */
static struct spanlog_ship_verdict partly_taken(const struct spanlog_ship_answer *answer) {
    struct spanlog_ship_verdict verdict = {.outcome = SPANLOG_SHIP_TAKEN,
                                           .refused = SPANLOG_SHIP_ALL,
                                           .oldest_ns = oldest_taken(answer)};
    uint64_t refused = 0;
    if (number_behind(answer, "total ignored:", &refused))
        verdict.refused = refused;
    else if (find(answer, "max entry size")) /* a limit that it checks line by line */
        verdict.refused = 1;
    return verdict;
}

static struct spanlog_ship_verdict taken(enum spanlog_ship_protocol_kind protocol,
                                         const struct spanlog_ship_answer *answer) {
    struct spanlog_ship_verdict verdict = {.outcome = SPANLOG_SHIP_TAKEN};
    uint64_t refused = 0;
    if (protocol == SPANLOG_SHIP_OTLP &&
        (number_behind(answer, "\"rejectedSpans\"", &refused) ||
         number_behind(answer, "\"rejectedLogRecords\"", &refused)))
        verdict.refused = refused;
    return verdict;
}

struct spanlog_ship_verdict spanlog_ship_judge(enum spanlog_ship_protocol_kind protocol,
                                               const struct spanlog_ship_answer *answer) {
    bool is_loki = protocol == SPANLOG_SHIP_LOKI;
    long status = answer->status;
    if (status >= 200 && status < 300)
        return taken(protocol, answer);
    if (status == 413 || (status == 500 && (find(answer, "ResourceExhausted") ||
                                            find(answer, "received message larger than max"))))
        return (struct spanlog_ship_verdict){.outcome = SPANLOG_SHIP_SPLIT};
    if (status == 400 && is_loki)
        return partly_taken(answer);
    if (status == 400)
        return (struct spanlog_ship_verdict){.outcome = SPANLOG_SHIP_SPLIT, .is_bad = true};
    if (status == 0 || status == 408 || status == 429 || status == 502 || status == 503 ||
        status == 504 || (status == 500 && is_loki))
        return (struct spanlog_ship_verdict){.outcome = SPANLOG_SHIP_LATER,
                                             .is_busy = status == 429};
    if (status == 401 || status == 403 || (status >= 300 && status < 400))
        return (struct spanlog_ship_verdict){.outcome = SPANLOG_SHIP_STOP};
    if (status == 404 || status == 405)
        return (struct spanlog_ship_verdict){.outcome = SPANLOG_SHIP_NO_DOOR};
    return (struct spanlog_ship_verdict){.outcome = SPANLOG_SHIP_TAKEN,
                                         .refused = SPANLOG_SHIP_ALL};
}
