/* tests/cxx/right.c: every macro as it is meant to be used, in C and C++ alike. */
#include <spanlog/memory.h>
#include <spanlog/metrics.h>
#include <spanlog/spanlog.h>

#include <stdint.h>
#include <stdlib.h>

enum color { RED, GREEN };

void uses_everything(int argc, char **argv, void *pointer);

static const char *get(void *arg, const char *name) {
    (void)name;
    return (const char *)arg;
}

static void set(void *arg, const char *name, const char *value) {
    (void)arg;
    (void)name;
    (void)value;
}

static spanlog_span kept;

static const double bounds[] = {.1, 1};
static spanlog_counter jobs = SPANLOG_COUNTER("jobs_total", "Jobs.", "kind", "result");
static spanlog_counter plain = SPANLOG_COUNTER("plain_total", "Plain.");
static spanlog_gauge waiting = SPANLOG_GAUGE("waiting", "Waiting.", "kind");
static spanlog_histogram took = SPANLOG_HISTOGRAM("took_seconds", "Time.", bounds);
static spanlog_histogram request = SPANLOG_HISTOGRAM("r_seconds", "Time.", spanlog_seconds, "kind");
static spanlog_counter failures = SPANLOG_AUTH_FAILURES;

static void counts(char **argv) {
    spanlog_counter_add(&plain, 1);
    spanlog_counter_add(&jobs, 2, argv[0], "done");
    if (argv[1] != NULL)
        spanlog_counter_add(&failures, 1, "password");
    else
        spanlog_gauge_set(&waiting, 1.5, "mail");
    spanlog_gauge_add(&waiting, -1, "mail");
    spanlog_histogram_observe(&took, .5);
    spanlog_histogram_observe(&request, .5, argv[0]);
    spanlog_bound_counter done = spanlog_counter_bind(&jobs, "mail", "done");
    spanlog_bound_counter_add(done, 1);
    spanlog_bound_gauge mail = spanlog_gauge_bind(&waiting, "mail");
    spanlog_bound_gauge_add(mail, 1);
    spanlog_bound_histogram any = spanlog_histogram_bind(&took);
    spanlog_bound_histogram_observe(any, 1);
}

void uses_everything(int argc, char **argv, void *pointer) {
    static spanlog_logger db = SPANLOG_LOGGER("db");
    enum color color = GREEN;
    const unsigned char bytes[3] = {1, 2, 3};
    char text33[33], text17[17];
    spanlog_info("no field");
    spanlog_info("one", kv("k", argc));
    spanlog_warn("types", kv("a", (short)1), kv("b", 2L), kv("c", 3LL), kv("d", 4UL), kv("e", 5ULL),
                 kv("f", (unsigned char)6), kv("g", 1.5f), kv("h", 2.5), kv("i", argv[0]),
                 kv("j", "literal"), kv("k", bytes), kv("l", color), kv("m", argc > 1),
                 kv("n", (size_t)7), kv("o", (int8_t)8), kv("p", 'c'));
    spanlog_error("made", kv_n("n", argv[0], 3), kv_hex("h", bytes, sizeof bytes),
                  kv_ptr("p", pointer), kv_errno(), kv_json("j", "{}"));
    if (argc > 1)
        spanlog_debug("a statement");
    else
        spanlog_trace("like any other");
    spanlog_infof("no argument");
    spanlog_infof("user=%s n=%d %5.2f %p", argv[0], argc, 1.5, pointer);
    spanlog_info_once("once", kv("k", 1));
    spanlog_fatal_every(10, "every", kv("k", 1));
    spanlog_info_to(db, "named", kv("k", 1));
    spanlog_errorf_to(db, "named %d", argc);
    spanlog_scope(sp, "outer", kv("k", argc));
    spanlog_scope(second, "in the same block");
    spanlog_scope_kind(third, SPANLOG_CLIENT, "kind", kv("k", 1));
    spanlog_set(&sp, kv("rows", argc), kv("more", "text"));
    spanlog_event(&sp, "retry", kv("attempt", 2));
    spanlog_event(&sp, "plain");
    spanlog_link(&sp, spanlog_ctx_current());
    spanlog_status(&sp, 404);
    spanlog_fail(&sp, "timeout");
    spanlog_rename(&sp, argv[0]);
    spanlog_begin(p, "job", SPANLOG_CONSUMER, spanlog_span_ctx(&sp));
    spanlog_begin(q, "job", SPANLOG_PRODUCER, spanlog_span_ctx(&p), kv("k", 1));
    counts(argv);
    kept = p;
    spanlog_end(kept);
    spanlog_end(q);
    spanlog_ctx context = spanlog_ctx_current(), before = spanlog_ctx_attach(context);
    spanlog_ctx_attach(before);
    spanlog_trace_id(text33);
    spanlog_span_id(text17);
    spanlog_extract(get, argv[0], &context);
    spanlog_inject(context, set, NULL);
    for (int i = 0; i < 2; i++) {
        spanlog_scope(step, "loop", kv("i", i));
        if (i == 1)
            break;
    }
    char *lines = spanlog_memory_lines();
    spanlog_memory_clear();
    free(lines);
    spanlog_redact("pin");
    spanlog_redact("iban", "value:AKIA*");
    spanlog_flush(10);
}
