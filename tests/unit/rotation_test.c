/* tests/unit/rotation_test.c: the options of a file output, and when it is time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "src/config/rotation.h"
#include "src/sinks/rotate.h"

static const char *parse(const char *text, struct rotation *ret) {
    return rotation_parse(text, strlen(text), ret);
}

static void options_are_numbers_with_units(void **state) {
    (void)state;
    struct rotation r;
    assert_null(parse("rotate=100M&every=2h&keep=10&total=3g", &r));
    assert_int_equal(r.size, 100 << 20);
    assert_int_equal(r.every_s, 7200);
    assert_int_equal(r.keep, 10);
    assert_int_equal(r.total, (uint64_t)3 << 30);
    assert_null(parse("rotate=4096", &r));
    assert_int_equal(r.size, 4096);
    assert_null(parse("every=1d", &r));
    assert_int_equal(r.every_s, 86400);
    assert_null(parse("rotate=1M&compress=zstd", &r));
    assert_int_equal(r.compress, ROTATION_ZSTD);
}

static void what_is_printed_reads_back(void **state) {
    (void)state;
    static const char *const texts[] = {
        "rotate=100M", "every=1d&keep=100000", "rotate=1048576G&every=366d&keep=1&total=5K",
        "every=1h&compress=gzip",
        "rotate=1048575G&every=365d&keep=99999&total=1048575G&compress=zstd"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct rotation r, again;
        char text[ROTATION_TEXT_SIZE];
        assert_null(parse(texts[i], &r));
        rotation_format(&r, text);
        assert_int_equal(text[0], '?');
        assert_null(parse(text + 1, &again));
        assert_memory_equal(&r, &again, sizeof r);
    }
}

static void what_is_wrong_is_said(void **state) {
    (void)state;
    static const struct {
        const char *text, *says;
    } cases[] = {{"", "need rotate"},
                 {"keep=3", "need rotate"},
                 {"compress=gzip", "need rotate"},
                 {"rotate=1M&compress=", "compress= is gzip or zstd"},
                 {"rotate=1M&compress=xz", "compress= is gzip or zstd"},
                 {"rotate", "rotate=SIZE"},
                 {"rotate=", "rotate=SIZE"},
                 {"rotate=0", "rotate=SIZE"},
                 {"rotate=100", "4K or more"},
                 {"rotate=-5M", "rotate=SIZE"},
                 {"rotate=5MB", "rotate=SIZE"},
                 {"rotate=99999999999999999999", "rotate=SIZE"},
                 {"rotate=18014398509481984K", "rotate=SIZE"},
                 {"every=1w", "every=TIME"},
                 {"every=367d", "every=TIME"},
                 {"rotate=1M&keep=0", "keep=COUNT"},
                 {"rotate=1M&keep=1K", "keep=COUNT"},
                 {"rotate=1M&&keep=1", "the options of file: are"},
                 {"rotate=1M&level=9", "the options of file: are"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct rotation r;
        const char *wrong = parse(cases[i].text, &r);
        if (wrong == NULL || strstr(wrong, cases[i].says) == NULL)
            fail_msg("%s: %s, expected: %s", cases[i].text, wrong ? wrong : "(right)",
                     cases[i].says);
    }
}

static void an_empty_file_is_never_due(void **state) {
    (void)state;
    struct rotation r = {.size = 4096, .every_s = 1};
    struct stat empty = {.st_size = 0};
    assert_false(rotate_is_due(&r, &empty, 1 << 20, 1000));
}

static void the_size_counts_what_is_coming(void **state) {
    (void)state;
    struct rotation r = {.size = 4096};
    struct stat file = {.st_size = 4000};
    assert_false(rotate_is_due(&r, &file, 96, 1000));
    assert_true(rotate_is_due(&r, &file, 97, 1000));
}

static void a_new_hour_is_due_once(void **state) {
    (void)state;
    struct rotation r = {.every_s = 3600};
    struct stat file = {.st_size = 10};
    file.st_mtim.tv_sec = 7199;
    assert_false(rotate_is_due(&r, &file, 1, 7199));
    assert_true(rotate_is_due(&r, &file, 1, 7200));
    assert_false(rotate_is_due(&r, &file, 1, 3600)); /* a clock that was set back */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_are_numbers_with_units),
        cmocka_unit_test(what_is_printed_reads_back),
        cmocka_unit_test(what_is_wrong_is_said),
        cmocka_unit_test(an_empty_file_is_never_due),
        cmocka_unit_test(the_size_counts_what_is_coming),
        cmocka_unit_test(a_new_hour_is_due_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
