/* cli/values.c: see values.h. */
#include "src/cli/values.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "src/analyzer/read/fields.h"

bool spanlog_value_count(const char *text, uint64_t most, uint64_t *ret) {
    char *end;
    if (*text < '0' || *text > '9')
        return false;
    unsigned long long number = strtoull(text, &end, 10);
    *ret = number;
    return *end == 0 && number <= most;
}

bool spanlog_value_time(const char *text, uint64_t *ret_ns) {
    char padded[128];
    uint64_t ago_ns;
    size_t size = strlen(text);
    if (spanlog_duration_read(text, &ago_ns)) {
        struct timespec now;
        clock_gettime(CLOCK_REALTIME, &now);
        uint64_t now_ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
        *ret_ns = now_ns > ago_ns ? now_ns - ago_ns : 0;
        return true;
    }
    if (size > 60)
        return false;
    snprintf(padded, sizeof padded, "%s%s", text, size == 10 ? "T00:00:00Z" : "");
    return spanlog_time_read(spanlog_text_of(padded), ret_ns);
}

#define SECRETS_MAX 32

const char *spanlog_value_secret(const char *text) {
    static char texts[SECRETS_MAX][4096];
    static unsigned used;
    if (*text != '@')
        return text;
    if (used == SECRETS_MAX)
        return NULL;
    int fd = open(text + 1, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? -1 : read(fd, texts[used], sizeof texts[used] - 1);
    if (fd >= 0)
        close(fd);
    if (got <= 0)
        return NULL;
    texts[used][got] = 0;
    texts[used][strcspn(texts[used], "\r\n")] = 0;
    return texts[used++];
}
