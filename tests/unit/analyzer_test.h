/* tests/unit/analyzer_test.h: what the tests of src/analyzer/ share.
 *
 *     struct test_line line = test_line("{\"ts\":...}");     ended and padded as in chunks
 */
#ifndef SPANLOG_TESTS_ANALYZER_TEST_H
#define SPANLOG_TESTS_ANALYZER_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "formatters/line.h"
#include "src/analyzer/read/json.h"

/* A copy of the text on the heap, so that a sanitizer sees each byte too many. free() it. */
static inline char *test_line(const char *text) {
    size_t size = strlen(text);
    char *line = malloc(size + 1 + SPANLOG_JSON_PADDING);
    assert_non_null(line);
    memcpy(line, text, size);
    line[size] = '\n';
    memset(line + size + 1, 0, SPANLOG_JSON_PADDING);
    return line;
}

static inline struct spanlog_text test_text(const char *text) {
    return (struct spanlog_text){text, (uint32_t)strlen(text)};
}

/* xorshift64*: the same numbers on every machine. */
static inline uint64_t test_random(uint64_t *state) {
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * 0x2545F4914F6CDD1Du;
}

#endif
