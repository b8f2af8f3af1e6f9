/* tests/unit/analyzer_scan_test.c: every line is handed out once, whatever the pieces; also: the
 * search for an id. */
#include "tests/unit/analyzer_test.h"

#include <fcntl.h>
#include <unistd.h>

#include "src/analyzer/input/scan.h"
#include "src/analyzer/read/search.h"

struct seen {
    pthread_mutex_t lock;
    char *text; /* committed lines */
    size_t size, room;
    unsigned char *times; /* of each line number */
    size_t lines;
    uint64_t last_number;
};

static int see(void *argument, const struct spanlog_chunk *chunk) {
    struct seen *seen = argument;
    pthread_mutex_lock(&seen->lock);
    for (const char *line = chunk->begin, *end; line < chunk->end; line = end + 1) {
        end = spanlog_line_end(line, chunk->end);
        assert_non_null(end);
        size_t number = strtoul(line, NULL, 10);
        assert_true(number < seen->lines);
        seen->times[number]++;
    }
    pthread_mutex_unlock(&seen->lock);
    return 0;
}

static int commit(void *argument, const struct spanlog_chunk *chunk) {
    struct seen *seen = argument;
    size_t size = (size_t)(chunk->end - chunk->begin);
    assert_int_equal(chunk->number, seen->last_number);
    seen->last_number++;
    if (seen->room - seen->size <= size)
        seen->text = realloc(seen->text, seen->room = 2 * (seen->size + size + 1));
    assert_non_null(seen->text);
    memcpy(seen->text + seen->size, chunk->begin, size);
    seen->size += size;
    return 0;
}

static void scan(const char *path, struct seen *seen, unsigned jobs, size_t piece) {
    struct spanlog_issues issues = SPANLOG_ISSUES_EMPTY;
    struct spanlog_sources sources;
    assert_int_equal(spanlog_sources_open(&sources, &path, 1, &issues), 0);
    struct spanlog_scan run = {.sources = &sources,
                               .issues = &issues,
                               .job_count = jobs,
                               .piece_size = piece,
                               .jobs = {.first = seen},
                               .chunk = see,
                               .commit = commit};
    assert_int_equal(spanlog_scan_run(&run), 0);
    assert_int_equal(issues.unreadable_count, 0);
    spanlog_issues_free(&issues);
    spanlog_sources_free(&sources);
}

/* Numbered lines of random lengths, the last with or without its newline. */
static size_t write_lines(const char *path, char **ret_text, size_t *ret_lines, uint64_t *random) {
    size_t lines = 1 + test_random(random) % 200, size = 0;
    char *text = malloc(lines * 20100 + 1);
    for (size_t i = 0; i < lines; i++) {
        size += (size_t)sprintf(text + size, "%zu ", i);
        size_t fill =
            test_random(random) % 40 == 0 ? test_random(random) % 20000 : test_random(random) % 60;
        memset(text + size, 'x', fill);
        size += fill;
        text[size++] = '\n';
    }
    size -= test_random(random) % 4 == 0;
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_int_equal(write(fd, text, size), size);
    close(fd);
    if (text[size - 1] != '\n')
        text[size] = '\n';
    *ret_text = text;
    *ret_lines = lines;
    return size + (text[size - 1] != '\n');
}

static void each_line_comes_once_whatever_the_size_of_the_pieces(void **state) {
    char path[] = "/tmp/analyzer_scan_XXXXXX";
    uint64_t random = 5;
    (void)state;
    close(mkstemp(path));
    for (int round = 0; round < 150; round++) {
        char *text;
        size_t lines, size = write_lines(path, &text, &lines, &random);
        struct seen seen = {
            .lock = PTHREAD_MUTEX_INITIALIZER, .times = calloc(lines, 1), .lines = lines};
        size_t piece =
            round % 3 == 0 ? 1 + test_random(&random) % 50 : 1 + test_random(&random) % 30000;
        scan(path, &seen, 1 + (unsigned)(test_random(&random) % 4), piece);
        for (size_t i = 0; i < lines; i++)
            assert_int_equal(seen.times[i], 1);
        assert_int_equal(seen.size, size);
        assert_memory_equal(seen.text, text, size);
        free(seen.times);
        free(seen.text);
        free(text);
    }
    unlink(path);
}

static const char *slow_search(const char *p, const char *end, const char *needle, size_t size) {
    for (; p + size <= end; p++)
        if (strncasecmp(p, needle, size) == 0)
            return p;
    return NULL;
}

static void the_search_finds_what_a_plain_one_finds(void **state) {
    uint64_t random = 23;
    char needle[40];
    (void)state;
    for (int round = 0; round < 20000; round++) {
        char text[200];
        size_t size = test_random(&random) % 150, needle_size = 1 + test_random(&random) % 33;
        for (size_t i = 0; i < size; i++)
            text[i] = "0aAbBcf"[test_random(&random) % 7];
        text[size] = 0;
        for (size_t i = 0; i < needle_size; i++)
            needle[i] = "0abcf"[test_random(&random) % 5];
        if (size >= needle_size && round & 1)
            memcpy(text + test_random(&random) % (size - needle_size + 1), needle, needle_size);
        char *line = test_line(text);
        assert_ptr_equal(spanlog_search(line, line + size, needle, needle_size),
                         slow_search(line, line + size, needle, needle_size));
        free(line);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_line_comes_once_whatever_the_size_of_the_pieces),
        cmocka_unit_test(the_search_finds_what_a_plain_one_finds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
