/* tests/unit/library_numbers.h: records that are numbered, so that each can be missed; and what is
 * left of processes that die.
 *
 *     static void dies(void) { log_numbers(0, 3000);  _exit(8); }
 *     assert_exit(run_dying(dies), 8);
 *     assert_each_once(recover(), "n", 3000);
 */
#ifndef SPANLOG_TESTS_LIBRARY_NUMBERS_H
#define SPANLOG_TESTS_LIBRARY_NUMBERS_H

#include "tests/unit/library_check.h"

static inline void log_numbers(int from, int to) {
    for (int i = from; i < to; i++)
        spanlog_info("n", kv("i", i));
}

/* Every number below `most` stands once among the lines of that message. */
static inline void assert_each_once(const struct run *run, const char *message, int most) {
    char *seen = calloc((size_t)most + 1, 1);
    char wanted[64];
    snprintf(wanted, sizeof wanted, "\"msg\":\"%s\"", message);
    for (size_t l = 0; l < run->count; l++) {
        const char *at = strstr(run->lines[l], ",\"i\":");
        if (strstr(run->lines[l], wanted) == NULL || at == NULL)
            continue;
        long number = strtol(at + 5, NULL, 10);
        if (number < 0 || number >= most || seen[number]++ != 0)
            fail_msg("%ld stands twice, or was never logged", number);
    }
    for (int i = 0; i < most; i++) {
        if (!seen[i])
            fail_msg("%d of %d is missing in %zu lines; stderr: %.500s", i, most, run->count,
                     run->err);
    }
    free(seen);
}

/* All numbers below `most` stand once in these files together. */
static inline void assert_all_numbers(int most, const char *first, const char *second) {
    char *seen = calloc((size_t)most, 1);
    const char *names[] = {first, second};
    for (int f = 0; f < 2 && names[f] != NULL; f++) {
        char path[300];
        struct run lines;
        snprintf(path, sizeof path, "%s/%s", run_directory(), names[f]);
        read_lines(&lines, path);
        for (size_t i = 0; i < lines.count; i++) {
            if (strcmp(field(lines.lines[i], "msg"), "n") != 0)
                continue;
            int number = (int)number_field(lines.lines[i], "i");
            if (number < 0 || number >= most || seen[number]++ != 0)
                fail_msg("%d stands twice, or was never logged", number);
        }
    }
    for (int i = 0; i < most; i++) {
        if (!seen[i])
            fail_msg("%d is missing", i);
    }
    free(seen);
}

static inline unsigned journals(void) {
    char path[200];
    snprintf(path, sizeof path, "%s/journals", run_directory());
    return count_files(path, ".journal");
}

/* A run that dies without an end. */
static inline struct run *run_dying(void (*body)(void)) {
    allow_torn_tail(true);
    struct run *run = run_child(body);
    allow_torn_tail(false);
    return run;
}

#ifdef SPANLOG_TOOL
static inline struct run *recover(void) {
    struct run *run = run_command("'%s' recover --dir journals", SPANLOG_TOOL);
    assert_exit(run, 0);
    return run;
}
#endif

#endif
