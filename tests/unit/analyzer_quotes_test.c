/* tests/unit/analyzer_quotes_test.c: every way to find a line's quotes against a look at each byte.
 */
#include "tests/unit/analyzer_test.h"

#include "src/analyzer/quotes.h"

static uint64_t state = 11;

static unsigned random_below(unsigned limit) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(state >> 33) % limit;
}

/* As quotes.h describes it. */
static size_t expect(const char *line, uint16_t *at, size_t *ret_stop) {
    size_t count = 0, i = 0;
    for (; i < SPANLOG_QUOTES_MOST; i++) {
        unsigned char c = (unsigned char)line[i];
        if (c < 0x20 || c > 0x7f || c == '\\')
            break;
        if (c == '"')
            at[count++] = (uint16_t)i;
    }
    *ret_stop = i;
    return count;
}

static void compare(const char *line) {
    static struct spanlog_quotes quotes;
    static uint16_t at[SPANLOG_QUOTES_MOST];
    size_t stop, count = expect(line, at, &stop);
    spanlog_quotes_find_fn *find;
    for (unsigned which = 0; (find = spanlog_quotes_finder(which)) != NULL; which++) {
        memset(&quotes, 0xa5, sizeof quotes);
        find(&quotes, line);
        assert_int_equal(quotes.stop, stop);
        assert_int_equal(quotes.count, count);
        assert_memory_equal(quotes.at, at, count * sizeof *at);
        for (size_t i = count; i < count + 4; i++)
            assert_int_equal(quotes.at[i], stop);
    }
}

/* `of_a_hundred` bytes are quotes; `odd` ends it, at `size`. */
static void compare_random(size_t size, unsigned of_a_hundred, char odd) {
    static char line[3 * SPANLOG_QUOTES_MOST];
    for (size_t i = 0; i < size; i++) {
        do
            line[i] = (char)(random_below(100) < of_a_hundred ? '"' : ' ' + random_below(0x60));
        while (line[i] == '\\');
    }
    memset(line + size, odd, 128);
    compare(line);
}

static void quotes_are_found_up_to_what_is_not_plain(void **unused) {
    static const char odd[] = {'\n', '\\', 0, 0x1f, (char)0x80, (char)0xff};
    (void)unused;
    for (unsigned i = 0; i < sizeof odd; i++)
        for (size_t size = 0; size < 300; size++)
            compare_random(size, 20, odd[i]);
}

static void quotes_alone_and_none_at_all_are_found(void **unused) {
    (void)unused;
    for (size_t size = 0; size < 300; size++) {
        compare_random(size, 100, '\n');
        compare_random(size, 0, '\n');
    }
}

static void the_search_ends_after_its_most_bytes(void **unused) {
    (void)unused;
    for (size_t more = 0; more < 70; more++) {
        compare_random(SPANLOG_QUOTES_MOST - 35 + more, 30, '\n');
        compare_random(SPANLOG_QUOTES_MOST - 35 + more, 100, '\n');
    }
    compare_random(2 * SPANLOG_QUOTES_MOST, 30, '\n');
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quotes_are_found_up_to_what_is_not_plain),
        cmocka_unit_test(quotes_alone_and_none_at_all_are_found),
        cmocka_unit_test(the_search_ends_after_its_most_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
