/* tests/fuzz/format_json_fuzz.c: readers of other people's text. A copy of valid JSON is valid and
 * on one line; numbers and times that read, write and read again, stay the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "formatters/json.h"
#include "formatters/number.h"
#include "formatters/time.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition) {
    if (!condition)
        abort();
}

static void check_json(const char *text, size_t size) {
    size_t room = 6 * size + 16;
    char *out = malloc(room), *end;

    if (spanlog_json_valid(text, size)) {
        end = spanlog_json_copy(out, out + room, text, size);
        require(end && spanlog_json_valid(out, (size_t)(end - out)));
        for (char *p = out; p < end; p++)
            require((unsigned char)*p >= 0x20 && *p != 0x7F);
        for (size_t less = 0; less < 20 && less < size; less++) {
            end = spanlog_json_copy(out, out + less, text, size);
            require(!end || end <= out + less);
        }
    }
    spanlog_json_unescape(text, size, out);
    free(out);
}

static void check_numbers(const char *text, size_t size) {
    char out[SPANLOG_NUMBER_MAX];
    double d, d2;
    int64_t i, i2;
    uint64_t ns, ns2;

    if (spanlog_read_double(text, size, &d) == 0 && __builtin_isfinite(d)) {
        require(spanlog_read_double(out, (size_t)(spanlog_put_double(out, d) - out), &d2) == 0);
        require(memcmp(&d, &d2, 8) == 0);
    }
    if (spanlog_read_i64(text, size, &i) == 0) {
        require(spanlog_read_i64(out, (size_t)(spanlog_put_i64(out, i) - out), &i2) == 0 &&
                i == i2);
    }
    if (spanlog_read_rfc3339(text, size, &ns) == 0) {
        require(spanlog_read_rfc3339(out, (size_t)(spanlog_put_rfc3339(out, ns) - out), &ns2) == 0);
        require(ns == ns2);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    check_json((const char *)data, size);
    check_numbers((const char *)data, size);
    return 0;
}
