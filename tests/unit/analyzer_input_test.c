/* tests/unit/analyzer_input_test.c: what comes out of the scan are the lines that went in, from
 * files, pipes, archives, documents and the logs of containers. */
#include "tests/unit/analyzer_input_test.h"

#include "src/analyzer/unpack/unfold.h"

static char path[] = "/tmp/analyzer_input_XXXXXX";

struct pipe_writer {
    int fd;
    const char *data;
    size_t size;
    uint64_t random;
};

static void *write_in_pieces(void *argument) {
    struct pipe_writer *writer = argument;
    for (size_t done = 0; done < writer->size;) {
        size_t size = 1 + test_random(&writer->random) % 5000;
        if (size > writer->size - done)
            size = writer->size - done;
        ssize_t wrote = write(writer->fd, writer->data + done, size);
        if (wrote <= 0)
            break;
        done += (size_t)wrote;
    }
    close(writer->fd);
    return NULL;
}

/* The same bytes as a file and through a pipe. */
static struct bytes scan_either(const char *data, size_t size, bool as_pipe, uint64_t *random) {
    struct spanlog_issues issues = SPANLOG_ISSUES_EMPTY;
    unsigned jobs = 1 + (unsigned)(test_random(random) % 4);
    size_t piece = 1 + test_random(random) % (test_random(random) % 3 ? 30000 : 40);
    struct bytes lines;
    if (as_pipe) {
        int ends[2];
        char name[32];
        pthread_t thread;
        assert_int_equal(pipe(ends), 0);
        struct pipe_writer writer = {ends[1], data, size, test_random(random)};
        snprintf(name, sizeof name, "/proc/self/fd/%d", ends[0]);
        assert_int_equal(pthread_create(&thread, NULL, write_in_pieces, &writer), 0);
        lines = test_scan(name, jobs, piece, &issues);
        pthread_join(thread, NULL);
        close(ends[0]);
    } else {
        test_write(path, data, size);
        lines = test_scan(path, jobs, piece, &issues);
    }
    assert_int_equal(issues.unreadable_count, 0);
    assert_int_equal(issues.note_count, 0);
    spanlog_issues_free(&issues);
    return lines;
}

static void assert_same(const struct bytes *got, const struct bytes *expected) {
    assert_int_equal(got->size, expected->size);
    assert_memory_equal(got->data, expected->data, got->size);
}

static struct bytes random_lines(uint64_t *random) {
    struct bytes text = {0};
    char line[20100];
    for (size_t i = 0, count = 1 + test_random(random) % 200; i < count; i++) {
        size_t size = (size_t)sprintf(line, "%zu ", i);
        size_t fill =
            test_random(random) % 40 == 0 ? test_random(random) % 20000 : test_random(random) % 60;
        for (size_t end = size + fill; size < end; size++)
            line[size] = (char)('a' + test_random(random) % 26);
        line[size++] = '\n';
        test_append(&text, line, size);
    }
    return text;
}

static void the_lines_of_any_source_come_out_as_they_went_in(void **state) {
    uint64_t random = 77;
    (void)state;
    for (int round = 0; round < 240; round++) {
        struct bytes text = random_lines(&random), given = {0};
        size_t size = text.size - (test_random(&random) % 4 == 0); /* the last newline */
        if (round % 3 == 0)
            test_append(&given, text.data, size);
        else
            given = test_archive(text.data, size, round % 3 == 1, &random);
        struct bytes lines = scan_either(given.data, given.size, round & 1, &random);
        assert_same(&lines, &text);
        free(lines.data);
        free(given.data);
        free(text.data);
    }
    unlink(path);
}

/* ---- documents ---------------------------------------------------------------------------- */

/* Adds a value to both: as it may be written, and on one line. */
static void random_value(struct bytes *text, struct bytes *line, unsigned depth, uint64_t *random) {
    static const char *const leaves[] = {"1", "\"a b\"", "\"}]{[\"", "\"\\\"{\\\\\"", "null", "{}"};
    if (depth > 0 && (depth > 5 || test_random(random) % 3 == 0)) {
        const char *leaf = leaves[test_random(random) % 6];
        test_append(text, leaf, strlen(leaf));
        test_append(line, leaf, strlen(leaf));
        return;
    }
    test_append(text, "[", 1);
    test_append(line, "[", 1);
    for (unsigned i = 0, count = 1 + (unsigned)(test_random(random) % 4); i < count; i++) {
        if (i > 0 || depth == 0) { /* at least one newline in each value */
            test_append(text, i ? ",\n" : "\n", i ? 2 : 1);
            test_append(line, i ? ", " : " ", i ? 2 : 1);
        }
        random_value(text, line, depth + 1, random);
    }
    test_append(text, "]", 1);
    test_append(line, "]", 1);
}

static struct bytes without_blank_lines(const struct bytes *from) {
    struct bytes to = {0};
    test_append(&to, "", 0);
    for (const char *p = from->data, *end = p + from->size; p < end;) {
        const char *newline = memchr(p, '\n', (size_t)(end - p));
        assert_non_null(newline);
        if (newline > p)
            test_append(&to, p, (size_t)(newline + 1 - p));
        p = newline + 1;
    }
    return to;
}

static void a_document_gives_one_line_a_value(void **state) {
    static const char *const gaps[] = {"\n", "", " ", "\n\n", "\r\n"};
    uint64_t random = 91;
    (void)state;
    for (int round = 0; round < 300; round++) {
        struct bytes text = {0}, expected = {0}, given = {0};
        for (size_t i = 0, count = 1 + test_random(&random) % 20; i < count; i++) {
            const char *gap = gaps[test_random(&random) % 5];
            random_value(&text, &expected, 0, &random);
            test_append(&text, gap, strlen(gap));
            test_append(&expected, "\n", 1);
        }
        if (round % 3 == 0)
            test_append(&given, text.data, text.size);
        else
            given = test_archive(text.data, text.size, round % 3 == 1, &random);
        struct bytes lines = scan_either(given.data, given.size, round & 1, &random);
        for (size_t i = 0; i < lines.size; i++) /* "\r\n" behind a value is two newlines */
            lines.data[i] = lines.data[i] == '\r' ? '\n' : lines.data[i];
        struct bytes whole = without_blank_lines(&lines);
        assert_same(&whole, &expected);
        free(whole.data);
        free(lines.data);
        free(given.data);
        free(expected.data);
        free(text.data);
    }
    unlink(path);
}

/* Whether JSON may have `next` in a new line behind `before`, in an object or an array. */
static bool may_follow(char before, char next, bool in_object) {
    if (before == ',')
        return !in_object || next == '"';
    if (before == '{')
        return next == '"' || next == '}';
    return before == '[' || before == ':' || strchr(",:]}", next) != NULL;
}

/* A plain version, of all of it at once: the value at i. *ret_end: behind it, or behind the newline
 * that breaks it. */
static bool slow_value(const char *in, size_t size, size_t i, struct bytes *out, size_t *ret_end,
                       bool *ret_has_newline) {
    size_t depth = 0;
    bool in_string = false;
    char *brackets = malloc(size + 1);
    *ret_has_newline = false;
    for (; i < size; i++) {
        char c = in[i];
        if (in_string && c == '\n') {
            test_append(out, "\n", 1);
            *ret_end = i + 1;
            free(brackets);
            return false;
        }
        test_append(out, c == '\n' ? " " : &c, 1);
        if (c == '\n') {
            size_t last = out->size;
            while (strchr(" \t\r", out->data[last - 1]))
                last--;
            for (; i + 1 < size && strchr(" \t\r\n", in[i + 1]); i++)
                test_append(out, in[i + 1] == '\n' ? " " : &in[i + 1], 1);
            /* Deeper than 64 levels it is not known what a comma is in. */
            bool in_object = depth <= 64 && brackets[depth - 1] == '{';
            if (i + 1 < size && !may_follow(out->data[last - 1], in[i + 1], in_object)) {
                test_append(out, "\n", 1);
                *ret_end = i + 1;
                free(brackets);
                return false;
            }
            *ret_has_newline = *ret_has_newline || i + 1 < size;
            continue;
        }
        if (in_string && c == '\\' && i + 1 < size && in[i + 1] != '\n')
            test_append(out, &in[++i], 1);
        else if (c == '"')
            in_string = !in_string;
        else if (!in_string && (c == '{' || c == '['))
            brackets[depth++] = c;
        else if (!in_string && (c == '}' || c == ']') && --depth == 0)
            break;
    }
    free(brackets);
    *ret_end = i < size ? i + 1 : size;
    return true;
}

static struct bytes slow_unfold(const char *in, size_t size) {
    struct bytes out = {0};
    size_t i = strspn(in, " \t\r\n");
    bool decided = false;
    test_append(&out, in, i);
    while (i < size && (decided || in[i] == '{' || in[i] == '[')) {
        bool has_newline, whole;
        if (in[i] != '{' && in[i] != '[') {
            const char *newline = strchr(in + i, '\n');
            size_t line = newline ? (size_t)(newline + 1 - (in + i)) : size - i;
            bool blank = strchr(" \t\r\n", in[i]) != NULL;
            line = blank ? 1 : line; /* text begins behind its blanks */
            test_append(&out, in + i, line);
            i += line;
            continue;
        }
        whole = slow_value(in, size, i, &out, &i, &has_newline);
        if (!decided && !has_newline) {
            size_t gap = whole ? strspn(in + i, " \t\r") : 0;
            test_append(&out, in + i, gap);
            i += gap;
            if (!whole || i == size || (in[i] != '{' && in[i] != '['))
                break;
            test_append(&out, "\n", 1);
        } else if (whole && i < size) {
            test_append(&out, "\n", 1);
            i += strchr(" \t\r\n", in[i]) != NULL;
        }
        decided = true;
    }
    test_append(&out, in + i, size - i);
    return out;
}

static void the_unfolding_machine_does_what_a_plain_one_does(void **state) {
    static const char alphabet[] = "{{[}}]\"\"\\\n\n ,aaaa";
    uint64_t random = 12;
    (void)state;
    for (int round = 0; round < 200000; round++) {
        char in[81], out[162];
        size_t size = test_random(&random) % sizeof in, written = 0;
        for (size_t i = 0; i < size; i++)
            in[i] = alphabet[test_random(&random) % (sizeof alphabet - 1)];
        in[size] = 0;
        struct spanlog_unfold unfold = {0};
        for (size_t done = 0; done < size;) {
            size_t part = round & 1 ? size : 1 + test_random(&random) % 40;
            part = part > size - done ? size - done : part;
            written += spanlog_unfold(&unfold, in + done, part, out + written);
            done += part;
        }
        struct bytes expected = slow_unfold(in, size);
        if (written != expected.size || memcmp(out, expected.data, written) != 0)
            fail_msg("of \"%s\": \"%.*s\" instead of \"%s\"", in, (int)written, out, expected.data);
        free(expected.data);
    }
}

static void an_unfinished_document_comes_as_a_truncated_line(void **state) {
    struct spanlog_issues issues = SPANLOG_ISSUES_EMPTY;
    const char text[] = "[\n{\"a\":1},\n{\"b\":";
    (void)state;
    test_write(path, text, strlen(text));
    struct bytes lines = test_scan(path, 2, 0, &issues);
    assert_string_equal(lines.data, "[ {\"a\":1}, {\"b\":\n");
    free(lines.data);
    spanlog_issues_free(&issues);
    unlink(path);
}

static void a_document_over_its_limit_is_skipped_and_the_next_is_read(void **state) {
    struct spanlog_issues issues = SPANLOG_ISSUES_EMPTY;
    struct bytes text = {0};
    (void)state;
    test_append(&text, "[\n", 2);
    for (int i = 0; i < 100000; i++)
        test_append(&text, "1,\n", 3);
    test_append(&text, "1]\n{\"next\":\n1}\n", 15);
    test_write(path, text.data, text.size);
    struct bytes lines = test_scan_limited(path, 2, 1000, 50000, &issues);
    assert_string_equal(lines.data, "{\"next\": 1}\n");
    assert_int_equal(issues.sources[0].lines_bad, 1);
    assert_string_equal(issues.sources[0].first_reason, "a document longer than the limit");
    free(lines.data);
    free(text.data);
    spanlog_issues_free(&issues);
    unlink(path);
}

/* ---- archives ----------------------------------------------------------------------------- */

/* What is said of an archive of 0 to 999, of which the last `cut` bytes are missing. */
static void scan_damaged(bool is_gz, size_t cut, size_t flip, const char *said_begin,
                         bool is_error) {
    struct spanlog_issues issues = SPANLOG_ISSUES_EMPTY;
    struct bytes text = {0}, archive = {0};
    uint64_t random = 3;
    char line[64];
    for (int i = 0; i < 20000; i++)
        test_append(
            &text, line,
            (size_t)sprintf(line, "%d %llx\n", i, (unsigned long long)test_random(&random)));
    (is_gz ? test_gz_member : test_zst_frame)(&archive, text.data, text.size);
    if (flip)
        archive.data[archive.size - flip] ^= 0x55;
    if (is_error)
        archive.size -= cut;
    else
        test_append(&archive, "garbage", cut);
    test_write(path, archive.data, archive.size);
    struct bytes lines = test_scan(path, 2, 10000, &issues);
    assert_int_equal(issues.note_count, 1);
    assert_int_equal(issues.notes[0].is_error, is_error);
    assert_memory_equal(issues.notes[0].text, said_begin, strlen(said_begin));
    assert_true(lines.size > text.size / 4);
    /* The last line may be a part of one. */
    size_t whole = lines.size - 1 < text.size ? lines.size - 1 : text.size;
    assert_memory_equal(lines.data, text.data, whole);
    spanlog_issues_free(&issues);
    free(lines.data);
    free(archive.data);
    free(text.data);
    unlink(path);
}

static void a_truncated_archive_is_read_up_to_there(void **state) {
    (void)state;
    scan_damaged(true, 5000, 0, "gz: truncated at byte ", true);
    scan_damaged(false, 5000, 0, "zst: truncated at byte ", true);
}

static void a_damaged_gz_is_read_up_to_there(void **state) {
    (void)state;
    scan_damaged(true, 0, 6, "gz: damaged at byte ", true); /* its checksum */
}

static void garbage_behind_an_archive_is_named_and_no_error(void **state) {
    (void)state;
    scan_damaged(true, 7, 0, "gz: what follows byte ", false);
    scan_damaged(false, 7, 0, "zst: what follows byte ", false);
}

/* ---- containers --------------------------------------------------------------------------- */

/* Records by their ends, with a '|' between the lines of one. */
struct records {
    struct bytes text;
};

static int note_records(void *argument, const struct spanlog_chunk *chunk) {
    struct records *records = argument;
    for (const char *line = chunk->begin, *end; line < chunk->end; line = end + 1) {
        end = spanlog_record_end(chunk, line);
        for (const char *p = line; p < end; p++)
            test_append(&records->text, *p == '\n' ? "|" : p, 1);
        test_append(&records->text, "\n", 1);
    }
    return 0;
}

static void records_are(const char *given, const char *expected) {
    const char *paths[] = {path};
    for (size_t piece = 2; piece < 400; piece += 7) {
        struct spanlog_issues issues = SPANLOG_ISSUES_EMPTY;
        struct spanlog_sources sources;
        struct records records = {0};
        test_write(path, given, strlen(given));
        assert_int_equal(spanlog_sources_open(&sources, paths, 1, &issues), 0);
        struct spanlog_scan run = {.sources = &sources,
                                   .issues = &issues,
                                   .job_count = 1,
                                   .piece_size = piece,
                                   .jobs = {.first = &records},
                                   .chunk = note_records};
        assert_int_equal(spanlog_scan_run(&run), 0);
        assert_string_equal(records.text.data, expected);
        free(records.text.data);
        spanlog_sources_free(&sources);
        spanlog_issues_free(&issues);
    }
    unlink(path);
}

#define DOCKER(text, stream) "{\"log\":\"" text "\",\"stream\":\"" stream "\",\"time\":\"t\"}"
#define CRI(stream, tag, text) "2026-11-21T10:30:45.123456789Z " stream " " tag " " text

static void partial_lines_of_docker_stay_together(void **state) {
    (void)state;
    records_are(
        DOCKER("a", "stdout") "\n" DOCKER("b\\n", "stdout") "\n" DOCKER("c\\\\n", "stdout") //
        "\n" DOCKER("d\\n", "stdout") "\n" DOCKER("e\\n", "stderr") "\n",
        DOCKER("a", "stdout") "|" DOCKER("b\\n", "stdout") "\n" DOCKER("c\\\\n", "stdout") //
        "|" DOCKER("d\\n", "stdout") "\n" DOCKER("e\\n", "stderr") "\n");
}

static void lines_of_a_collector_that_drops_the_newlines_are_records(void **state) {
#define TWO DOCKER("a", "stdout") "\n" DOCKER("b", "stderr") "\n"
    (void)state;
    records_are(TWO TWO TWO TWO TWO, TWO TWO TWO TWO TWO);
}

static void partial_lines_of_cri_stay_together(void **state) {
    (void)state;
    records_are(
        CRI("stdout", "P", "a") "\n" CRI("stdout", "F", "b") "\n" CRI("stderr", "F", "c") "\n",
        CRI("stdout", "P", "a") "|" CRI("stdout", "F", "b") "\n" CRI("stderr", "F", "c") "\n");
}

static void parts_of_two_streams_are_taken_apart(void **state) {
    (void)state;
    records_are(
        CRI("stdout", "P", "a") "\n" CRI("stderr", "P:x", "1") "\n" CRI("stdout", "F", "b") //
        "\n" CRI("stdout", "F", "c") "\n" CRI("stderr", "F", "2") "\n",
        CRI("stdout", "P", "a") "|" CRI("stdout", "F", "b") "\n" CRI("stderr", "P:x", "1") //
        "|" CRI("stderr", "F", "2") "\n" CRI("stdout", "F", "c") "\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_lines_of_any_source_come_out_as_they_went_in),
        cmocka_unit_test(a_document_gives_one_line_a_value),
        cmocka_unit_test(the_unfolding_machine_does_what_a_plain_one_does),
        cmocka_unit_test(an_unfinished_document_comes_as_a_truncated_line),
        cmocka_unit_test(a_document_over_its_limit_is_skipped_and_the_next_is_read),
        cmocka_unit_test(a_truncated_archive_is_read_up_to_there),
        cmocka_unit_test(a_damaged_gz_is_read_up_to_there),
        cmocka_unit_test(garbage_behind_an_archive_is_named_and_no_error),
        cmocka_unit_test(partial_lines_of_docker_stay_together),
        cmocka_unit_test(partial_lines_of_cri_stay_together),
        cmocka_unit_test(lines_of_a_collector_that_drops_the_newlines_are_records),
        cmocka_unit_test(parts_of_two_streams_are_taken_apart),
    };
    close(mkstemp(path));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
