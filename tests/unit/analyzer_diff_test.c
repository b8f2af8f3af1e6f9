/* tests/unit/analyzer_diff_test.c: templates of log texts, and a selection against the rest. */
#include "tests/unit/analyzer_test.h"

#include <unistd.h>

#include "src/analyzer/diff/diff.h"

static void assert_template(const char *text, const char *expected) {
    char out[160];
    size_t size = spanlog_diff_template(text, strlen(text), out, sizeof out - 1);
    out[size] = 0;
    assert_string_equal(out, expected);
}

static void numbers_ids_and_quoted_parts_become_a_mark(void **state) {
    (void)state;
    assert_template("took 12 ms", "took # ms");
    assert_template("took 12.5ms", "took #.#ms");
    assert_template("user 'ann' is \"here\"", "user '#' is \"#\"");
    assert_template("trace 0af7651916cd43dd8448eb211c80319c", "trace #");
    assert_template("key 123e4567-e89b-12d3-a456-426614174000 gone", "key # gone");
    assert_template("at 0x7ffd12", "at #");
    assert_template("connect to 10.0.0.7:5432", "connect to #.#.#.#:#");
}

static void words_stay_as_they_are(void **state) {
    (void)state;
    assert_template("", "");
    assert_template("cache miss", "cache miss");
    assert_template("deadbeef is a word of hex letters", "deadbeef is a word of hex letters");
    assert_template("it's fine, isn't it", "it's fine, isn't it");
    assert_template("an open 'quote", "an open 'quote");
    assert_template("utf8 and sha256", "utf8 and sha256");
}

static void a_long_text_is_cut(void **state) {
    (void)state;
    char out[16];
    for (size_t room = 0; room <= sizeof out; room++)
        assert_true(spanlog_diff_template("12 'a' 34 'b' 56 'c' 78", 23, out, room) <= room);
}

/* ---- a selection -------------------------------------------------------------------------- */

static char path[] = "/tmp/spanlog_diff_XXXXXX";

static void write_lines(void) {
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    FILE *file = fdopen(fd, "w");
    assert_non_null(file);
    for (unsigned i = 1; i <= 300; i++) {
        bool bad = i % 3 == 0;
        fprintf(file,
                "{\"ts\":\"2026-11-21T10:00:%02u.000000000Z\",\"level\":\"info\",\"msg\":\"span "
                "completed\",\"service\":\"shop\",\"trace_id\":\"%032x\",\"span_id\":\"%016x\","
                "\"trace_flags\":\"01\",\"operation\":\"buy\",\"duration_ms\":%u,\"status\":\"%s\","
                "\"version\":\"%s\",\"user\":\"u%u\",\"said\":\"a \\\"b\\\"\"}\n",
                i % 60, i, i, 5 + i % 4, bad ? "error" : "ok", bad ? "8" : "7", i);
    }
    fclose(file);
}

static int side_of_errors(const struct spanlog_trace_view *view) {
    return view->tree->errors > 0;
}

static const struct spanlog_diff_row *row_of(const struct spanlog_diff *diff, const char *name) {
    for (size_t i = 0; i < diff->row_count; i++)
        if (spanlog_text_equal(diff->rows[i].name, test_text(name)))
            return &diff->rows[i];
    return NULL;
}

static void diff_errors_with_the_rest(unsigned jobs, struct spanlog_diff *diff) {
    const char *paths[] = {path};
    struct spanlog_issues issues = SPANLOG_ISSUES_EMPTY;
    struct spanlog_sources sources;
    struct spanlog_collection all;
    struct spanlog_collect_options options = {.jobs = jobs, .error_status_min = 500};
    *diff = (struct spanlog_diff){.jobs = jobs, .error_status_min = 500};
    assert_int_equal(spanlog_sources_open(&sources, paths, 1, &issues), 0);
    assert_int_equal(spanlog_collect(&all, &sources, &issues, &options), 0);
    struct spanlog_diff_input input = {.sources = &sources, .all = &all, .side_of = side_of_errors};
    assert_int_equal(spanlog_diff_add(diff, &input), 0);
    assert_int_equal(spanlog_diff_rank(diff), 0);
    spanlog_collection_free(&all);
    spanlog_issues_free(&issues);
    spanlog_sources_free(&sources);
}

static void a_selection_is_explained_by_the_attribute_that_only_it_has(void **state) {
    (void)state;
    for (unsigned jobs = 1; jobs <= 2; jobs++) {
        struct spanlog_diff diff;
        diff_errors_with_the_rest(jobs, &diff);
        assert_int_equal(diff.traces[0], 200);
        assert_int_equal(diff.traces[1], 100);
        const struct spanlog_diff_row *new_version = row_of(&diff, "version=8");
        assert_non_null(new_version);
        assert_true(new_version->before == 0 && new_version->after == 1);
        assert_true(new_version->score > 0.98 && diff.rows[0].score == new_version->score);
        assert_non_null(row_of(&diff, "status=error"));
        assert_null(row_of(&diff, "user=u3"));      /* too seldom */
        assert_null(row_of(&diff, "said=a \"b\"")); /* the same on both sides */
        for (size_t i = 0; i < diff.row_count; i++)
            assert_int_equal(diff.rows[i].kind, SPANLOG_DIFF_ATTRIBUTE);
        spanlog_diff_free(&diff);
    }
}

static int remove_lines(void **state) {
    (void)state;
    return unlink(path);
}

static int make_lines(void **state) {
    (void)state;
    write_lines();
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_ids_and_quoted_parts_become_a_mark),
        cmocka_unit_test(words_stay_as_they_are),
        cmocka_unit_test(a_long_text_is_cut),
        cmocka_unit_test(a_selection_is_explained_by_the_attribute_that_only_it_has),
    };
    return cmocka_run_group_tests(tests, make_lines, remove_lines);
}
