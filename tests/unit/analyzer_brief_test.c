/* tests/unit/analyzer_brief_test.c: brief records, of lines whose forms have been learnt, say what
 * whole ones say; and so do whole records of learnt forms, and of lines that nothing is known of.
 *
 * The lines are made at random from samples: their values are the usual ones, odd ones, or damaged.
 */
#include "tests/unit/analyzer_test.h"

#include "src/analyzer/rows/digest.h"
#include "src/analyzer/translate/lines.h"

#define LINES 400
#define LINE_SIZE_MAX 1024
#define ROUNDS 150

static uint64_t state = 5;

static unsigned random_below(unsigned limit) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)((state >> 33) * limit >> 31);
}

/* %T a time, %U seconds, %M milliseconds, %S text, %L a level, %N a number, %D a duration, %I a
 * trace id, %i a span id, %W a word. */
static const char *const samples[] = {
    "{\"ts\":\"%T\",\"level\":\"%L\",\"msg\":\"%S\",\"service\":\"%S\",\"trace_id\":\"%I\","
    "\"span_id\":\"%i\",\"trace_flags\":\"03\",\"pid\":%N,\"tid\":%N,\"key\":\"%S\",\"hits\":%N}",
    "{\"ts\":\"%T\",\"level\":\"%L\",\"msg\":\"span completed\",\"service\":\"%S\",\"trace_id\":"
    "\"%I\",\"span_id\":\"%i\",\"parent_id\":\"%i\",\"operation\":\"%S\",\"kind\":\"server\","
    "\"start\":\"%T\",\"duration_ms\":%D,\"src\":\"a.c:1\",\"pid\":%N,\"tid\":%N}",
    "{\"ts\":\"%T\",\"level\":\"%L\",\"msg\":\"span completed\",\"service\":\"%S\",\"trace_id\":"
    "\"%I\",\"span_id\":\"%i\",\"operation\":\"%S\",\"duration_ms\":%D,\"status\":\"error\","
    "\"status_code\":%N,\"error\":\"%S\",\"pid\":%N}",
    "{\"ts\": \"%T\", \"level\": \"%L\", \"msg\": \"%S\", \"trace_id\": \"%I\", \"ok\": %W}",
    "{\"level\":\"%L\",\"trace_id\":\"%I\",\"ts\":\"%T\",\"n\":%N,\"msg\":\"%S\",\"service\":\"%"
    "S\"}",
    "{\"ts\":%U,\"level\":\"%L\",\"msg\":\"%S\",\"service\":\"%S\",\"trace_id\":\"%I\",\"span_id\":"
    "\"%i\",\"caller\":\"a.c:1\",\"pid\":%N,\"hits\":%N}",
    "{\"ts\":%U,\"level\":\"%L\",\"msg\":\"span completed\",\"service\":\"%S\",\"trace_id\":\"%I\","
    "\"span_id\":\"%i\",\"parent_id\":\"%i\",\"operation\":\"%S\",\"kind\":\"client\",\"start\":"
    "\"%T\",\"duration\":%D,\"caller\":\"a.c:1\",\"pid\":%N}",
    "{\"level\":30,\"time\":%M,\"pid\":%N,\"hostname\":\"%S\",\"trace_id\":\"%I\",\"span_id\":"
    "\"%i\",\"ok\":%W,\"msg\":\"%S\"}",
    "{\"level\":%N,\"time\":%M,\"pid\":%N,\"hostname\":\"h\",\"service\":\"%S\",\"trace_id\":\"%"
    "I\","
    "\"span_id\":\"%i\",\"operation\":\"%S\",\"duration_ms\":%D,\"msg\":\"span completed\"}",
    "{\"@timestamp\":\"%T\",\"log.level\":\"%L\",\"message\":\"%S\",\"ecs.version\":\"1.6.0\","
    "\"service.name\":\"%S\",\"trace.id\":\"%I\",\"span.id\":\"%i\",\"process.pid\":%N,\"n\":%N}",
    "{\"@timestamp\":\"%T\",\"log.level\":\"%L\",\"message\":\"span completed\",\"ecs.version\":"
    "\"1.6.0\",\"service.name\":\"%S\",\"trace.id\":\"%I\",\"span.id\":\"%i\",\"parent_id\":\"%i\","
    "\"operation\":\"%S\",\"kind\":\"server\",\"start\":\"%T\",\"event.duration\":%N}",
    "{\"timestamp\":\"%T\",\"status\":\"%L\",\"message\":\"%S\",\"ddsource\":\"c\",\"service\":"
    "\"%S\",\"trace_id\":\"%I\",\"span_id\":\"%i\",\"dd.trace_id\":\"%N\",\"n\":%N}",
    "{\"time\":\"%T\",\"severity\":\"%L\",\"message\":\"%S\",\"trace_sampled\":%W,\"trace_id\":"
    "\"%I\",\"user\":{\"id\":%N}}",
    "{\"timestamp\":\"%T\",\"time\":\"%T\",\"level\":\"%L\",\"message\":\"%S\",\"traceId\":\"%I\","
    "\"trace_id\":\"%I\"}",
    "ts=%T level=%L msg=\"%S\" trace_id=%I",
};
#define SAMPLES (sizeof samples / sizeof samples[0])

/* Of each the first are usual. */
static const char *const values[128][12] = {
    ['T'] = {"2026-11-21T10:30:45.412000123Z", "2026-11-21T10:30:46.000000001Z",
             "2026-11-21T10:30:45.412Z", "2026-11-21T10:30:45.412000123+01:00",
             "2026-11-21T10:30:45,412+0100", "", "yesterday", "2026-13-21T10:30:45.412000123Z"},
    ['U'] = {"1795257045.002601352", "1795257045", "1795257045.5", "1.795257045e9", "-3", "true",
             "\"1795257045\"", "0"},
    ['M'] = {"1795257045123", "1795257046000", "1795257045123.25", "0", "null", "\"x\""},
    ['S'] = {"orders", "cache miss", "GET /a/{id}", "a very long text that needs several words", "",
             "caf\xc3\xa9", "a\\nb", "span completed", "process started", "span abandoned", "\x7f"},
    ['L'] = {"info", "error", "warn", "fatal", "INFO", "Dpanic", "", "9", "whatever"},
    ['N'] = {"7", "711", "0", "50", "12345678", "500", "-1", "1.5", "1e3", "99999999999", "01",
             "12345678901234567890"},
    ['D'] = {"0.004801", "45.2", "3", "0", "1234.000001", "12345678901", "1e2", "-4", "0.0000001"},
    ['I'] = {"4bf92f3577b34da6a3ce929d0e0e4736", "0af7651916cd43dd8448eb211c80319c",
             "4BF92F3577B34DA6A3CE929D0E0E4736", "00000000000000000000000000000000", "",
             "a3ce929d0e0e4736", "4bf92f35-77b3-4da6-a3ce-929d0e0e4736", "request-7",
             "4bf92f3577b34da6a3ce929d0e0e473g"},
    ['i'] = {"00f067aa0ba902b7", "a3ce929d0e0e4736", "0000000000000000", "", "77", "x",
             "4bf92f3577b34da6a3ce929d0e0e4736", "00F067AA0BA902B7"},
    ['W'] = {"true", "false", "null", "3", "nul", "\"yes\""},
};

static const char *value_of(unsigned char letter, unsigned odd_of_a_hundred) {
    const char *const *list = values[letter];
    unsigned count = 0;
    while (count < 12 && list[count])
        count++;
    assert_true(count >= 2);
    return list[random_below(random_below(100) < odd_of_a_hundred ? count : 2)];
}

static size_t put_line(char *out, const char *sample, unsigned odd) {
    char *at = out;
    for (const char *p = sample; *p; p++) {
        if (*p == '%')
            at = stpcpy(at, value_of((unsigned char)*++p, odd));
        else
            *at++ = *p;
    }
    if (random_below(100) < odd / 4) { /* damaged */
        static const char bytes[] = "\"\\{},: \t\r0x\x80";
        out[random_below((unsigned)(at - out))] = bytes[random_below(sizeof bytes - 1)];
    }
    *at++ = '\n';
    return (size_t)(at - out);
}

/* Most lines are of a few samples, so that their forms are met again. */
static size_t put_lines(char *out, unsigned odd) {
    size_t size = 0;
    unsigned first = random_below(SAMPLES), few = 1 + random_below(SAMPLES);
    for (unsigned i = 0; i < LINES; i++)
        size += put_line(out + size, samples[(first + random_below(few)) % SAMPLES], odd);
    memset(out + size, 0, SPANLOG_JSON_PADDING);
    return size;
}

static void same_text(struct spanlog_text a, struct spanlog_text b) {
    assert_int_equal(a.size, b.size);
    if (a.size)
        assert_memory_equal(a.data, b.data, a.size);
}

static void same_id(const struct spanlog_id *a, const struct spanlog_id *b) {
    assert_int_equal(a->high, b->high);
    assert_int_equal(a->low, b->low);
}

/* All that rows are made of. */
static void same_record(const struct spanlog_record *brief, const struct spanlog_record *whole) {
    assert_int_equal(brief->line_kind, whole->line_kind);
    assert_int_equal(brief->time_ns, whole->time_ns);
    assert_int_equal(brief->has_trace, whole->has_trace);
    if (!whole->service_escaped)
        same_text(brief->service, whole->service);
    if (whole->has_trace)
        same_id(&brief->trace, &whole->trace);
    if (spanlog_record_says(whole, "process started"))
        assert_true(spanlog_record_says(brief, "process started"));
    if (whole->line_kind == SPANLOG_LINE_LOG)
        return;
    assert_int_equal(brief->has_span, whole->has_span);
    assert_int_equal(brief->has_parent, whole->has_parent);
    if (whole->has_span)
        same_id(&brief->span, &whole->span);
    if (whole->has_parent)
        same_id(&brief->parent, &whole->parent);
    if (!whole->operation_escaped)
        same_text(brief->operation, whole->operation);
    assert_int_equal(brief->start_ns, whole->start_ns);
    assert_int_equal(brief->duration_ns, whole->duration_ns);
    assert_int_equal(brief->span_kind, whole->span_kind);
    if (!whole->peer_escaped)
        same_text(brief->peer, whole->peer);
    assert_int_equal(brief->is_error, whole->is_error);
    assert_int_equal(spanlog_record_number(brief, SPANLOG_FIELD_PID),
                     spanlog_record_number(whole, SPANLOG_FIELD_PID));
    assert_int_equal(brief->raw[SPANLOG_FIELD_HOST].type, whole->raw[SPANLOG_FIELD_HOST].type);
}

/* The same lines by a brief reader and by one that reads each alone and learns nothing. */
static void compare(struct spanlog_lines *brief, struct spanlog_lines *whole, const char *text,
                    size_t size) {
    const struct spanlog_chunk chunk = {.begin = text, .end = text + size};
    struct spanlog_record a, b;
    const char *line_a, *line_b;
    spanlog_lines_begin(brief, &chunk);
    spanlog_lines_begin(whole, &chunk);
    int rc_a, rc_b;
    do {
        whole->reader.forms.credit = INT32_MIN / 2;
        spanlog_ahead_begin(&whole->reader.ahead, NULL, NULL);
        rc_a = spanlog_lines_next(brief, &a, &line_a);
        rc_b = spanlog_lines_next(whole, &b, &line_b);
        assert_int_equal(rc_a, rc_b);
        if (rc_a <= 0)
            break;
        if (brief->origin != whole->origin)
            fail_msg("%.200s", brief->origin);
        same_record(&a, &b);
    } while (true);
    assert_int_equal(brief->good, whole->good);
    assert_int_equal(brief->bad, whole->bad);
    assert_int_equal(brief->translated, whole->translated);
}

static void rounds(bool is_brief, unsigned odd) {
    static struct spanlog_lines one, other;
    static char text[LINES * LINE_SIZE_MAX];
    const struct spanlog_translate_settings settings = {0};
    spanlog_lines_init(&one, &settings, 500, NULL);
    spanlog_lines_init(&other, &settings, 500, NULL);
    one.reader.is_brief = is_brief;
    for (unsigned i = 0; i < ROUNDS; i++)
        compare(&one, &other, text, put_lines(text, odd));
    spanlog_lines_free(&one);
    spanlog_lines_free(&other);
}

static void brief_records_say_what_whole_ones_say(void **unused) {
    (void)unused;
    rounds(true, 0);
    rounds(true, 3);
    rounds(true, 30);
}

static void records_of_known_forms_say_what_others_say(void **unused) {
    (void)unused;
    rounds(false, 0);
    rounds(false, 3);
    rounds(false, 30);
}

static void forms_are_compared_alike_in_every_way(void **unused) {
    static struct spanlog_reader reader;
    static char text[LINES * LINE_SIZE_MAX];
    struct spanlog_record record;
    (void)unused;
    for (unsigned which = 0; spanlog_pieces_comparer(which); which++) {
        uint64_t good = 0;
        state = 77;
        spanlog_reader_init(&reader, 500);
        reader.forms.pieces_equal = spanlog_pieces_comparer(which);
        for (unsigned i = 0; i < 20; i++) {
            size_t size = put_lines(text, 20);
            for (const char *p = text; p < text + size; p = strchr(p, '\n') + 1)
                good += !spanlog_record_read(&reader, p, &record);
        }
        static uint64_t expected;
        expected = expected ? expected : good;
        assert_int_equal(good, expected);
        assert_true(good > 0);
    }
}

static void a_digest_differs_where_any_byte_does(void **unused) {
    static char line[1400];
    spanlog_digest_fn *digest;
    (void)unused;
    for (unsigned which = 0; (digest = spanlog_digest_finder(which)) != NULL; which++)
        for (size_t size = 1; size < 1300; size += 1 + size / 40) {
            for (size_t i = 0; i < size; i++)
                line[i] = (char)random_below(256);
            uint64_t whole = digest(line, size);
            for (size_t i = 0; i < size; i++) {
                line[i] ^= 1;
                assert_true(digest(line, size) != whole);
                line[i] ^= 1;
            }
            assert_int_equal(digest(line, size), whole);
            assert_true(digest(line, size + 1) != whole);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(brief_records_say_what_whole_ones_say),
        cmocka_unit_test(records_of_known_forms_say_what_others_say),
        cmocka_unit_test(forms_are_compared_alike_in_every_way),
        cmocka_unit_test(a_digest_differs_where_any_byte_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
