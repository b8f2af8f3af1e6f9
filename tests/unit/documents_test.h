/* tests/unit/documents_test.h: what the tests of documents of spans share.
 *
 *     translates_to(spanlog_translate_zipkin, "[{'traceId':...}]", "{'ts':...}\n");
 *
 * Apostrophes stand for quotes, in what goes in and in what comes out.
 */
#ifndef SPANLOG_TESTS_DOCUMENTS_TEST_H
#define SPANLOG_TESTS_DOCUMENTS_TEST_H

#include "src/analyzer/read/record.h"
#include "src/analyzer/translate/parts.h"
#include "tests/unit/analyzer_test.h"

#define TEST_TRACE "0af7651916cd43dd8448eb211c80319c"
#define TEST_SPAN "00f067aa0ba902b7"
#define TEST_PARENT "00f067aa0ba902b8"

static inline char *test_quoted(const char *text) {
    char *line = test_line(text);
    for (char *p = line; *p != '\0'; p++)
        if (*p == '\'')
            *p = '"';
    return line;
}

/* Every line that comes out must be readable. */
static inline uint64_t test_count_readable(const struct spanlog_translator *translator) {
    struct spanlog_reader reader;
    struct spanlog_record record;
    uint64_t count = 0;
    spanlog_reader_init(&reader, 500);
    for (const char *p = translator->out; p && p < translator->out + translator->size; count++) {
        const char *problem = spanlog_record_read(&reader, p, &record);
        if (problem)
            fail_msg("%s: %.*s", problem, 2000, p);
        p = record.end + 1;
    }
    assert_int_equal(count, translator->count);
    return count;
}

/* Formats are called here without what spanlog_translate does for the first line. */
static inline void test_remember(struct spanlog_translator *translator) {
    translator->memory = calloc(1, sizeof *translator->memory);
    assert_non_null(translator->memory);
    spanlog_reader_init(&translator->memory->reader, 500);
}

static inline void translates_to(spanlog_translate_function *function, const char *text,
                                 const char *expected) {
    struct spanlog_translate_settings settings = {NULL, NULL};
    struct spanlog_translator translator;
    char *line = test_quoted(text), *wanted = test_quoted(expected);
    size_t size = strlen(expected);
    spanlog_translator_init(&translator, &settings);
    test_remember(&translator);
    assert_int_equal(function(&translator, line, line + strlen(text)), 1);
    if (translator.problem)
        fail_msg("%s", translator.problem);
    test_count_readable(&translator);
    if (translator.size != size || (size && memcmp(translator.out, wanted, size) != 0))
        fail_msg("\nwanted %.*s\n   got %.*s", (int)size, wanted, (int)translator.size,
                 translator.out);
    spanlog_translator_free(&translator);
    free(line);
    free(wanted);
}

#endif
