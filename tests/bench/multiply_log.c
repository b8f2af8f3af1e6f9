/* tests/bench/multiply_log.c: a log many times over, each time with fresh trace and span ids.
 *
 *     multiply_log 1000 shop.jsonl > corpus.jsonl        until there are 1000 MB
 *
 * Ids are what 16 or 32 hex digits behind `_id":"` say; equal ones stay equal within a copy. All
 * else stays as it is, so that lines keep their real shapes.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *text;
static size_t size;

static int load(const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END) != 0)
        return -1;
    size = (size_t)ftell(file);
    rewind(file);
    text = malloc(size + 1);
    if (!text || fread(text, 1, size, file) != size)
        return -1;
    text[size] = 0;
    fclose(file);
    return 0;
}

static uint64_t mix(uint64_t z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* The next run of 16 or 32 digits at or behind p; NULL: none. */
static char *next_id(char *p, size_t *ret_digits) {
    while ((p = strstr(p, "_id\":\"")) != NULL) {
        p += 6;
        size_t digits = strspn(p, "0123456789abcdef");
        if ((digits == 16 || digits == 32) && p[digits] == '"') {
            *ret_digits = digits;
            return p;
        }
    }
    return NULL;
}

/* A bijection of 64-bit halves, so that different ids stay different. Only the low half of a trace
 * id is changed: its time stays. */
static void freshen(char *id, size_t digits, uint64_t key) {
    char digits_of[17];
    char *low = id + digits - 16;
    memcpy(digits_of, low, 16);
    digits_of[16] = 0;
    snprintf(digits_of, sizeof digits_of, "%016llx",
             (unsigned long long)(strtoull(digits_of, NULL, 16) ^ key));
    memcpy(low, digits_of, 16);
}

int main(int argc, char **argv) {
    uint64_t wanted = argc == 3 ? (uint64_t)(strtod(argv[1], NULL) * 1e6) : 0, written = 0;
    if (wanted == 0 || load(argv[2]) < 0 || size == 0) {
        fprintf(stderr, "usage: multiply_log MEGABYTES FILE\n");
        return 2;
    }
    /* Each copy's ids are the last one's, changed: the keys add up to something new each time. */
    for (uint64_t copy = 1; written < wanted; copy++) {
        size_t digits = 0;
        if (fwrite(text, 1, size, stdout) != size)
            return 1;
        written += size;
        for (char *id = text; (id = next_id(id, &digits)) != NULL; id += digits)
            freshen(id, digits, mix(copy));
    }
    return fflush(stdout) != 0;
}
