/* tests/unit/library_printf_test.c: the printf door writes what printf writes. */
#include "tests/unit/library_check.h"

#include <locale.h>
#include <math.h>
#include <stddef.h>
#include <wchar.h>

/* Each line twice: by the library, and by snprintf on stdout. The text is without what JSON
 * escapes. */
#pragma GCC diagnostic ignored "-Wformat"
#ifndef __clang__
#pragma GCC diagnostic ignored "-Wformat-overflow"
#pragma GCC diagnostic ignored "-Wformat-truncation"
#endif
#define BOTH(...)                                                                                  \
    do {                                                                                           \
        char expected_[4096];                                                                      \
        snprintf(expected_, sizeof expected_, __VA_ARGS__);                                        \
        puts(expected_);                                                                           \
        errno = ENOSPC;                                                                            \
        spanlog_infof(__VA_ARGS__);                                                                \
    } while (0)

static void prints_integers(void) {
    BOTH("%d|%i|%u|%x|%X|%o", -1, 2, 3u, 0xabcu, 0xabcu, 8u);
    BOTH("%5d|%-5d|%05d|%+d|% d|%.3d|%8.3d|%-8.3d|", 42, 42, 42, 42, 42, 42, 42, 42);
    BOTH("%#x|%#X|%#o|%#x", 255u, 255u, 8u, 0u);
    BOTH("%hhd|%hd|%hhu|%hu", 300, 70000, 300, 70000);
    BOTH("%ld|%lu|%lld|%llu|%lx", (long)-5, 5ul, -6ll, 6ull, 0xfffffffffful);
    BOTH("%jd|%ju|%zu|%zd|%td", (intmax_t)-1, (uintmax_t)1, (size_t)2, (ssize_t)-2, (ptrdiff_t)3);
    BOTH("%*d|%-*d|%.*d|%*.*d", 6, 1, 6, 2, 3, 3, 7, 4, 4);
    BOTH("%*d|%.*d", -6, 1, -3, 2); /* negative: left, and as without */
    BOTH("%.0d|%.d", 0, 0);
    BOTH("%lld|%llu", INT64_MIN, UINT64_MAX);
    BOTH("%c|%5c|%-5c|", 'a', 'b', 'c');
}

/* As glibc has it: L is a long double's, and of an integer the same as ll. */
static void prints_integers_with_a_capital_l(void) {
    BOTH("%Ld|%Li|%Lu|%Lo|%Lx|%LX", INT64_MIN, INT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX,
         UINT64_MAX);
    BOTH("%-24Ld|%+Ld|%#Lx|%qd", 1LL << 40, 1LL << 40, 1ULL << 40, 1LL << 40);
}

static void prints_reals(void) {
    BOTH("%f|%F|%e|%E|%g|%G", 1.5, 1.5, 12345.678, 12345.678, 0.0001, 1e20);
    BOTH("%.0f|%.1f|%.10f|%10.2f|%-10.2f|%+.2f|%010.2f", 2.5, 2.25, 1.0 / 3, 3.14159, 3.14159, 1.0,
         -1.5);
    BOTH("%a|%A|%.2a", 1.5, 1.5, 3.75);
    BOTH("%Lf|%Lg|%.3Le", 1.5L, 2.5L, 3.5L);
    BOTH("%#g|%#.0f|%g|%g", 1.0, 1.0, 1e300, 1e-300);
    BOTH("%f|%f|%g|%F", INFINITY, -INFINITY, NAN, INFINITY);
    BOTH("%f", 1e15);
    BOTH("%.*f", 2, 3.14159);
}

static void prints_texts(void) {
    char unterminated[3] = {'a', 'b', 'c'};
    BOTH("%s|%10s|%-10s|%.2s|%10.2s|%.0s|", "text", "text", "text", "text", "text", "text");
    BOTH("%.*s|%*s|", 3, unterminated, 8, "right");
    BOTH("%.3s|", unterminated);
    BOTH("%.*s|", -1, "whole");
    BOTH("%%|100%%|%d%%", 5);
    BOTH("%p|%20p|%p", (void *)0x1234, (void *)0x1234, (void *)NULL);
    BOTH("%s", "");
    BOTH("no conversion");
    BOTH("%d %s %d %s %d %s", 1, "two", 3, "four", 5, "six");
    BOTH("%d%d%d%d%d%d%d%d%d%d%d%d%d%d%d%d", 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16);
}

static void prints_what_cannot_wait(void) {
    setlocale(LC_ALL, "C.UTF-8");
    BOTH("%ls|%lc|%.2ls", L"wide", L'w', L"wide");
    BOTH("%d%d%d%d%d%d%d%d%d%d%d%d%d%d%d%d%d", 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
         16, 17);
    BOTH("%2$d %1$d", 1, 2);
    BOTH("%'d", 1234567);
}

static void assert_same(void (*body)(void)) {
    struct run *run = run_child(body);
    assert_exit(run, 0);
    size_t at = 0, lines = 0;
    for (char *text = run->out; *text != '\0'; lines++) {
        size_t size = strcspn(text, "\n");
        text[size] = '\0';
        while (at < run->count && strncmp(field(run->lines[at], "msg"), "process ", 8) == 0)
            at++;
        if (at == run->count)
            fail_msg("%s: its line is missing", text);
        assert_string_equal(field(run->lines[at++], "msg"), text);
        text += size + 1;
    }
    assert_true(lines > 0);
}

static void integers_look_as_printfs(void **state) {
    (void)state;
    assert_same(prints_integers);
}
static void an_integer_with_a_capital_l_is_read_as_64_bits(void **state) {
    (void)state;
    assert_same(prints_integers_with_a_capital_l);
}
static void reals_look_as_printfs(void **state) {
    (void)state;
    assert_same(prints_reals);
}
static void texts_look_as_printfs(void **state) {
    (void)state;
    assert_same(prints_texts);
}
static void what_cannot_be_deferred_is_formatted_at_the_call(void **state) {
    (void)state;
    assert_same(prints_what_cannot_wait);
}

static void prints_errno(void) {
    errno = ENOENT;
    spanlog_infof("first: %m");
    for (int i = 0; i < 2; i++) {
        errno = EACCES;
        spanlog_infof("%s: %m (%d)", "again", i);
        check_equal(errno, EACCES);
    }
}

static void m_is_errno_at_the_call(void **state) {
    (void)state;
    struct run *run = run_child(prints_errno);
    assert_exit(run, 0);
    assert_count(run, "msg", "first: No such file or directory", 1);
    assert_count(run, "msg", "again: Permission denied (0)", 1);
    assert_count(run, "msg", "again: Permission denied (1)", 1);
}

static void counts_characters(void) {
    int n = 77;
    long ln = 77;
    spanlog_infof("%n", &n);
    spanlog_infof("some %d text%n", 5, &n);
    spanlog_infof("%ln and %hhn", &ln, (signed char *)&n);
    spanlog_infof("%-08.3n", &n);
    check_equal(n, 77);
    check_equal(ln, 77);
}

static void n_is_refused_and_the_format_stands_as_it_is(void **state) {
    (void)state;
    struct run *run = run_child(counts_characters);
    assert_exit(run, 0);
    assert_count(run, "msg", "%n", 1);
    assert_count(run, "msg", "some %d text%n", 1);
    assert_count(run, "msg", "%ln and %hhn", 1);
}

static void prints_null_and_long(void) {
    static char long_text[100000];
    char *null = NULL;
    memset(long_text, 'x', sizeof long_text - 1);
    spanlog_infof("null: %s %.2s %.*s", null, null, 5, null);
    spanlog_infof("long: %s", long_text);
    spanlog_infof("wide: %2000d", 1);
    spanlog_infof("widest: %*d", 1000000000, 1);
    spanlog_infof("precise: %.5000f", 1.0);
    spanlog_infof("data: %s", "%n %s ${jndi:ldap://x}");
}

static void hostile_arguments_make_one_line_each(void **state) {
    (void)state;
    struct run *run = run_child(prints_null_and_long);
    assert_exit(run, 0);
    assert_true(run->count == 8);
    assert_says(run->log, "\"msg\":\"null: (null)", 1);
    assert_says(run->log, "\"msg\":\"long: xxx", 1);
    assert_says(run->log, "\"msg\":\"widest: ", 1);
    assert_count(run, "msg", "data: %n %s ${jndi:ldap://x}", 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        sentence(integers_look_as_printfs),
        sentence(an_integer_with_a_capital_l_is_read_as_64_bits),
        sentence(reals_look_as_printfs),
        sentence(texts_look_as_printfs),
        sentence(what_cannot_be_deferred_is_formatted_at_the_call),
        sentence(m_is_errno_at_the_call),
        sentence(n_is_refused_and_the_format_stands_as_it_is),
        sentence(hostile_arguments_make_one_line_each),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
