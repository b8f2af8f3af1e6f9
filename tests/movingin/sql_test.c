/* tests/movingin/sql_test.c: SQL without its values (integrations/preload/sql.h), as PostgreSQL
 * reads it unless said otherwise. */
#include "src/integrations/preload/sql.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void becomes(const char *sql, const char *expected) {
    char text[256];
    assert_string_equal(sql_redact(sql, SQL_POSTGRESQL, text, sizeof text), expected);
}

static void values_become_question_marks(void **state) {
    (void)state;
    becomes("select * from t where a = 'x' and b = 12", "select * from t where a = ? and b = ?");
    becomes("values (1.5e-7, -3, 0x1F, x'ab')", "values (?, -?, ?, ?)");
    becomes("limit 1", "limit ?");
    becomes("'a''b' 'c'", "? ?");
}

static void names_and_parameters_stay(void **state) {
    (void)state;
    char text[256];
    becomes("select t1.a2, \"Odd 7 'name'\" from t1", "select t1.a2, \"Odd 7 'name'\" from t1");
    assert_string_equal(sql_redact("select `b 3`, [c 4] from t1", SQL_SQLITE, text, sizeof text),
                        "select `b 3`, [c 4] from t1");
    becomes("where a = $1 and b = ?2 and c = :name3 and d = @p4",
            "where a = $1 and b = ?2 and c = :name3 and d = @p4");
}

static void postgresqls_quotes_are_known(void **state) {
    (void)state;
    becomes("select E'it\\'s' || 'x\\'", "select ? || ?");
    becomes("select $$it's$$, $tag$a $$ b$tag$, 1", "select ?, ?, ?");
}

static void comments_and_blanks_go(void **state) {
    (void)state;
    becomes("  select /* 'secret */ 1 -- it's\n\t from\n t ; ", "select ? from t");
}

static void what_never_ends_ends(void **state) {
    (void)state;
    becomes("select 'secret", "select ?");
    becomes("select $$secret", "select ?");
    becomes("select /* secret", "select");
    becomes("select \"name", "select \"name");
    becomes("", "");
    becomes("-", "-");
    becomes("select E'\\", "select ?");
}

static void a_long_text_is_cut_and_marked(void **state) {
    (void)state;
    char text[16];
    assert_string_equal(sql_redact("select abcdefghijklmnop", SQL_SQLITE, text, sizeof text),
                        "select abcde...");
    assert_string_equal(sql_redact("x \"a name of some length\"", SQL_SQLITE, text, sizeof text),
                        "x \"a name of...");
}

static void the_operation_is_the_first_word(void **state) {
    (void)state;
    char word[16];
    assert_string_equal(sql_operation(" /* x */ select 1", SQL_SQLITE, word), "SELECT");
    assert_string_equal(sql_operation("COMMIT;", SQL_SQLITE, word), "COMMIT");
    assert_string_equal(sql_operation("", SQL_SQLITE, word), "SQL");
    assert_string_equal(sql_operation("(select 1)", SQL_SQLITE, word), "SQL");
    assert_string_equal(sql_operation("abcdefghijklmnopqrstuvwxyz", SQL_SQLITE, word),
                        "ABCDEFGHIJKLMNO");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_become_question_marks),
        cmocka_unit_test(names_and_parameters_stay),
        cmocka_unit_test(postgresqls_quotes_are_known),
        cmocka_unit_test(comments_and_blanks_go),
        cmocka_unit_test(what_never_ends_ends),
        cmocka_unit_test(a_long_text_is_cut_and_marked),
        cmocka_unit_test(the_operation_is_the_first_word),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
