/* ship/ask.c: see ship.h and ask.h: what is asked for a question, in which order.
 *
 * A trace: its lines by the id in the metadata, then by the id in the line; the time in the id says
 * where to look, else the newest is looked for first. Then what other lines say of it: on which
 * host a process runs, and whether a service writes span lines at all. These stand in front.
 */
#include "src/ship/ask.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "src/analyzer/base/scratch.h"
#include "src/ship/files.h"

#define BEFORE_ID_NS (600 * SPANLOG_ASK_SECOND_NS) /* clocks differ */
#define TRACE_NS SPANLOG_ASK_DAY_NS                /* no trace takes longer, mostly */
#define MONTHS_MAX 24
#define AROUND_NS SPANLOG_ASK_HOUR_NS
#define WRITERS_ASKED_MAX 16

static uint64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * SPANLOG_ASK_SECOND_NS + (uint64_t)now.tv_nsec;
}

static uint64_t minus(uint64_t a, uint64_t b) {
    return a > b ? a - b : 0;
}

/* ---- a trace ------------------------------------------------------------------------------ */

static int fetch_trace(struct spanlog_ask *ask, uint64_t from_ns, uint64_t to_ns) {
    int rc = 0;
    for (int place = SPANLOG_ASK_METADATA; rc == 0 && place <= SPANLOG_ASK_LINE; place++) {
        spanlog_ask_put_trace(&ask->logql, ask->select, ask->question->trace_id,
                              (enum spanlog_ask_place)place);
        rc = spanlog_ask_fetch(ask, from_ns, to_ns);
    }
    return rc;
}

/* The newest line of the trace in the range, in the metadata first, since no line has to be read
 * for that. */
static int find_last(struct spanlog_ask *ask, uint64_t from_ns, uint64_t to_ns, uint64_t *ret_ns) {
    int rc = 0;
    *ret_ns = 0;
    for (int place = SPANLOG_ASK_METADATA; rc == 0 && *ret_ns == 0 && place <= SPANLOG_ASK_LINE;
         place++) {
        spanlog_ask_put_trace(&ask->logql, ask->select, ask->question->trace_id,
                              (enum spanlog_ask_place)place);
        rc = spanlog_ask_find_last(ask, from_ns, to_ns, ret_ns);
    }
    return rc;
}

static int is_empty(struct spanlog_ask *ask, uint64_t from_ns, uint64_t to_ns, bool *ret_empty) {
    uint64_t last_ns;
    ask->logql.size = 0;
    spanlog_put(&ask->logql, ask->select);
    int rc = spanlog_ask_find_last(ask, from_ns, to_ns, &last_ns);
    *ret_empty = last_ns == 0;
    return rc;
}

/* Where its time is not known: back, a month at a time, until it is found or a month holds nothing
 * at all. */
static int look_for_trace(struct spanlog_ask *ask, uint64_t to_ns) {
    uint64_t last_ns = 0, end_ns = to_ns;
    bool empty = false;
    int rc = 0;
    for (unsigned month = 0; rc == 0 && last_ns == 0 && month < MONTHS_MAX; month++) {
        uint64_t begin_ns = minus(end_ns, SPANLOG_ASK_RANGE_NS);
        if (month)
            rc = is_empty(ask, begin_ns, end_ns, &empty);
        if (rc < 0 || empty)
            return rc;
        rc = find_last(ask, begin_ns, end_ns, &last_ns);
        end_ns = begin_ns;
    }
    if (rc < 0 || last_ns == 0)
        return rc;
    return fetch_trace(ask, minus(last_ns, TRACE_NS),
                       last_ns + TRACE_NS < to_ns ? last_ns + TRACE_NS : to_ns);
}

static int find_trace(struct spanlog_ask *ask) {
    const struct spanlog_ship_question *question = ask->question;
    uint64_t now = now_ns(), id_ns, to_ns = question->until_ns;
    if (to_ns == 0)
        to_ns = now + SPANLOG_ASK_HOUR_NS;
    if (question->since_ns)
        return fetch_trace(ask, question->since_ns, to_ns);
    if (spanlog_ask_time_of(question->trace_id, now, &id_ns)) {
        uint64_t end_ns = id_ns + TRACE_NS < to_ns ? id_ns + TRACE_NS : to_ns;
        int rc = fetch_trace(ask, id_ns - BEFORE_ID_NS, end_ns);
        if (rc < 0 || ask->lines)
            return rc;
    }
    return look_for_trace(ask, to_ns);
}

/* ---- what else is to be known ------------------------------------------------------------- */

/* Of a service that is known by its logs only: does it write span lines? */
static int ask_whether_it_writes(struct spanlog_ask *ask, struct spanlog_text service,
                                 uint64_t from_ns, uint64_t to_ns) {
    struct spanlog_strings one = {0};
    if (spanlog_strings_add(&one, service.data, service.size) == SPANLOG_STRING_NONE)
        return spanlog_ask_fail(ask, -ENOMEM, "%s", strerror(ENOMEM));
    spanlog_ask_put_services(&ask->logql, ask->select, &one, "\"msg\":\"span completed\"");
    int rc = spanlog_ask_fetch_last(ask, from_ns, to_ns, 1);
    spanlog_strings_free(&one);
    return rc;
}

static int fetch_around(struct spanlog_ask *ask) {
    uint64_t from_ns = minus(ask->first_ns, AROUND_NS), to_ns = ask->last_ns + AROUND_NS;
    uint32_t count = ask->services.count;
    unsigned asked = 0;
    spanlog_ask_put_services(&ask->logql, ask->select, &ask->services,
                             "\"msg\":\"process started\"");
    int rc = spanlog_ask_fetch_last(ask, minus(ask->first_ns, SPANLOG_ASK_DAY_NS), ask->last_ns + 1,
                                    SPANLOG_ASK_PAGE);
    for (uint32_t i = 0; rc == 0 && i < count && asked < WRITERS_ASKED_MAX; i++) {
        struct spanlog_text service = spanlog_strings_text(&ask->services, i);
        if (spanlog_strings_find(&ask->writers, service.data, service.size) != SPANLOG_STRING_NONE)
            continue;
        asked++;
        rc = ask_whether_it_writes(ask, service, from_ns, to_ns);
    }
    return rc;
}

/* The lines of the trace, which were had first, behind those that were had then. */
static int append(struct spanlog_ask *ask, int from) {
    char buffer[65536];
    off_t at = 0;
    ssize_t got;
    while ((got = pread(from, buffer, sizeof buffer, at)) > 0) {
        spanlog_put_bytes(&ask->out, buffer, (size_t)got);
        if (ask->out.size >= sizeof buffer)
            spanlog_output_flush(&ask->out);
        at += got;
    }
    return got < 0 ? spanlog_ask_fail(ask, -errno, "the temporary file: %s", strerror(errno)) : 0;
}

static int ask_for_trace(struct spanlog_ask *ask) {
    int scratch = spanlog_scratch_open(), rc = scratch < 0 ? scratch : 0;
    if (rc < 0)
        return spanlog_ask_fail(ask, rc, "%s: %s", spanlog_scratch_folder(), strerror(-rc));
    ask->out.fd = scratch;
    rc = find_trace(ask);
    spanlog_output_flush(&ask->out);
    ask->out.fd = ask->question->fd;
    uint64_t lines = ask->lines;
    if (rc == 0 && lines)
        rc = fetch_around(ask);
    ask->lines = lines;
    int appended = append(ask, scratch);
    close(scratch);
    return rc < 0 ? rc : appended;
}

/* ---- all ---------------------------------------------------------------------------------- */

static int ask_for_all(struct spanlog_ask *ask) {
    const struct spanlog_ship_question *question = ask->question;
    ask->logql.size = 0;
    spanlog_put(&ask->logql, ask->select);
    return spanlog_ask_fetch(ask, question->since_ns,
                             question->until_ns ? question->until_ns
                                                : now_ns() + SPANLOG_ASK_HOUR_NS);
}

static int open_all(struct spanlog_ask *ask, const struct spanlog_ship_question *question,
                    struct spanlog_ship_endpoint *endpoint) {
    static const char flags[] = "X-Loki-Response-Encoding-Flags: categorize-labels";
    const char *wrong = question->select ? spanlog_ask_select_problem(question->select) : NULL;
    if (wrong)
        return spanlog_ask_fail(ask, -EINVAL, "%s: %s", question->select, wrong);
    int rc = spanlog_ship_endpoint_read(question->target, endpoint, ask->problem);
    if (rc == 0 && !endpoint->query_url)
        rc = spanlog_ask_fail(ask, -EINVAL, "%s: only Loki can be asked: loki:URL",
                              question->target->to);
    if (rc == 0)
        rc = spanlog_ship_http_open(&ask->http, question->target, false, ask->problem);
    if (rc < 0)
        return rc;
    ask->url = endpoint->query_url;
    ask->http.answer_max = SPANLOG_ASK_ANSWER_SIZE;
    if (!curl_slist_append(ask->http.headers, flags)) /* behind the others, in the same list */
        return -ENOMEM;
    spanlog_reader_init(&ask->reader, 500);
    return 0;
}

static void close_all(struct spanlog_ask *ask) {
    if (ask->url)
        spanlog_ship_http_close(&ask->http);
    free(ask->page.entries);
    free(ask->logql.data);
    free(ask->request.data);
    free(ask->line.data);
    spanlog_strings_free(&ask->services);
    spanlog_strings_free(&ask->writers);
}

int spanlog_ship_ask(const struct spanlog_ship_question *question, uint64_t *ret_lines,
                     char problem[SPANLOG_SHIP_PROBLEM]) {
    struct spanlog_ship_endpoint endpoint = {0};
    *ret_lines = 0;
    if (question->size != SPANLOG_SHIP_ASK_SIZE) {
        snprintf(problem, SPANLOG_SHIP_PROBLEM, "libspanlog-ship is of another version");
        return -EPROTO;
    }
    struct spanlog_ask ask = {.question = question,
                              .select = question->select ? question->select : SPANLOG_ASK_ALL,
                              .problem = problem,
                              .limit = SPANLOG_ASK_PAGE,
                              .limit_max = SPANLOG_ASK_PAGE,
                              .range_ns = SPANLOG_ASK_RANGE_NS,
                              .logql = {.fd = -1},
                              .request = {.fd = -1},
                              .line = {.fd = -1},
                              .success_ms = spanlog_ship_now_ms(),
                              .random = now_ns()};
    *problem = 0;
    spanlog_output_open(&ask.out, question->fd);
    int rc = open_all(&ask, question, &endpoint);
    if (rc == 0)
        rc = question->trace_id ? ask_for_trace(&ask) : ask_for_all(&ask);
    int written = spanlog_output_close(&ask.out);
    if (rc == 0 && written < 0)
        rc = spanlog_ask_fail(&ask, written, "the temporary file: %s", strerror(-written));
    if (rc < 0 && !*problem)
        spanlog_ask_fail(&ask, rc, "%s", strerror(-rc));
    *ret_lines = ask.lines;
    close_all(&ask);
    spanlog_ship_endpoint_free(&endpoint);
    return rc;
}
