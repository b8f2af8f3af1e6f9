/* tests/fuzz/where_fuzz.c: any text as an expression of --where, an assertion and a rule file.
 *
 *     where_fuzz corpus/ -max_total_time=60
 *
 * It may be refused, then the place of the mistake lies in the text. If it is not: printed and
 * parsed again it prints as before, and both say the same of some lines. An assertion that is
 * accepted is accepted again as it was kept.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "src/analyzer/check/assert.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PADDING "                                                                "
static const char *const lines[] = {
    "{\"ts\":\"2026-11-21T10:30:45.000000000Z\",\"level\":\"info\",\"msg\":\"span completed\","
    "\"service\":\"cart\",\"span_id\":\"b7ad6b7169203331\",\"operation\":\"GET\",\"kind\":"
    "\"server\",\"duration_ms\":100,\"a\":1,\"b\":\"x\\ny\",\"c\":[{\"d\":null}]}\n" PADDING,
    "{\"level\":\"error\",\"msg\":\"no \\\"way\\\"\",\"service\":\"b\",\"a\":true}\n" PADDING};

static struct spanlog_where *parse(const char *text) {
    struct spanlog_where *where;
    struct spanlog_where_error error;
    int rc = spanlog_where_parse(text, &where, &error);
    if (rc == -EINVAL) {
        char *shown = spanlog_where_explain("--where", text, &error);
        if (!shown || error.column > strlen(text) || !error.message[0])
            abort();
        free(shown);
    } else if (rc < 0) {
        abort();
    }
    return where;
}

static uint32_t bits_of(const struct spanlog_where *where, const char *line) {
    struct spanlog_where_scratch scratch;
    struct spanlog_reader reader;
    struct spanlog_record record;
    spanlog_reader_init(&reader, 500);
    if (spanlog_where_scratch_init(&scratch, where) < 0 ||
        spanlog_record_read(&reader, line, &record))
        abort();
    uint32_t bits = spanlog_where_bits(where, &scratch, &record, line, record.end);
    spanlog_where_scratch_free(&scratch);
    return bits;
}

static void check(const struct spanlog_where *first) {
    char *printed = spanlog_where_print(first);
    if (!printed)
        abort();
    struct spanlog_where *second = parse(printed);
    if (!second && strlen(printed) > 16384) { /* what is spelt out may be longer than allowed */
        free(printed);
        return;
    }
    char *again = second ? spanlog_where_print(second) : NULL;
    if (!again || strcmp(printed, again) != 0)
        abort();
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        if (spanlog_where_line_matches(first, bits_of(first, lines[i])) !=
            spanlog_where_line_matches(second, bits_of(second, lines[i])))
            abort();
    free(printed);
    free(again);
    spanlog_where_free(second);
}

static void check_assertions(const char *text, size_t size) {
    struct spanlog_arena arena = {0};
    struct spanlog_where_error error;
    struct spanlog_assert first, second;
    struct spanlog_asserts rules;
    int rc = spanlog_assert_parse(text, &arena, &first, &error);
    if (rc == 0 && (spanlog_assert_parse(first.text.data, &arena, &second, &error) < 0 ||
                    first.kind != second.kind || first.wanted != second.wanted))
        abort();
    if (rc < 0 && error.column > strlen(text))
        abort();
    if (spanlog_asserts_parse(text, size, &arena, &rules, &error) < 0 &&
        error.column > strlen(rules.line_text))
        abort();
    spanlog_arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char *text = malloc(size + 1);
    if (!text)
        abort();
    if (size)
        memcpy(text, data, size);
    text[size] = 0;
    struct spanlog_where *where = parse(text);
    if (where)
        check(where);
    spanlog_where_free(where);
    check_assertions(text, size);
    free(text);
    return 0;
}
