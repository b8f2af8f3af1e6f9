/* ship/answer.c: see answer.h. */
#include "src/ship/answer.h"

#include <string.h>

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

/* "3 errors like: …; 1 errors like: …": each of a line. */
static uint64_t count_alike(const struct spanlog_ship_answer *answer) {
    static const char form[] = " errors like: ";
    uint64_t count = 0;
    struct spanlog_ship_answer rest = *answer;
    const char *at;
    while ((at = find(&rest, form)) != NULL) {
        uint64_t factor = 1;
        for (const char *p = at; p > rest.text && p[-1] >= '0' && p[-1] <= '9' && at - p < 9; p--) {
            count += factor * (uint64_t)(p[-1] - '0');
            factor *= 10;
        }
        rest.text_size -= (size_t)(at + sizeof form - 1 - rest.text);
        rest.text = at + sizeof form - 1;
    }
    return count;
}

/* How many of the entries Loki has refused. What is wrong with labels is said once of all entries
 * of a stream, and a number of them is not. */
static uint64_t count_refused(const struct spanlog_ship_answer *answer) {
    static const char *const of_streams[] = {"label names; limit", "label name", "label value",
                                             "parsing labels", "required labels"};
    static const char *const of_lines[] = {"too old", "too new", "max entry size",
                                           "structured metadata"};
    uint64_t ignored = 0;
    for (size_t i = 0; i < sizeof of_streams / sizeof *of_streams; i++)
        if (find(answer, of_streams[i]))
            return SPANLOG_SHIP_ALL;
    number_behind(answer, "total ignored:", &ignored);
    ignored += count_alike(answer);
    for (size_t i = 0; ignored == 0 && i < sizeof of_lines / sizeof *of_lines; i++)
        ignored = find(answer, of_lines[i]) != NULL;
    return ignored ? ignored : SPANLOG_SHIP_ALL;
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
        return (struct spanlog_ship_verdict){.outcome = SPANLOG_SHIP_TAKEN,
                                             .refused = count_refused(answer)};
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
