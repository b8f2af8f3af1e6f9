/* tests/unit/analyzer_search_test.c: the search for an id's digits against a look at each place. */
#include "tests/unit/analyzer_test.h"

#include <ctype.h>

#include "src/analyzer/read/search.h"

static uint64_t state = 5;

static unsigned random_below(unsigned limit) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(state >> 33) % limit;
}

static const char *look(const char *p, const char *end, const char *needle, size_t size) {
    for (; size && (size_t)(end - p) >= size; p++) {
        size_t i = 0;
        while (i < size && tolower((unsigned char)p[i]) == needle[i])
            i++;
        if (i == size)
            return p;
    }
    return NULL;
}

/* Few letters: there are many near misses, and behind the end as well. */
static void digits_are_found_where_they_are_first(void **unused) {
    static char text[400];
    unsigned found = 0;
    (void)unused;
    for (unsigned round = 0; round < 200000; round++) {
        char needle[40];
        size_t size = 1 + random_below(round % 2 ? 6 : 33), room = random_below(200);
        for (size_t i = 0; i < sizeof text; i++)
            text[i] = "abAB01"[random_below(6)];
        for (size_t i = 0; i < size; i++)
            needle[i] = "ab01"[random_below(4)];
        if (size <= room && random_below(2))
            memcpy(text + random_below((unsigned)(room - size + 1)), needle, size);
        const char *at = spanlog_search(text, text + room, needle, size);
        assert_ptr_equal(at, look(text, text + room, needle, size));
        found += at != NULL;
    }
    assert_true(found > 50000 && found < 190000);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(digits_are_found_where_they_are_first)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
