/* tests/unit/settings_check.h: what the tests of settings share: settings from an environment or a
 * text, and what was said about them.
 *
 *     load_with(&s, "SPANLOG_RING_SIZE", "-1");
 *     assert_said(1, "SPANLOG_RING_SIZE=-1: ", "too small");
 *     assert_value(&s, setting_find("ring_size"), "1M", "default");
 */
#ifndef SPANLOG_TESTS_SETTINGS_CHECK_H
#define SPANLOG_TESTS_SETTINGS_CHECK_H

#include "src/config/parsers.h"
#include "src/config/settings.h"
#include "formatters/dialect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

static char said[1 << 16];
static int real_stderr = -1, memory = -1;

static inline void begin_hearing(void) {
    fflush(stderr);
    memory = memfd_create("stderr", 0);
    real_stderr = dup(STDERR_FILENO);
    assert_true(memory >= 0 && real_stderr >= 0 && dup2(memory, STDERR_FILENO) >= 0);
}

static inline size_t lines_said(void) {
    ssize_t size = pread(memory, said, sizeof said - 1, 0);
    dup2(real_stderr, STDERR_FILENO);
    close(real_stderr);
    close(memory);
    assert_true(size >= 0);
    said[size] = '\0';
    size_t lines = 0;
    for (const char *at = said; (at = strchr(at, '\n')) != NULL; at++)
        lines++;
    return lines;
}

/* `wanted` stands in what was said, in `lines` lines. */
static inline void assert_said(size_t lines, const char *wanted, const char *about) {
    size_t is = lines_said();
    if (is != lines || (wanted != NULL && strstr(said, wanted) == NULL))
        fail_msg("%s: %zu lines, expected %zu, with \"%s\":\n%s", about, is, lines,
                 wanted != NULL ? wanted : "", said);
}

static inline void assert_value(const struct settings *s, const struct setting *setting,
                                const char *value, const char *origin) {
    char is[SETTING_TEXT_SIZE], from[600];
    setting_print(s, setting, is, sizeof is);
    setting_origin_print(s, setting, from, sizeof from);
    if (strcmp(is, value) != 0 || strcmp(from, origin) != 0)
        fail_msg("%s is \"%s\" from %s, expected \"%s\" from %s", setting->name, is, from, value,
                 origin);
}

static inline void load_with(struct settings *s, const char *variable, const char *value) {
    if (value != NULL)
        setenv(variable, value, 1);
    begin_hearing();
    settings_load(s, NULL);
    unsetenv(variable);
}

static const struct setting_origin file = {.rank = SETTING_FILE, .name = "/etc/x.conf"};

static inline size_t apply(struct settings *s, const char *text, const char *service) {
    load_with(s, "SPANLOG_LEVEL", NULL);
    assert_said(0, NULL, text);
    begin_hearing();
    return settings_apply_text(s, text, strlen(text), file, service);
}

#endif
