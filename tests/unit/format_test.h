/* tests/unit/format_test.h: what the tests of formatters/ share.
 *
 *     assert_text(spanlog_put_i64(out, -7), out, "-7");      a failure shows both texts
 */
#ifndef SPANLOG_TESTS_FORMAT_TEST_H
#define SPANLOG_TESTS_FORMAT_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* The text that ends at `end` and starts at `start` is `expected`. */
#define assert_text(end, start, expected)                                                          \
    do {                                                                                           \
        const char *text_end_ = (end);                                                             \
        char text_[4096];                                                                          \
        assert_non_null(text_end_);                                                                \
        snprintf(text_, sizeof text_, "%.*s", (int)(text_end_ - (start)), (start));                \
        assert_string_equal(text_, (expected));                                                    \
    } while (0)

/* xorshift64*: the same numbers on every machine. */
static inline uint64_t next_random(uint64_t *state) {
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * 0x2545F4914F6CDD1Du;
}

/* Any magnitude is as likely as any other. */
static inline uint64_t next_magnitude(uint64_t *state) {
    uint64_t value = next_random(state);
    return value >> next_random(state) % 64;
}

#endif
