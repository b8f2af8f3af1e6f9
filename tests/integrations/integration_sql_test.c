/* tests/integrations/integration_sql_test.c: what of a statement's text is told. */
#include "src/integrations/sql_known.h"
#include "tests/unit/library_check.h"

struct example {
    const char *sql, *text, *summary;
};

static void reads(const struct example *examples, size_t count, enum spanlog_sql_flavour flavour) {
    static spanlog_sql sql;
    for (size_t i = 0; i < count; i++) {
        spanlog_sql_read(&sql, examples[i].sql, flavour);
        assert_string_equal(sql.text, examples[i].text);
        assert_string_equal(sql.summary, examples[i].summary);
    }
}
#define READS(examples, flavour) reads(examples, sizeof(examples) / sizeof *(examples), flavour)

static void literals_become_question_marks(void **state) {
    (void)state;
    static const struct example both[] = {
        {"SELECT 1", "SELECT ?", "SELECT"},
        {"select * from users where name='o''neill' and age>-42",
         "select * from users where name=? and age>-?", "SELECT users"},
        {"INSERT INTO t1(a,b) VALUES(1.5e-3,.5),(0xff, X'c0ffee')",
         "INSERT INTO t1(a,b) VALUES(?,?),(?, ?)", "INSERT t1"},
        {"UPDATE users SET a = '', b = 'x' WHERE id IN (1,2)",
         "UPDATE users SET a = ?, b = ? WHERE id IN (?,?)", "UPDATE users"},
        {"SELECT a1 FROM t WHERE x=1and y=2", "SELECT a1 FROM t WHERE x=? y=?", "SELECT t"},
    };
    READS(both, SQL_SQLITE);
    READS(both, SQL_POSTGRESQL);
}

static void placeholders_and_quoted_names_stay(void **state) {
    (void)state;
    static const struct example postgresql[] = {
        {"SELECT \"name\" FROM \"shop\".\"my orders\" WHERE id = $1 AND \"x\"\"y\" = :a",
         "SELECT \"name\" FROM \"shop\".\"my orders\" WHERE id = $1 AND \"x\"\"y\" = :a",
         "SELECT \"shop\".\"my orders\""}};
    static const struct example sqlite[] = {
        {"SELECT [a], `b` FROM \"my orders\" WHERE id = ?1 AND t.\"x\" = @a OR c = $d",
         "SELECT [a], `b` FROM \"my orders\" WHERE id = ?1 AND t.\"x\" = @a OR c = $d",
         "SELECT \"my orders\""}};
    READS(postgresql, SQL_POSTGRESQL);
    READS(sqlite, SQL_SQLITE);
}

static void for_sqlite_a_quoted_word_may_be_a_value(void **state) {
    (void)state;
    static const struct example sqlite[] = {
        {"SELECT a FROM t WHERE b = \"hunter2\"", "SELECT a FROM t WHERE b = ?", "SELECT t"},
        {"SELECT a FROM t WHERE b LIKE \"s%\"", "SELECT a FROM t WHERE b LIKE ?", "SELECT t"},
        {"INSERT INTO t VALUES(\"x\", \"y\")", "INSERT INTO t VALUES(?, ?)", "INSERT t"}};
    READS(sqlite, SQL_SQLITE);
}

static void postgresqls_own_quotes_are_literals(void **state) {
    (void)state;
    static const struct example postgresql[] = {
        {"SELECT E'it\\'s', U&'\\0041', B'101', N'x' FROM t", "SELECT ?, ?, ?, ? FROM t",
         "SELECT t"},
        {"SELECT $$a'b$$, $tag$ $$x$$ $tag$ FROM t", "SELECT ?, ? FROM t", "SELECT t"},
        {"SELECT '\\', a FROM t", "SELECT ?, a FROM t", "SELECT t"},
        {"SELECT a::int, 'x'::text FROM t", "SELECT a::int, ?::text FROM t", "SELECT t"}};
    READS(postgresql, SQL_POSTGRESQL);
}

static void without_standard_strings_a_backslash_escapes(void **state) {
    (void)state;
    static const struct example postgresql[] = {
        {"SELECT 'it\\'s' FROM t", "SELECT ? FROM t", "SELECT t"},
        {"SELECT 'a''b\\\\', $$x\\$$ FROM t", "SELECT ?, ? FROM t", "SELECT t"}};
    READS(postgresql, SQL_POSTGRESQL_BACKSLASH);
}

static void comments_go_and_white_space_is_joined(void **state) {
    (void)state;
    static const struct example both[] = {
        {"-- secret 'x\nSELECT\t\n a /* FROM b */ FROM c--", "SELECT a FROM c", "SELECT c"},
        {"/* '; */ DELETE FROM t", "DELETE FROM t", "DELETE t"}};
    static const struct example nested[] = {
        {"SELECT /* a /* b */ 'secret' */ 1 FROM t", "SELECT ? FROM t", "SELECT t"}};
    READS(both, SQL_SQLITE);
    READS(both, SQL_POSTGRESQL);
    READS(nested, SQL_POSTGRESQL);
}

static void the_summary_names_operation_and_table(void **state) {
    (void)state;
    static const struct example both[] = {
        {"WITH x AS (SELECT a FROM inner_one) INSERT INTO t SELECT * FROM x",
         "WITH x AS (SELECT a FROM inner_one) INSERT INTO t SELECT * FROM x", "INSERT t"},
        {"CREATE TABLE IF NOT EXISTS orders (id INT)", "CREATE TABLE IF NOT EXISTS orders (id INT)",
         "CREATE orders"},
        {"INSERT INTO t (a) VALUES ($1) ON CONFLICT (a) DO UPDATE SET a = $1",
         "INSERT INTO t (a) VALUES ($1) ON CONFLICT (a) DO UPDATE SET a = $1", "INSERT t"},
        {"UPDATE OR IGNORE t SET a = 1", "UPDATE OR IGNORE t SET a = ?", "UPDATE t"},
        {"SELECT * FROM (SELECT a FROM b)", "SELECT * FROM (SELECT a FROM b)", "SELECT b"},
        {"begin", "begin", "BEGIN"},
        {"", "", ""},
        {NULL, "", ""},
        {" ; ;", "", ""}};
    READS(both, SQL_SQLITE);
    READS(both, SQL_POSTGRESQL);
}

/* Whatever is cut off or broken, a secret in a literal is never in the text. */
static void no_prefix_of_a_statement_shows_its_literals(void **state) {
    (void)state;
    static const char statement[] =
        "INSERT INTO t VALUES ('sEcr''et', E'sEcr\\'et', $a$sEcret$a$, X'5ec4', "
        "/* sEcret */ 'sEcret'); -- sEcret";
    static spanlog_sql sql;
    for (int flavour = SQL_SQLITE; flavour <= SQL_POSTGRESQL; flavour++) {
        for (size_t size = 0; size < sizeof statement; size++) {
            char part[sizeof statement];
            if (flavour == SQL_SQLITE && size > 34) /* E'' and $$ are PostgreSQL's */
                break;
            snprintf(part, sizeof part, "%.*s", (int)size, statement);
            spanlog_sql_read(&sql, part, (enum spanlog_sql_flavour)flavour);
            assert_null(strstr(sql.text, "sE"));
        }
    }
}

static void long_and_random_texts_are_bounded(void **state) {
    (void)state;
    static spanlog_sql sql;
    static char text[20000];
    static const char alphabet[] = "'\"`[]$/*-ab1 \n\\E;(),.=\xc3\xff";
    unsigned seed = 1;
    for (int round = 0; round < 300; round++) {
        for (size_t i = 0; i + 1 < sizeof text; i++) {
            seed = seed * 1103515245u + 12345u;
            text[i] = alphabet[(seed >> 16) % (sizeof alphabet - 1)];
        }
        text[(seed >> 8) % sizeof text] = '\0';
        spanlog_sql_read(&sql, text, round % 2 ? SQL_SQLITE : SQL_POSTGRESQL);
        assert_true(strlen(sql.text) < sizeof sql.text);
        assert_true(strlen(sql.summary) < sizeof sql.summary);
    }
}

/* More texts than places, in two flavours, each at once again and later once more. */
static void a_text_that_comes_again_tells_the_same(void **state) {
    (void)state;
    static spanlog_sql sql, again;
    struct sql_known known = {0};
    for (int i = 0; i < 200; i++) {
        char text[1200];
        int size =
            snprintf(text, sizeof text, "SELECT a%d FROM t%d WHERE b = 'it\\'s' ", i % 50, i % 7);
        memset(text + size, 'x', (size_t)(i % 50) * 23);
        text[size + i % 50 * 23] = '\0';
        enum spanlog_sql_flavour flavour = i % 3 == 0 ? SQL_POSTGRESQL_BACKSLASH : SQL_POSTGRESQL;
        spanlog_sql_read(&sql, text, flavour);
        for (int round = 0; round < 2; round++) {
            memset(&again, 'y', sizeof again);
            spanlog_sql_know(&known, &again, text, flavour);
            assert_string_equal(again.text, sql.text);
            assert_string_equal(again.operation, sql.operation);
            assert_string_equal(again.table, sql.table);
            assert_string_equal(again.summary, sql.summary);
        }
    }
    spanlog_sql_know(&known, &again, NULL, SQL_SQLITE);
    assert_string_equal(again.text, "");
    spanlog_sql_forget(&known);
}

static void what_a_message_quotes_is_masked(void **state) {
    (void)state;
    static const char *const examples[][2] = {
        {"integer: \"a secret\"", "integer: ?"},
        {"near \"'a secret\": syntax error", "near ?: syntax error"},
        {"path error near 'a \"secret'", "path error near ?"},
        {"a \"secret\"'s \"secret\" end", "a ? end"},
        {"integer: \"line\nsecret\" end", "integer: ? end"},
        {"integer: \"secret without an end", "integer: ?"},
        {"Typ integer: \xc2\xbbsecret\xc2\xab", "Typ integer: ?"},
        {"type integer : \xc2\xab secret \xc2\xbb", "type integer : ?"},
        {"\xe2\x80\x9esecret\xe2\x80\x9c \xc2\xb5", "? \xc2\xb5"},
        {"division by zero", "division by zero"},
        {"", ""}};
    char text[40];
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
        spanlog_sql_mask_quoted(examples[i][0], text, sizeof text);
        assert_string_equal(text, examples[i][1]);
    }
    char longer[2000];
    memset(longer, 's', sizeof longer);
    memcpy(longer, "integer: \"", 10);
    memcpy(longer + sizeof longer - 6, "\" end", 6);
    spanlog_sql_mask_quoted(longer, text, sizeof text);
    assert_string_equal(text, "integer: ? end");
    spanlog_sql_mask_quoted(longer, text, 4);
    assert_string_equal(text, "int");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(literals_become_question_marks),
        cmocka_unit_test(placeholders_and_quoted_names_stay),
        cmocka_unit_test(for_sqlite_a_quoted_word_may_be_a_value),
        cmocka_unit_test(postgresqls_own_quotes_are_literals),
        cmocka_unit_test(without_standard_strings_a_backslash_escapes),
        cmocka_unit_test(comments_go_and_white_space_is_joined),
        cmocka_unit_test(the_summary_names_operation_and_table),
        cmocka_unit_test(no_prefix_of_a_statement_shows_its_literals),
        cmocka_unit_test(long_and_random_texts_are_bounded),
        cmocka_unit_test(a_text_that_comes_again_tells_the_same),
        cmocka_unit_test(what_a_message_quotes_is_masked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
