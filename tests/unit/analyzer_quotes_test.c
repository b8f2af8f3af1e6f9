/* tests/unit/analyzer_quotes_test.c: every way to find a line's quotes against a look at each byte.
 */
#include "tests/unit/analyzer_test.h"

#include "src/analyzer/read/quotes.h"

static uint64_t state = 11;

static unsigned random_below(unsigned limit) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(state >> 33) % limit;
}

static struct spanlog_quotes expected, found;

/* As quotes.h describes it. */
static void expect(const char *text, size_t size, bool one_line) {
    expected.count = expected.stop_count = 0;
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c == '"')
            expected.at[expected.count++] = (uint16_t)i;
        if (c < 0x20 || c > 0x7f || c == '\\')
            expected.stops[expected.stop_count++] =
                (struct spanlog_quotes_stop){(uint16_t)i, (uint16_t)expected.count};
        if (one_line && c == '\n')
            size = i + 1;
    }
    expected.size = (uint32_t)size;
    for (size_t i = 0; i < 4; i++)
        expected.at[expected.count + i] = (uint16_t)size;
    expected.stops[expected.stop_count] =
        (struct spanlog_quotes_stop){(uint16_t)size, (uint16_t)expected.count};
}

static void compare(const char *text, size_t size, bool one_line) {
    spanlog_quotes_find_fn *find;
    expect(text, size, one_line);
    for (unsigned which = 0; (find = spanlog_quotes_finder(which)) != NULL; which++) {
        memset(&found, 0xa5, sizeof found);
        find(&found, text, size, one_line);
        assert_ptr_equal(found.from, text);
        assert_int_equal(found.size, expected.size);
        assert_int_equal(found.count, expected.count);
        assert_int_equal(found.stop_count, expected.stop_count);
        assert_memory_equal(found.at, expected.at, (expected.count + 4) * sizeof *found.at);
        assert_memory_equal(found.stops, expected.stops,
                            (expected.stop_count + 1) * sizeof *found.stops);
    }
}

/* Of a hundred bytes so many are quotes, and so many are not plain. */
static void compare_random(size_t size, unsigned quotes, unsigned stops) {
    static const char odd[] = {'\n', '\\', 0, 0x1f, (char)0x80, (char)0xff};
    static char text[SPANLOG_QUOTES_MOST + 64];
    for (size_t i = 0; i < sizeof text; i++) {
        unsigned dice = random_below(100);
        if (dice < quotes)
            text[i] = '"';
        else if (dice < quotes + stops)
            text[i] = odd[random_below(sizeof odd)];
        else
            text[i] = (char)('a' + random_below(26));
    }
    compare(text, size, false);
    compare(text, size, true);
}

static void quotes_and_stops_are_found_where_they_are(void **unused) {
    (void)unused;
    for (size_t size = 0; size < 300; size++)
        for (unsigned stops = 0; stops < 40; stops += 13)
            compare_random(size, 20, stops);
}

static void quotes_alone_stops_alone_and_none_at_all_are_found(void **unused) {
    (void)unused;
    for (size_t size = 0; size < 300; size++) {
        compare_random(size, 100, 0);
        compare_random(size, 0, 100);
        compare_random(size, 0, 0);
    }
}

static void as_much_as_can_be_searched_at_once_is_searched(void **unused) {
    (void)unused;
    for (size_t less = 0; less < 70; less++) {
        compare_random(SPANLOG_QUOTES_MOST - less, 30, 1);
        compare_random(SPANLOG_QUOTES_MOST - less, 100, 0);
        compare_random(SPANLOG_QUOTES_MOST - less, 0, 100);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quotes_and_stops_are_found_where_they_are),
        cmocka_unit_test(quotes_alone_stops_alone_and_none_at_all_are_found),
        cmocka_unit_test(as_much_as_can_be_searched_at_once_is_searched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
