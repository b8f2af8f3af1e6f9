/* tests/fuzz/documents_fuzz.c: any bytes as a document of spans or logs.
 *
 *     documents_fuzz corpus/ -max_total_time=60
 *
 * The document may be refused. Every line that comes out must be accepted by the reader of records,
 * and there must be as many as the translator says.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "src/analyzer/read/record.h"
#include "src/analyzer/translate/parts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct spanlog_translator *translator) {
    struct spanlog_reader reader;
    struct spanlog_record record;
    uint64_t count = 0;
    spanlog_reader_init(&reader, 500);
    for (const char *p = translator->out; p && p < translator->out + translator->size; count++) {
        if (spanlog_record_read(&reader, p, &record))
            abort();
        p = record.end + 1;
    }
    if (count != translator->count)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct spanlog_translate_settings settings = {NULL, NULL};
    struct spanlog_translator translator;
    if (memchr(data, '\n', size))
        return 0;
    char *line = malloc(size + 1 + SPANLOG_JSON_PADDING);
    if (!line)
        abort();
    if (size)
        memcpy(line, data, size);
    line[size] = '\n';
    memset(line + size + 1, 0, SPANLOG_JSON_PADDING);
    spanlog_translator_init(&translator, &settings);
    if (spanlog_translate(&translator, line, line + size) < 0)
        abort();
    check(&translator);
    spanlog_translator_free(&translator);
    free(line);
    return 0;
}
