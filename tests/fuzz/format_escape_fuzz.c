/* tests/fuzz/format_escape_fuzz.c: whatever bytes come in, what comes out is one valid JSON string,
 * within its bounds, and unescaping and escaping it again changes nothing. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "formatters/escape.h"
#include "formatters/json.h"
#include "formatters/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition) {
    if (!condition)
        abort();
}

static void check(char *(*escape)(char *, char *, const char *, size_t), const char *text,
                  size_t size) {
    size_t room = 6 * size + 16;
    char *out = malloc(room), *again = malloc(room), *plain = malloc(room), *end, *again_end;
    ssize_t plain_size;

    out[0] = '"';
    end = escape(out + 1, out + room - 1, text, size);
    require(end != NULL);
    *end++ = '"';
    require(spanlog_json_valid(out, (size_t)(end - out)));
    for (char *p = out; p < end; p++)
        require((unsigned char)*p >= 0x20 && *p != 0x7F);
    plain_size = spanlog_json_unescape(out + 1, (size_t)(end - out) - 2, plain);
    require(plain_size >= 0 && spanlog_utf8_valid(plain, (size_t)plain_size));
    again_end = escape(again, again + room, plain, (size_t)plain_size);
    require(again_end - again == end - out - 2 &&
            memcmp(again, out + 1, (size_t)(again_end - again)) == 0);
    free(out);
    free(again);
    free(plain);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const char *text = (const char *)data;
    size_t room = size ? data[0] : 0;
    char *tight = malloc(room + 1), *end;

    check(spanlog_escape, text, size);
    check(spanlog_escape_visible, text, size);
    /* As little room as the first byte says: never beyond it. */
    end = spanlog_escape(tight, tight + room, text, size);
    require(!end || end <= tight + room);
    end = spanlog_escape_cut(tight, tight + room, text, size, size % 3 ? 0 : size + 1, size & 1);
    require(!end || (end <= tight + room && spanlog_utf8_valid(tight, (size_t)(end - tight))));
    free(tight);
    return 0;
}
