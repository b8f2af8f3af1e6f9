/* tests/unit/library_carrier.h: headers as one text, "name: value" parted by line breaks.
 *
 *     spanlog_ctx ctx = from("traceparent: " GOOD "\nbaggage: a=1");
 *     expect(sent_by(ctx), "traceparent: 00-" TRACE);
 */
#ifndef SPANLOG_TESTS_LIBRARY_CARRIER_H
#define SPANLOG_TESTS_LIBRARY_CARRIER_H

#include "tests/unit/library_check.h"

#define TRACE "4bf92f3577b34da6a3ce929d0e0e4736"
#define SPAN "00f067aa0ba902b7"
#define GOOD "00-" TRACE "-" SPAN "-01"

static inline const char *get(void *arg, const char *name) {
    static __thread char value[9000];
    size_t size = strlen(name);
    for (const char *at = arg; at != NULL; at = strchr(at, '\n')) {
        at += *at == '\n';
        if (strncmp(at, name, size) == 0 && at[size] == ':') {
            snprintf(value, sizeof value, "%.*s", (int)strcspn(at + size + 2, "\n"), at + size + 2);
            return value;
        }
    }
    return NULL;
}

static __thread char written[10000];

static inline void set(void *arg, const char *name, const char *value) {
    size_t used = strlen(written);
    (void)arg;
    snprintf(written + used, sizeof written - used, "%s: %s\n", name, value ? value : "(none)");
}

static inline spanlog_ctx from(const char *headers) {
    static __thread char copy[10000];
    spanlog_ctx ctx;
    snprintf(copy, sizeof copy, "%s", headers);
    check_equal(spanlog_extract(get, copy, &ctx), 0);
    return ctx;
}

static inline const char *sent_by(spanlog_ctx ctx) {
    written[0] = '\0';
    check_equal(spanlog_inject(ctx, set, NULL), 0);
    return written;
}

static inline void expect(const char *text, const char *part) {
    if (strstr(text, part) == NULL) {
        fprintf(stderr, "no \"%s\" in\n%s", part, text);
        child_failed(__FILE__, __LINE__, "expected header");
    }
}

static inline void expect_baggage(const char *key, const char *expected) {
    char value[300];
    int size = spanlog_baggage_get(key, value, sizeof value);
    if (expected == NULL) {
        check_equal(size, -ENOENT);
        return;
    }
    if (strcmp(value, expected) != 0) {
        fprintf(stderr, "%s is \"%s\", not \"%s\"\n", key, value, expected);
        child_failed(__FILE__, __LINE__, "expected baggage");
    }
    check_equal(size, strlen(expected));
}

#endif
