/* back/red.c: see red.h. Labels of the plain names are those that dashboards of many programs
 * expect; http_server_request_duration_seconds is OpenTelemetry's, with its labels. A path is
 * always the route's pattern, never what a client sent.
 */
#include "src/back/red.h"
#include "formatters/number.h"
#include "src/back/drain.h"
#include "src/metrics/metrics.h"

#include <string.h>

#define FROM_SPANS(text) (text " Counted from spans, of traces that are not sampled too.")

static const double db_buckets[] = {.001, .0025, .005, .01, .025, .05, .1, .5, 1, 5, 10};
static const double llm_buckets[] = {.01,  .02,  .04,  .08,   .16,   .32,   .64,
                                     1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92};

static spanlog_counter http_requests = SPANLOG_COUNTER(
    "http_requests_total", FROM_SPANS("HTTP requests answered."), "method", "path", "status");
static spanlog_histogram http_duration = SPANLOG_HISTOGRAM(
    "http_request_duration_seconds", FROM_SPANS("Time to answer an HTTP request."), spanlog_seconds,
    "method", "path", "status");
static spanlog_histogram http_server_duration = SPANLOG_HISTOGRAM(
    "http_server_request_duration_seconds", FROM_SPANS("Duration of HTTP server requests."),
    spanlog_seconds, "http_request_method", "http_route", "http_response_status_code");
static spanlog_histogram db_duration =
    SPANLOG_HISTOGRAM("db_query_duration_seconds", FROM_SPANS("Time of a database query."),
                      db_buckets, "query_type", "system", "status");
static spanlog_histogram llm_duration =
    SPANLOG_HISTOGRAM("llm_request_duration_seconds", FROM_SPANS("Time of a call of a model."),
                      llm_buckets, "provider", "model", "status");
static spanlog_counter llm_tokens =
    SPANLOG_COUNTER("llm_tokens_total", FROM_SPANS("Tokens that models read and wrote."),
                    "provider", "model", "type");

/* ---- what of a span counts ------------------------------------------------------------------- */

enum fact {
    HTTP_METHOD,
    HTTP_ROUTE,
    HTTP_STATUS,
    DB_SYSTEM,
    DB_OPERATION,
    AI_PROVIDER,
    AI_MODEL,
    AI_INPUT,
    AI_OUTPUT,
    FACTS
};

struct name {
    struct spanlog_text key;
    enum fact fact;
};

/* Attribute names; older ones of the same meaning follow. */
static const struct name server_names[] = {
    {SPANLOG_TEXT("http.request.method"), HTTP_METHOD},
    {SPANLOG_TEXT("http.route"), HTTP_ROUTE},
    {SPANLOG_TEXT("http.response.status_code"), HTTP_STATUS},
    {SPANLOG_TEXT("http.method"), HTTP_METHOD},
    {SPANLOG_TEXT("http.status_code"), HTTP_STATUS},
};
static const struct name client_names[] = {
    {SPANLOG_TEXT("db.system.name"), DB_SYSTEM},
    {SPANLOG_TEXT("db.operation.name"), DB_OPERATION},
    {SPANLOG_TEXT("gen_ai.provider.name"), AI_PROVIDER},
    {SPANLOG_TEXT("gen_ai.request.model"), AI_MODEL},
    {SPANLOG_TEXT("gen_ai.usage.input_tokens"), AI_INPUT},
    {SPANLOG_TEXT("gen_ai.usage.output_tokens"), AI_OUTPUT},
    {SPANLOG_TEXT("db.system"), DB_SYSTEM},
    {SPANLOG_TEXT("db.operation"), DB_OPERATION},
    {SPANLOG_TEXT("gen_ai.system"), AI_PROVIDER},
};

struct facts {
    const struct spanlog_value *values[FACTS];
    char texts[FACTS][METRICS_MAX_VALUE + 1]; /* of values, as labels */
};

static inline __attribute__((always_inline)) void find_facts(const struct spanlog_line *line,
                                                             const struct name *names, size_t count,
                                                             struct facts *facts) {
    uint32_t sizes = 0; /* of names: most attributes have another */
    for (size_t k = 0; k < count; k++)
        sizes |= 1u << names[k].key.size;
    memset(facts->values, 0, sizeof facts->values);
    for (uint32_t i = 0; i < line->attribute_count; i++) {
        const struct spanlog_attribute *attribute = &line->attributes[i];
        if (attribute->key.size > 31 || (sizes >> attribute->key.size & 1u) == 0)
            continue;
        for (size_t k = 0; k < count; k++) {
            if (attribute->key.size == names[k].key.size &&
                memcmp(attribute->key.data, names[k].key.data, names[k].key.size) == 0)
                facts->values[names[k].fact] = &attribute->value;
        }
    }
}

/* The value as a label; "" when there is none. */
static const char *label(struct facts *facts, enum fact fact) {
    const struct spanlog_value *value = facts->values[fact];
    char *text = facts->texts[fact];
    size_t size = 0;
    text[0] = '\0';
    if (value == NULL)
        return text;
    if (value->type == SPANLOG_VALUE_TEXT && value->text != NULL) {
        size = value->size < METRICS_MAX_VALUE ? value->size : METRICS_MAX_VALUE;
        memcpy(text, value->text, size);
        text[size] = '\0';
    } else if (value->type == SPANLOG_VALUE_INT || value->type == SPANLOG_VALUE_UINT) {
        *spanlog_put_i64(text, value->i) = '\0';
    }
    return text;
}

static void observe(struct series *series, const struct spanlog_line *line, bool written) {
    struct metrics_context context = {
        .trace_id = line->trace_id, .span_id = line->span_id, .time_ns = line->time_ns};
    if (series != NULL)
        metrics_observe(series, (double)line->duration_ns / 1e9, written ? &context : NULL);
}

static const char *outcome(const struct spanlog_line *line) {
    return line->span_status == SPANLOG_STATUS_ERROR ? "error" : "ok";
}

static void add_to(struct series *series, uint64_t n) {
    if (series != NULL)
        spanlog_bound_counter_add((spanlog_bound_counter){&series->cells}, n);
}

/* ---- the three kinds of spans ---------------------------------------------------------------- */

/* The code, or "error" for a request that failed without one. */
static const char *status_label(const struct spanlog_line *line, struct facts *facts) {
    char *text = facts->texts[HTTP_STATUS];
    if (line->has_status_code)
        *spanlog_put_i64(text, line->status_code) = '\0';
    else
        label(facts, HTTP_STATUS);
    if (text[0] == '\0' && line->span_status == SPANLOG_STATUS_ERROR)
        return "error";
    return text;
}

/* The labels of the first are those of the others too: they are looked up once. What is folded is
 * looked up each time, as it has to be counted in each. */
static void count_http(const struct spanlog_line *line, struct facts *facts, bool written) {
    const char *values[] = {label(facts, HTTP_METHOD), label(facts, HTTP_ROUTE),
                            status_label(line, facts)};
    struct series *durations = metrics_bind(&http_duration.metric, values, 3);
    struct series *found[2] = {NULL, NULL};
    bool known = durations != NULL && durations != durations->family->other;
    if (known)
        memcpy(found, durations->companions, sizeof found);
    if (found[0] == NULL)
        found[0] = metrics_bind(&http_requests.metric, values, 3);
    values[2] = facts->texts[HTTP_STATUS]; /* OpenTelemetry's is a code or nothing */
    if (found[1] == NULL)
        found[1] = metrics_bind(&http_server_duration.metric, values, 3);
    if (known)
        memcpy(durations->companions, found, sizeof found);
    observe(durations, line, written);
    add_to(found[0], 1);
    observe(found[1], line, written);
}

static void count_db(const struct spanlog_line *line, struct facts *facts, bool written) {
    const char *values[] = {label(facts, DB_OPERATION), label(facts, DB_SYSTEM), outcome(line)};
    observe(metrics_bind(&db_duration.metric, values, 3), line, written);
}

static void count_tokens(struct facts *facts, enum fact fact, const char *type) {
    const struct spanlog_value *value = facts->values[fact];
    const char *values[] = {facts->texts[AI_PROVIDER], facts->texts[AI_MODEL], type};
    if (value == NULL || (value->type != SPANLOG_VALUE_INT && value->type != SPANLOG_VALUE_UINT) ||
        value->i < 0)
        return;
    add_to(metrics_bind(&llm_tokens.metric, values, 3), value->u);
}

static void count_llm(const struct spanlog_line *line, struct facts *facts, bool written) {
    const char *values[] = {label(facts, AI_PROVIDER), label(facts, AI_MODEL), outcome(line)};
    observe(metrics_bind(&llm_duration.metric, values, 3), line, written);
    count_tokens(facts, AI_INPUT, "input");
    count_tokens(facts, AI_OUTPUT, "output");
}

static __attribute__((noinline)) void count(const struct spanlog_line *line, bool written) {
    static struct facts facts; /* the drain's lock is held */
    if (line->span_kind == SPANLOG_SERVER) {
        find_facts(line, server_names, sizeof server_names / sizeof *server_names, &facts);
        if (facts.values[HTTP_METHOD] != NULL)
            count_http(line, &facts, written);
    } else if (line->span_kind == SPANLOG_CLIENT) {
        find_facts(line, client_names, sizeof client_names / sizeof *client_names, &facts);
        if (facts.values[DB_SYSTEM] != NULL || facts.values[DB_OPERATION] != NULL)
            count_db(line, &facts, written);
        else if (facts.values[AI_PROVIDER] != NULL || facts.values[AI_MODEL] != NULL)
            count_llm(line, &facts, written);
    }
}

static bool may_count(unsigned kind) {
    return kind == SPANLOG_SERVER || kind == SPANLOG_CLIENT;
}

/* What is not written has not been read yet; of that only few need to be. */
static bool read_span(struct drain *drain, const struct record *record) {
    struct output *output = drain->output_count > 0 ? &drain->outputs[0] : &drain->nowhere;
    const struct compiled_site *site = output_site(output, &drain->decoder->context, record->site);
    bool damaged = false;
    return site != NULL && may_count(site->entry->kind) &&
           decode_whole_span(drain->decoder, output, (const struct span_record *)record,
                             record->word & RECORD_SIZE_MASK, 0, &damaged);
}

void red_take(struct drain *drain, const struct record *record, bool written) {
    const struct spanlog_line *line = &drain->decoder->line;
    if ((record->word & (RECORD_SPAN | RECORD_DROPPED)) == RECORD_SPAN &&
        (written ? may_count(line->span_kind) : read_span(drain, record)))
        count(line, written);
}
