/* tests/unit/translate_test.h: what the tests of src/analyzer/translate/ share.
 *
 *     becomes("{\"level\":30,...}", "{\"ts\":...}");          the whole canonical line
 *     has("...", "\"level\":\"warn\"");                      a part of it; has_not: no such part
 *     is_refused("{\"a\":", "a value is missing");
 */
#ifndef SPANLOG_TESTS_TRANSLATE_TEST_H
#define SPANLOG_TESTS_TRANSLATE_TEST_H

#include "tests/unit/analyzer_test.h"

#include "formatters/json.h"
#include "src/analyzer/read/record.h"
#include "src/analyzer/translate/translate.h"

#define TRACE "4bf92f3577b34da6a3ce929d0e0e4736"
#define SPAN "00f067aa0ba902b7"
#define IDS "\"trace_id\":\"" TRACE "\",\"span_id\":\"" SPAN "\""
#define TIME "2026-11-21T10:30:45.412000000Z"

static struct spanlog_translate_settings settings;

/* Every line that comes out is one that the reader takes. */
static inline void check_output(const struct spanlog_translator *translator) {
    struct spanlog_reader reader;
    struct spanlog_record record;
    spanlog_reader_init(&reader, 500);
    uint64_t lines = 0;
    if (translator->size == 0) {
        assert_int_equal(translator->count, 0);
        return;
    }
    for (const char *p = translator->out; p < translator->out + translator->size; lines++) {
        const char *end = memchr(p, '\n', translator->size);
        assert_non_null(end);
        assert_null(spanlog_record_read(&reader, p, &record));
        assert_true(spanlog_json_valid(p, (size_t)(end - p)));
        p = end + 1;
    }
    assert_int_equal(lines, translator->count);
}

/* What a line becomes, without the last newline; free() it. A problem comes out as "! problem". */
static inline char *translated(const char *text) {
    struct spanlog_translator translator;
    char *line = test_line(text), *out;
    spanlog_translator_init(&translator, &settings);
    assert_int_equal(spanlog_translate(&translator, line, line + strlen(text)), 0);
    if (translator.problem) {
        assert_int_equal(translator.size, 0);
        assert_true(asprintf(&out, "! %s", translator.problem) > 0);
    } else {
        check_output(&translator);
        int size = translator.size ? (int)translator.size - 1 : 0;
        assert_true(asprintf(&out, "%.*s", size, translator.out ? translator.out : "") >= 0);
    }
    spanlog_translator_free(&translator);
    free(line);
    return out;
}

static inline void becomes(const char *text, const char *expected) {
    char *out = translated(text);
    assert_string_equal(out, expected);
    free(out);
}

static inline void has(const char *text, const char *part) {
    char *out = translated(text);
    if (*out == '!' || !strstr(out, part))
        fail_msg("%s\n  becomes %s\n  without %s", text, out, part);
    free(out);
}

static inline void has_not(const char *text, const char *part) {
    char *out = translated(text);
    if (*out == '!' || strstr(out, part))
        fail_msg("%s\n  becomes %s\n  which has %s", text, out, part);
    free(out);
}

static inline void is_refused(const char *text, const char *problem) {
    char *out = translated(text);
    if (*out != '!' || strcmp(out + 2, problem) != 0)
        fail_msg("%s\n  becomes %s\n  not refused as %s", text, out, problem);
    free(out);
}

#endif
