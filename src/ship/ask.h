/* ship/ask.h: Loki is asked for lines, page by page. What libspanlog-ship's ask*.c share.
 *
 *     spanlog_ask_put_trace(&ask.logql, select, id, SPANLOG_ASK_METADATA);
 *     rc = spanlog_ask_fetch(&ask, from_ns, to_ns);        all that the LogQL finds, to ask.out
 *
 * A page holds the first entries of a range, of all streams. Of the entries at its last instant
 * some may be missing: so these are left for the next page, which begins there. Where a server
 * takes only smaller pages or shorter ranges, they become that.
 */
#ifndef SPANLOG_SHIP_ASK_H
#define SPANLOG_SHIP_ASK_H

#include "src/analyzer/read/record.h"
#include "src/analyzer/base/output.h"
#include "src/analyzer/base/strings.h"
#include "src/ship/backoff.h"
#include "src/ship/http.h"

#define SPANLOG_ASK_PAGE 5000u /* what Loki allows by default */
#define SPANLOG_ASK_ANSWER_SIZE (64u << 20)
#define SPANLOG_ASK_SERVICES_MAX 256u
#define SPANLOG_ASK_SECOND_NS UINT64_C(1000000000)
#define SPANLOG_ASK_HOUR_NS (3600 * SPANLOG_ASK_SECOND_NS)
#define SPANLOG_ASK_DAY_NS (24 * SPANLOG_ASK_HOUR_NS)
#define SPANLOG_ASK_RANGE_NS (30 * SPANLOG_ASK_DAY_NS) /* Loki allows 721 h by default */

/* ---- the question: pure ------------------------------------------------------------------- */

/* Where the id stands. The two find different entries: none is found twice. */
enum spanlog_ask_place { SPANLOG_ASK_METADATA, SPANLOG_ASK_LINE };

#define SPANLOG_ASK_ALL "{service_name=~\".+\"}"

/* NULL, or what is wrong with a selector. */
const char *spanlog_ask_select_problem(const char *select);
void spanlog_ask_put_trace(struct spanlog_output *out, const char *select, const char *id,
                           enum spanlog_ask_place place);
/* The lines of these services that hold the text. */
void spanlog_ask_put_services(struct spanlog_output *out, const char *select,
                              const struct spanlog_strings *services, const char *text);
/* The entries of a LogQL between two times, the first or the last of them; NULL: no memory. */
const char *spanlog_ask_url(struct spanlog_output *out, const char *url,
                            const struct spanlog_output *logql, uint64_t from_ns, uint64_t to_ns,
                            uint64_t limit, bool backward);
/* When a time-ordered id was made; false where it is none. */
bool spanlog_ask_time_of(const char *id, uint64_t now_ns, uint64_t *ret_ns);

/* ---- the answer: pure --------------------------------------------------------------------- */

struct spanlog_ask_entry {
    uint64_t time_ns;
    uint32_t number; /* as it came */
    struct spanlog_json_value stream, time, text, metadata;
};

struct spanlog_ask_page {
    struct spanlog_ask_entry *entries; /* by time, and as they came */
    uint32_t count, room;
};

/* The text ends in '\n' and padding, and lives as long as the page. 0, -EPROTO: that is no answer
 * of Loki's, -ENOMEM. */
int spanlog_ask_page_read(struct spanlog_ask_page *page, const char *text, uint32_t most);
/* How many of them are to be taken now; the rest is asked for again, from *ret_next_ns on. 0: all
 * are of one instant, of which there may be more than a page holds. */
uint32_t spanlog_ask_page_whole(const struct spanlog_ask_page *page, uint64_t limit, uint64_t to_ns,
                                uint64_t *ret_next_ns);

enum spanlog_ask_outcome {
    SPANLOG_ASK_TAKEN,
    SPANLOG_ASK_FEWER,   /* entries at once */
    SPANLOG_ASK_SHORTER, /* a range */
    SPANLOG_ASK_LATER,
    SPANLOG_ASK_STOP,
};
enum spanlog_ask_outcome spanlog_ask_judge(const struct spanlog_ship_answer *answer);
/* How many entries one may ask for at once, if that is what the answer says; else 0. */
uint64_t spanlog_ask_allowed(const struct spanlog_ship_answer *answer);

/* ---- at work ------------------------------------------------------------------------------ */

struct spanlog_ask {
    const struct spanlog_ship_question *question;
    const char *select;
    const char *url;
    char *problem;
    struct spanlog_ship_http http;
    struct spanlog_output logql, request, line, out;
    struct spanlog_ask_page page;
    struct spanlog_reader reader;
    uint64_t limit, limit_max, range_ns;
    uint64_t widened_ns;        /* the instant that the largest page was last tried for */
    unsigned calm;              /* ranges that were read since the last that was too long */
    uint64_t bytes, lines;      /* had so far */
    uint64_t first_ns, last_ns; /* of what was put */
    struct spanlog_strings services, writers; /* and whose it was; of these who writes span lines */
    struct spanlog_ship_backoff backoff;
    uint64_t success_ms, random;
    bool has_answered, is_troubled;
};

/* All entries of ask->logql in the range. 0 or -errno, with the problem. */
int spanlog_ask_fetch(struct spanlog_ask *ask, uint64_t from_ns, uint64_t to_ns);
/* The last `most` of them, of at most one page. */
int spanlog_ask_fetch_last(struct spanlog_ask *ask, uint64_t from_ns, uint64_t to_ns,
                           uint32_t most);
/* When the last one was, 0 if there is none; nothing is put. */
int spanlog_ask_find_last(struct spanlog_ask *ask, uint64_t from_ns, uint64_t to_ns,
                          uint64_t *ret_ns);
/* One page, in ask->page. -EAGAIN: with another limit or range, or once more. */
int spanlog_ask_page(struct spanlog_ask *ask, uint64_t from_ns, uint64_t to_ns, uint64_t limit,
                     bool backward);
/* The first entries of the page, as lines. */
int spanlog_ask_put(struct spanlog_ask *ask, uint32_t count);
/* The instant has more entries than the page holds: they are told apart by what stands in them. */
int spanlog_ask_split(struct spanlog_ask *ask, uint64_t time_ns);
/* Says what went wrong, and returns rc. */
int spanlog_ask_fail(struct spanlog_ask *ask, int rc, const char *form, ...)
    __attribute__((format(printf, 3, 4)));

#endif
