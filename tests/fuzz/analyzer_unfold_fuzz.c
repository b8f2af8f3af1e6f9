/* tests/fuzz/analyzer_unfold_fuzz.c: any bytes as a document.
 *
 *     analyzer_unfold_fuzz corpus/ -max_total_time=60
 *
 * Wherever the input is cut, the same comes out; only newlines and blanks differ from what went in.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "src/analyzer/unpack/unfold.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The bytes that are neither blank nor newline. */
static size_t squeeze(const char *from, size_t size, char *to) {
    size_t kept = 0;
    for (size_t i = 0; i < size; i++)
        if (!strchr(" \t\r\n", from[i]) || from[i] == 0)
            to[kept++] = from[i];
    return kept;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct spanlog_unfold whole = {0}, cut = {0};
    char *in = malloc(size + 1), *one = malloc(2 * size + 1), *two = malloc(2 * size + 1);
    if (!in || !one || !two)
        abort();
    if (size)
        memcpy(in, data, size);
    size_t one_size = spanlog_unfold(&whole, in, size, one), two_size = 0;
    for (size_t i = 0; i < size; i++)
        two_size += spanlog_unfold(&cut, in + i, 1, two + two_size);
    if (one_size != two_size || memcmp(one, two, one_size) != 0 ||
        one_size != size + whole.inserted)
        abort();
    size_t in_kept = squeeze(in, size, two), one_kept = squeeze(one, one_size, one);
    if (in_kept != one_kept || memcmp(one, two, in_kept) != 0)
        abort();
    free(in);
    free(one);
    free(two);
    return 0;
}
