/* tests/unit/format_driver.c: lets Python call formatters/.
 *
 *     requests on stdin:  1 byte of function, 4 bytes of size (little endian), that many bytes
 *     answers on stdout:  4 bytes of size, that many bytes; size 0xFFFFFFFF: refused
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "formatters/escape.h"
#include "formatters/json.h"
#include "formatters/utf8.h"

static char *call(int function, const char *text, size_t size, char *out, char *end) {
    ssize_t n;

    switch (function) {
    case 'e':
        return spanlog_escape(out, end, text, size);
    case 'v':
        return spanlog_escape_visible(out, end, text, size);
    case 'c': /* into as much room as the text has: mostly too little */
        return spanlog_escape_cut(out, out + size + SPANLOG_CUT_MARK_MAX, text, size, 0, false);
    case 'j':
        return spanlog_json_valid(text, size) ? spanlog_json_copy(out, end, text, size) : NULL;
    case 'u':
        n = spanlog_json_unescape(text, size, out);
        return n < 0 ? NULL : out + n;
    case '8':
        return spanlog_utf8_valid(text, size) ? out : NULL;
    default:
        abort();
    }
}

int main(void) {
    int function;

    while ((function = getchar()) != EOF) {
        uint32_t size, answer_size = UINT32_MAX;
        if (fread(&size, 4, 1, stdin) != 1)
            return 1;
        char *text = malloc(size ? size : 1), *out = malloc(6 * (size_t)size + 64), *end;
        if (fread(text, 1, size, stdin) != size)
            return 1;
        end = call(function, text, size, out, out + 6 * (size_t)size + 64);
        if (end)
            answer_size = (uint32_t)(end - out);
        fwrite(&answer_size, 4, 1, stdout);
        if (end)
            fwrite(out, 1, answer_size, stdout);
        free(text);
        free(out);
    }
    return 0;
}
