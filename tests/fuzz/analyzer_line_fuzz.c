/* tests/fuzz/analyzer_line_fuzz.c: any bytes as a log line.
 *
 *     analyzer_line_fuzz corpus/ -max_total_time=60
 *
 * The line may be refused. If it is not: the formatters' validator must accept it, too; its
 * canonical form must be readable; and that form must come out as it went in.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "formatters/dialect.h"
#include "formatters/json.h"
#include "src/analyzer/read/line_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *padded(const char *data, size_t size) {
    char *line = malloc(size + 1 + SPANLOG_JSON_PADDING);
    if (!line)
        abort();
    if (size)
        memcpy(line, data, size);
    line[size] = '\n';
    memset(line + size + 1, 0, SPANLOG_JSON_PADDING);
    return line;
}

/* The line as the json dialect writes it, without its newline; its size, or 0 when it is refused.
 */
static size_t canonical(const char *line, char *out, size_t room, struct spanlog_arena *arena) {
    struct spanlog_reader reader;
    struct spanlog_record record;
    struct spanlog_line read;
    spanlog_reader_init(&reader, 500);
    if (spanlog_record_read(&reader, line, &record))
        return 0;
    if (spanlog_line_read(&reader, &record, line, arena, &read) < 0)
        abort();
    char *end = spanlog_dialect_json.write(&read, out, out + room);
    if (!end)
        abort();
    return (size_t)(end - out) - 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct spanlog_arena arena = {0};
    if (memchr(data, '\n', size) || size > 65536)
        return 0;
    size_t room = 7 * size + 16384;
    char *line = padded((const char *)data, size), *first = malloc(room),
         *second = malloc(2 * room);
    if (!first || !second)
        abort();
    size_t first_size = canonical(line, first, room, &arena);
    if (first_size) {
        char *again = padded(first, first_size);
        size_t second_size = canonical(again, second, 2 * room, &arena);
        if (!spanlog_json_valid(first, first_size) || second_size != first_size ||
            memcmp(first, second, first_size) != 0)
            abort();
        free(again);
    }
    spanlog_arena_free(&arena);
    free(line);
    free(first);
    free(second);
    return 0;
}
