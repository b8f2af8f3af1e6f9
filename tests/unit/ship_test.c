/* tests/unit/ship_test.c: the parts of `spanlog ship` that are plain functions: what a target is
 * called and where it is, what an answer means, how long to wait, how requests are cut, what a
 * state file gives back. Everything with files and servers: tests/interop/ship. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "formatters/json.h"
#include "src/analyzer/input/rotated.h"
#include "src/ship/answer.h"
#include "src/ship/backoff.h"
#include "src/ship/batch.h"
#include "src/ship/files.h"
#include "src/ship/http.h"
#include "src/ship/labels.h"
#include "src/ship/ship.h"
#include "tests/unit/folder.h"

/* ---- endpoints ---------------------------------------------------------------------------- */

static struct spanlog_ship_endpoint endpoint;
static char problem[SPANLOG_SHIP_PROBLEM];

static int read_target(const char *to) {
    struct spanlog_ship_target target = {.to = to};
    problem[0] = 0;
    return spanlog_ship_endpoint_read(&target, &endpoint, problem);
}

static void a_target_has_the_url_that_its_server_listens_at(void **state) {
    static const struct {
        const char *to, *logs, *traces;
    } cases[] = {
        {"loki:http://h:3100", "http://h:3100/loki/api/v1/push", NULL},
        {"loki:http://h:3100/", "http://h:3100/loki/api/v1/push", NULL},
        {"loki:http://h/x/push?a=b", "http://h/x/push?a=b", NULL},
        {"otlp:https://h", "https://h/v1/logs", "https://h/v1/traces"},
        {"otlp:http://h:3100/otlp/", "http://h:3100/otlp/v1/logs", "http://h:3100/otlp/v1/traces"},
        {"zipkin:http://[::1]:9411", NULL, "http://[::1]:9411/api/v2/spans"},
        {"zipkin:http://h:9411/api/v2/spans", NULL, "http://h:9411/api/v2/spans"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *want[] = {cases[i].logs, cases[i].traces};
        assert_int_equal(read_target(cases[i].to), 0);
        for (int door = 0; door < SPANLOG_SHIP_DOORS; door++) {
            if (want[door])
                assert_string_equal(endpoint.url[door], want[door]);
            else
                assert_null(endpoint.url[door]);
        }
        spanlog_ship_endpoint_free(&endpoint);
    }
}

static void a_wrong_target_is_told_what_is_wrong(void **state) {
    static const char *const cases[][2] = {
        {"http://h:3100", "Give loki:URL, otlp:URL or zipkin:URL"},
        {"loki:h:3100", "begins with http:// or https://"},
        {"loki:http://", "names no host"},
        {"loki:http://h:0", "1 to 65535"},
        {"loki:http://h:x", "1 to 65535"},
        {"loki:http://h:65536/", "1 to 65535"},
        {"loki:http://h/a b", "no blanks"},
        {"otlp:http://h:4317", "otlp:http://h:4318"},
        {"otlp:http://h:14250", "otlp:http://h:4318"},
        {"otlp:http://h:14268/api/traces", "otlp:http://h:4318"},
        {"zipkin:http://h:14268", "otlp:http://h:4318"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(read_target(cases[i][0]), -EINVAL);
        if (!strstr(problem, cases[i][1]))
            fail_msg("%s: \"%s\" does not say \"%s\"", cases[i][0], problem, cases[i][1]);
    }
}

static void a_password_is_in_no_name(void **state) {
    (void)state;
    assert_int_equal(read_target("loki:https://me:secret@h:3100"), 0);
    assert_string_equal(endpoint.name, "loki:https://h:3100");
    assert_null(strstr(endpoint.file_name, "secret"));
    assert_string_equal(endpoint.url[SPANLOG_SHIP_DOOR_LOGS],
                        "https://me:secret@h:3100/loki/api/v1/push");
    spanlog_ship_endpoint_free(&endpoint);
}

static void a_password_is_in_no_message(void **state) {
    static const char *const cases[] = {"loki:http://me:secret@h:x",
                                        "loki:http://me:secret@h:4,",
                                        "loki:http://me:se/secret@h",
                                        "loki:http://me:a secret@h",
                                        "loki:me:secret@h",
                                        "loki:https:me:secret@h",
                                        "http://me:secret@h",
                                        "me:secret@h",
                                        "secret@h"};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(read_target(cases[i]), -EINVAL);
        if (strstr(problem, "secret") || !strchr(problem, 'h'))
            fail_msg("%s: it says \"%s\"", cases[i], problem);
    }
}

static void a_wrong_header_is_not_shown(void **state) {
    static const struct {
        const char *headers, *problem;
    } cases[] = {{"Authorization: Bearer secret", "headers: number 1 is no NAME=VALUE"},
                 {"a=b, ,Authorization: Bearer secret==", "headers: number 2 is no NAME=VALUE"},
                 {"Authorization=Bearer x,secret", "headers: number 2 is no NAME=VALUE"},
                 {"a=secret%0a", "headers: number 1 is no NAME=VALUE"}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct spanlog_ship_target target = {.to = "loki:http://h", .headers = cases[i].headers};
        struct spanlog_ship_http http;
        assert_int_equal(spanlog_ship_http_open(&http, &target, false, problem), -EINVAL);
        assert_string_equal(problem, cases[i].problem);
    }
}

static void this_host_is_known_by_its_names(void **state) {
    static const struct {
        const char *to;
        bool is_local;
    } cases[] = {{"loki:http://127.0.0.1:1", true},   {"loki:http://127.8.9.1", true},
                 {"loki:http://localhost:1/x", true}, {"loki:http://[::1]:1", true},
                 {"loki:http://127.example", false},  {"loki:http://localhost.example", false},
                 {"loki:http://10.0.0.1", false}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(read_target(cases[i].to), 0);
        if (endpoint.is_local != cases[i].is_local)
            fail_msg("%s: %d", cases[i].to, endpoint.is_local);
        spanlog_ship_endpoint_free(&endpoint);
    }
}

/* ---- answers ------------------------------------------------------------------------------ */

static void every_answer_has_its_consequence(void **state) {
    static const struct {
        enum spanlog_ship_protocol_kind protocol;
        long status;
        const char *text;
        enum spanlog_ship_outcome outcome;
        uint64_t refused;
    } cases[] = {
        {SPANLOG_SHIP_LOKI, 204, "", SPANLOG_SHIP_TAKEN, 0},
        {SPANLOG_SHIP_LOKI, 400, "too far behind, total ignored: 3 out of 5", SPANLOG_SHIP_TAKEN,
         3},
        {SPANLOG_SHIP_LOKI, 400, "entry has timestamp too old: x", SPANLOG_SHIP_TAKEN, 1},
        {SPANLOG_SHIP_LOKI, 400, "12 errors like: max entry size; 1 errors like: too old",
         SPANLOG_SHIP_TAKEN, 13},
        {SPANLOG_SHIP_LOKI, 400, "stream 'x' has label value too long: 'y'", SPANLOG_SHIP_TAKEN,
         SPANLOG_SHIP_ALL},
        {SPANLOG_SHIP_LOKI, 400, "no JSON", SPANLOG_SHIP_TAKEN, SPANLOG_SHIP_ALL},
        {SPANLOG_SHIP_LOKI, 401, "no org id", SPANLOG_SHIP_STOP, 0},
        {SPANLOG_SHIP_LOKI, 403, "", SPANLOG_SHIP_STOP, 0},
        {SPANLOG_SHIP_LOKI, 404, "", SPANLOG_SHIP_NO_DOOR, 0},
        {SPANLOG_SHIP_LOKI, 413, "", SPANLOG_SHIP_SPLIT, 0},
        {SPANLOG_SHIP_LOKI, 429, "", SPANLOG_SHIP_LATER, 0},
        {SPANLOG_SHIP_LOKI, 500, "code = ResourceExhausted", SPANLOG_SHIP_SPLIT, 0},
        {SPANLOG_SHIP_LOKI, 500, "empty ring", SPANLOG_SHIP_LATER, 0},
        {SPANLOG_SHIP_LOKI, 503, "", SPANLOG_SHIP_LATER, 0},
        {SPANLOG_SHIP_LOKI, 0, "", SPANLOG_SHIP_LATER, 0},
        {SPANLOG_SHIP_LOKI, 301, "", SPANLOG_SHIP_STOP, 0},
        {SPANLOG_SHIP_LOKI, 422, "", SPANLOG_SHIP_TAKEN, SPANLOG_SHIP_ALL},
        {SPANLOG_SHIP_OTLP, 200, "{\"partialSuccess\":{\"rejectedSpans\":\"2\"}}",
         SPANLOG_SHIP_TAKEN, 2},
        {SPANLOG_SHIP_OTLP, 200, "{\"partialSuccess\":{\"rejectedLogRecords\": 7}}",
         SPANLOG_SHIP_TAKEN, 7},
        {SPANLOG_SHIP_OTLP, 200, "{\"partialSuccess\":{}}", SPANLOG_SHIP_TAKEN, 0},
        {SPANLOG_SHIP_OTLP, 400, "", SPANLOG_SHIP_SPLIT, 0},
        {SPANLOG_SHIP_OTLP, 500, "", SPANLOG_SHIP_TAKEN, SPANLOG_SHIP_ALL},
        {SPANLOG_SHIP_OTLP, 502, "", SPANLOG_SHIP_LATER, 0},
        {SPANLOG_SHIP_ZIPKIN, 202, "", SPANLOG_SHIP_TAKEN, 0},
        {SPANLOG_SHIP_ZIPKIN, 400, "", SPANLOG_SHIP_SPLIT, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct spanlog_ship_answer answer = {cases[i].status, cases[i].text, strlen(cases[i].text),
                                             0};
        struct spanlog_ship_verdict verdict = spanlog_ship_judge(cases[i].protocol, &answer);
        if (verdict.outcome != cases[i].outcome || verdict.refused != cases[i].refused)
            fail_msg("%d %ld %s: outcome %d, refused %llu", cases[i].protocol, cases[i].status,
                     cases[i].text, verdict.outcome, (unsigned long long)verdict.refused);
    }
}

/* ---- waiting ------------------------------------------------------------------------------ */

static void waits_double_up_to_half_a_minute_and_differ(void **state) {
    struct spanlog_ship_backoff backoff = {0};
    uint64_t most[] = {500, 1000, 2000, 4000, 8000, 16000, 30000, 30000};
    (void)state;
    for (size_t i = 0; i < sizeof most / sizeof *most; i++) {
        struct spanlog_ship_backoff same = backoff;
        assert_int_equal(spanlog_ship_backoff_next(&backoff, 0, 0), most[i]);
        assert_int_equal(spanlog_ship_backoff_next(&same, most[i] / 2, 0), most[i] / 2);
    }
    backoff.tries = 4000000000u;
    assert_int_equal(spanlog_ship_backoff_next(&backoff, 0, 0), 30000);
}

static void what_the_server_asks_for_is_the_least_within_reason(void **state) {
    struct spanlog_ship_backoff backoff = {0};
    (void)state;
    assert_int_equal(spanlog_ship_backoff_next(&backoff, 0, 7000), 7000);
    backoff.tries = 6;
    assert_int_equal(spanlog_ship_backoff_next(&backoff, 0, 7000), 30000);
    assert_int_equal(spanlog_ship_backoff_next(&backoff, 0, 86400000), 300000);
}

/* ---- requests ----------------------------------------------------------------------------- */

static void fill(struct spanlog_ship_batch *batch, const size_t *sizes, size_t count) {
    for (size_t i = 0; i < count; i++) {
        char *to = spanlog_ship_batch_reserve(batch, sizes[i]);
        memset(to, 'x', sizes[i]);
        assert_int_equal(spanlog_ship_batch_add(batch, to + sizes[i], 0, 0), 0);
    }
}

static void requests_are_cut_by_bytes_and_entries_and_are_never_empty(void **state) {
    struct spanlog_ship_batch batch = {.text = {.fd = -1}};
    const size_t sizes[] = {10, 10, 500, 10, 10};
    (void)state;
    fill(&batch, sizes, 5);
    assert_int_equal(spanlog_ship_batch_cut(&batch, 0, 100, SIZE_MAX), 2);
    assert_int_equal(spanlog_ship_batch_cut(&batch, 2, 100, SIZE_MAX), 3); /* alone, as it must */
    assert_int_equal(spanlog_ship_batch_cut(&batch, 3, 100, SIZE_MAX), 5);
    assert_int_equal(spanlog_ship_batch_cut(&batch, 0, 10000, SIZE_MAX), 5);
    assert_int_equal(spanlog_ship_batch_cut(&batch, 0, 10000, 2), 2);
    assert_int_equal(spanlog_ship_batch_cut(&batch, 0, 10000, 0), 1);
    assert_int_equal(spanlog_ship_batch_cut(&batch, 5, 10000, 1), 5);
    assert_int_equal(batch.entries[2].at, 20);
    assert_int_equal(batch.entries[2].size, 500);
    spanlog_ship_batch_free(&batch);
}

/* ---- labels ------------------------------------------------------------------------------- */

static struct spanlog_ship_labels labels;

static void labels_that_would_make_a_stream_for_each_record_are_refused(void **state) {
    static const char *const cases[][2] = {
        {"trace=trace_id", "differs in every record"},
        {"span_id", "differs in every record"},
        {"pid", "differs in every record"},
        {"msg", "differs in every record"},
        {"x=request_id", "use structured metadata"},
        {"session_id", "use structured metadata"},
        {"correlation_id", "use structured metadata"},
        {"user_id", "use structured metadata"},
        {"x=http.request.id", "use structured metadata"},
        {"x=enduser.id", "use structured metadata"},
        {"x=X-Correlation-Id", "use structured metadata"},
        {"x=sessionId", "use structured metadata"},
        {"a.b=service", "letters, digits and _"},
        {"1x=service", "letters, digits and _"},
        {"late=service", "take another"},
        {"x=", "which key"},
        {"a=a,b=a,c=a,d=a,e=a,f=a,g=a,h=a,i=a,j=a,k=a,l=a,m=a,n=a", "Loki takes 15"}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(spanlog_ship_labels_open(&labels, cases[i][0], NULL, problem), -EINVAL);
        if (!strstr(problem, cases[i][1]))
            fail_msg("%s: \"%s\" does not say \"%s\"", cases[i][0], problem, cases[i][1]);
    }
    assert_int_equal(spanlog_ship_labels_open(&labels, NULL, "a", problem), -EINVAL);
}

static int64_t find(struct spanlog_ship_state *state, const char *line) {
    struct spanlog_reader reader;
    struct spanlog_record record;
    char text[1024 + SPANLOG_JSON_PADDING] = {0};
    snprintf(text, 1024, "%s\n", line);
    spanlog_reader_init(&reader, 500);
    assert_null(spanlog_record_read(&reader, text, &record));
    return spanlog_ship_labels_find(&labels, state, &record, text, record.time_ns);
}

static void labels_come_from_the_line_from_the_process_and_from_the_user(void **state) {
    struct spanlog_ship_state streams = {.directory = -1, .lock = -1};
    struct spanlog_output out = {.fd = -1};
    (void)state;
    assert_int_equal(spanlog_ship_labels_open(&labels, "app=service,host=host.name,env=env",
                                              "cluster=eu\"1", problem),
                     0);
    int64_t before =
        find(&streams, "{\"ts\":\"2026-11-21T10:30:45Z\",\"level\":\"info\",\"msg\":\"x\","
                       "\"service\":\"a\\\"b\",\"pid\":7}");
    find(&streams,
         "{\"ts\":\"2026-11-21T10:30:45Z\",\"level\":\"info\",\"msg\":\"process started\","
         "\"service\":\"a\\\"b\",\"pid\":7,\"env\":\"prod\",\"host.name\":\"h\"}");
    int64_t after =
        find(&streams, "{\"ts\":\"2026-11-21T10:30:45Z\",\"level\":\"info\",\"msg\":\"x\","
                       "\"service\":\"a\\\"b\",\"pid\":7}");
    int64_t none =
        find(&streams, "{\"ts\":\"2026-11-21T08:30:45Z\",\"level\":\"info\",\"msg\":\"x\","
                       "\"service\":\"\",\"pid\":8}");
    int64_t all[] = {before, after, none};
    for (int i = 0; i < 3; i++)
        spanlog_ship_labels_put(&labels, &streams, (uint32_t)all[i], &out);
    spanlog_put_bytes(&out, "", 1);
    assert_string_equal(
        out.data, "{\"cluster\":\"eu\\\"1\",\"app\":\"a\\\"b\"}"
                  "{\"cluster\":\"eu\\\"1\",\"app\":\"a\\\"b\",\"env\":\"prod\",\"host\":\"h\"}"
                  "{\"cluster\":\"eu\\\"1\",\"app\":\"unknown_service\"}");
    free(out.data);
    spanlog_ship_labels_free(&labels);
    spanlog_ship_state_close(&streams);
}

/* ---- state files -------------------------------------------------------------------------- */

static int open_folder(void) {
    return open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

#define TROUBLE "it answers \"no\" to C:\\logs\tand \u00e9"

static void fill_state(struct spanlog_ship_state *state) {
    struct spanlog_ship_position *position = spanlog_ship_state_add_position(state);
    *position =
        (struct spanlog_ship_position){.path = strdup("/x/\"a\\b\n\xc2\x85\xe2\x80\xa8.log"),
                                       .device = 1,
                                       .inode = UINT64_MAX,
                                       .offset = 1ull << 62,
                                       .print = {0xfedcba9876543210u, 1024},
                                       .seen_s = 4000000000u};
    state->target = strdup("loki:http://h");
    state->counts = (struct spanlog_ship_counts){1, 2, 3, 4, 5, 6, 7, 8, 9};
    state->streams = calloc(1, sizeof *state->streams);
    state->streams[0].labels = strdup("\"a\":\"b\\\"c\"");
    state->streams[0].done_ns[0] = 1795257045123456789u;
    state->streams[0].done_ns[2] = 5;
    state->stream_count = 1;
    state->processes = calloc(1, sizeof *state->processes);
    state->processes[0] =
        (struct spanlog_ship_process){0x8000000000000001u, strdup(",\"e\":\"p\"")};
    state->process_count = 1;
    strcpy(state->error, TROUBLE);
}

static void a_state_file_gives_back_what_was_saved(void **unused) {
    struct spanlog_ship_state state, again = {.directory = -1, .lock = -1};
    int directory = open_folder();
    (void)unused;
    assert_int_equal(spanlog_ship_state_open(&state, directory, "t"), 0);
    fill_state(&state);
    assert_int_equal(spanlog_ship_state_save(&state, NULL), 0);
    assert_int_equal(spanlog_ship_state_read(&again, directory, "t"), 0);
    assert_string_equal(again.target, "loki:http://h");
    assert_memory_equal(&again.counts, &state.counts, sizeof state.counts);
    assert_int_equal(again.position_count, 1);
    assert_string_equal(again.positions[0].path, "/x/\"a\\b\n\xc2\x85\xe2\x80\xa8.log");
    assert_int_equal(again.positions[0].inode, UINT64_MAX);
    assert_int_equal(again.positions[0].offset, 1ull << 62);
    assert_int_equal(again.positions[0].print.hash, 0xfedcba9876543210u);
    assert_int_equal(again.stream_count, 1);
    assert_string_equal(again.streams[0].labels, "\"a\":\"b\\\"c\"");
    assert_int_equal(again.streams[0].heads_ns[0], 1795257045123456789u);
    assert_int_equal(again.streams[0].heads_ns[1], 0);
    assert_int_equal(again.streams[0].heads_ns[2], 5);
    assert_int_equal(again.processes[0].key, 0x8000000000000001u);
    assert_string_equal(again.processes[0].labels, ",\"e\":\"p\"");
    assert_string_equal(again.error, TROUBLE);
    spanlog_ship_state_close(&again);
    spanlog_ship_state_close(&state);
    close(directory);
}

static void one_state_has_one_owner(void **unused) {
    struct spanlog_ship_state one, two;
    int directory = open_folder();
    (void)unused;
    assert_int_equal(spanlog_ship_state_open(&one, directory, "lock"), 0);
    assert_int_equal(spanlog_ship_state_open(&two, directory, "lock"), -EBUSY);
    assert_int_equal(two.busy_pid, getpid());
    spanlog_ship_state_close(&two);
    spanlog_ship_state_close(&one);
    assert_int_equal(spanlog_ship_state_open(&two, directory, "lock"), 0);
    spanlog_ship_state_close(&two);
    close(directory);
}

/* Cut at every byte, and every byte changed: it is read, or it is empty. */
static void a_damaged_state_is_an_empty_one(void **unused) {
    struct spanlog_ship_state state;
    char whole[4096];
    int directory = open_folder();
    (void)unused;
    assert_int_equal(spanlog_ship_state_open(&state, directory, "d"), 0);
    fill_state(&state);
    assert_int_equal(spanlog_ship_state_save(&state, NULL), 0);
    spanlog_ship_state_close(&state);
    int fd = open(in_folder("d"), O_RDWR | O_CLOEXEC);
    ssize_t size = read(fd, whole, sizeof whole);
    assert_true(size > 100);
    for (ssize_t i = 0; i < 2 * size; i++) {
        ssize_t cut = i < size ? i : size;
        char damaged[sizeof whole];
        memcpy(damaged, whole, (size_t)size);
        if (i >= size)
            damaged[i - size] ^= 0x21;
        assert_int_equal(pwrite(fd, damaged, (size_t)cut, 0), cut);
        assert_int_equal(ftruncate(fd, cut), 0);
        int rc = spanlog_ship_state_open(&state, directory, "d");
        if (rc != 0 && rc != -EBADMSG)
            fail_msg("damage %zd: %d", i, rc);
        if (rc == -EBADMSG)
            assert_int_equal(state.position_count + state.stream_count + state.process_count, 0);
        spanlog_ship_state_close(&state);
    }
    close(fd);
    close(directory);
}

/* What `ship --status` says of the folder, and how many targets it counts. */
static int read_status(bool as_json, char *text, size_t room) {
    int fd = open(in_folder("status"), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    int count = spanlog_ship_status(folder, as_json, fd);
    ssize_t size = pread(fd, text, room - 1, 0);
    close(fd);
    assert_true(size >= 0);
    text[size] = 0;
    return count;
}

static void save_as(int directory, const char *name) {
    struct spanlog_ship_state state;
    assert_int_equal(spanlog_ship_state_open(&state, directory, name), 0);
    fill_state(&state);
    assert_int_equal(spanlog_ship_state_save(&state, NULL), 0);
    spanlog_ship_state_close(&state);
}

static void the_status_names_every_target_whatever_its_host_is_called(void **unused) {
    static const char *const targets[] = {"otlp:https://otlp.new.example", "loki:http://a.lock",
                                          "zipkin:http://zip-kin:9411"};
    char text[4096];
    int directory = open_folder();
    (void)unused;
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        assert_int_equal(read_target(targets[i]), 0);
        save_as(directory, endpoint.file_name);
        spanlog_ship_endpoint_free(&endpoint);
        assert_int_equal(read_status(true, text, sizeof text), i + 1); /* and not its lock */
    }
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        assert_int_equal(read_target(targets[i]), 0);
        unlinkat(directory, endpoint.file_name, 0);
        spanlog_ship_endpoint_free(&endpoint);
    }
    close(directory);
}

static void the_status_tells_what_a_server_answered_as_it_was(void **unused) {
    char json[4096], text[4096];
    int directory = open_folder();
    (void)unused;
    save_as(directory, "loki-h-0123abcd");
    assert_int_equal(read_status(true, json, sizeof json), 1);
    assert_int_equal(read_status(false, text, sizeof text), 1);
    unlinkat(directory, "loki-h-0123abcd", 0);
    close(directory);
    assert_true(json[0] == '{' && spanlog_json_valid(json, strlen(json)));
    if (!strstr(json, ",\"error\":\"it answers \\\"no\\\" to C:\\\\logs\\u0009and \u00e9\","))
        fail_msg("%s", json);
    if (!strstr(text, "it answers \"no\" to C:\\logs\\u0009and \u00e9\n"))
        fail_msg("%s", text);
}

static void the_status_names_a_checkpoint_that_it_cannot_read(void **unused) {
    static const char name[] = "loki-h-0123abcd";
    char text[4096];
    int directory = open_folder();
    (void)unused;
    int fd = openat(directory, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(write(fd, "{\"ship\":1", 9), 9);
    close(fd);
    assert_int_equal(read_status(true, text, sizeof text), 1);
    assert_string_equal(text, "{\"target\":\"loki-h-0123abcd\",\"state\":\"unreadable\","
                              "\"error\":\"it is damaged\"}\n");
    unlinkat(directory, name, 0);
    close(directory);
}

/* ---- a spool ------------------------------------------------------------------------------ */

static void say_nothing(void *argument, const char *path, const char *what) {
    (void)argument, (void)path, (void)what;
}

static void put_line(const char *path) {
    static const char line[] = "{\"ts\":\"2026-11-21T10:30:45Z\",\"msg\":\"m\"}\n";
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(write(fd, line, sizeof line - 1), sizeof line - 1);
    close(fd);
}

static void read_all(struct spanlog_ship_files *files) {
    struct spanlog_buffer buffer = {0};
    struct spanlog_chunk chunk;
    struct spanlog_ship_file *file;
    while ((file = spanlog_ship_files_next(files)) != NULL)
        assert_in_range(spanlog_ship_files_read(files, file, &buffer, &chunk), 0, 1);
    spanlog_ship_files_commit(files);
    free(buffer.data);
}

/* The listing does not see it any more, and what told of it has not been read. */
static void what_was_sent_and_is_deleted_beside_a_listing_is_not_lost(void **unused) {
    struct spanlog_ship_state state;
    const char *spool = in_folder("spool"), *paths[] = {spool};
    const char *sent = in_folder("spool/records.jsonl.2"),
               *unseen = in_folder("spool/records.jsonl.1");
    int directory = open_folder();
    (void)unused;
    assert_int_equal(mkdir(spool, 0700), 0);
    put_line(sent);
    assert_int_equal(spanlog_ship_state_open(&state, directory, "spool-state"), 0);
    struct spanlog_ship_files files = {.paths = paths,
                                       .path_count = 1,
                                       .state = &state,
                                       .inotify = -1,
                                       .is_spool = true,
                                       .line_size_max = 1u << 20,
                                       .say = say_nothing};
    assert_int_equal(spanlog_ship_files_open(&files), 0);
    read_all(&files);
    assert_int_equal(files.count, 1);
    assert_int_equal(unlink(sent), 0);
    assert_int_equal(spanlog_ship_files_list(&files), 0);
    assert_int_equal(spanlog_ship_files_update(&files), 0);
    assert_int_equal(files.count, 0);
    assert_int_equal(files.lost, 0);
    assert_false(files.lost_more);
    put_line(unseen);
    assert_int_equal(unlink(unseen), 0);
    assert_int_equal(spanlog_ship_files_update(&files), 0);
    assert_true(files.lost_more);
    spanlog_ship_files_close(&files);
    spanlog_ship_state_close(&state);
    close(directory);
}

/* ---- names -------------------------------------------------------------------------------- */

static void rotation_makes_these_names_of_a_log(void **state) {
    static const struct {
        const char *name;
        bool is_of;
    } cases[] = {
        {"app.log.1", true},        {"app.log.12", true},    {"app.log-20261121", true},
        {"app-20261121.log", true}, {"app.log", false},      {"app.log.1.gz", true},
        {"app.log.gz", true},       {"app.log.3.zst", true}, {"app.log-20261121.zst", true},
        {"app.log.1.xz", false},    {"other.log.1", false},  {"app.log.old", false}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (spanlog_rotated_is_of(cases[i].name, "app.log") != cases[i].is_of)
            fail_msg("%s: %d", cases[i].name, !cases[i].is_of);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_target_has_the_url_that_its_server_listens_at),
        cmocka_unit_test(a_wrong_target_is_told_what_is_wrong),
        cmocka_unit_test(a_password_is_in_no_name),
        cmocka_unit_test(a_password_is_in_no_message),
        cmocka_unit_test(a_wrong_header_is_not_shown),
        cmocka_unit_test(this_host_is_known_by_its_names),
        cmocka_unit_test(every_answer_has_its_consequence),
        cmocka_unit_test(waits_double_up_to_half_a_minute_and_differ),
        cmocka_unit_test(what_the_server_asks_for_is_the_least_within_reason),
        cmocka_unit_test(requests_are_cut_by_bytes_and_entries_and_are_never_empty),
        cmocka_unit_test(labels_that_would_make_a_stream_for_each_record_are_refused),
        cmocka_unit_test(labels_come_from_the_line_from_the_process_and_from_the_user),
        cmocka_unit_test(a_state_file_gives_back_what_was_saved),
        cmocka_unit_test(one_state_has_one_owner),
        cmocka_unit_test(a_damaged_state_is_an_empty_one),
        cmocka_unit_test(the_status_names_every_target_whatever_its_host_is_called),
        cmocka_unit_test(the_status_tells_what_a_server_answered_as_it_was),
        cmocka_unit_test(the_status_names_a_checkpoint_that_it_cannot_read),
        cmocka_unit_test(what_was_sent_and_is_deleted_beside_a_listing_is_not_lost),
        cmocka_unit_test(rotation_makes_these_names_of_a_log),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
