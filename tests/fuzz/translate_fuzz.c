/* tests/fuzz/translate_fuzz.c: any bytes as a line of any format.
 *
 *     translate_fuzz corpus/ -max_total_time=60
 *
 * Whatever comes out is valid JSON, line by line, that the reader takes; a line that gives a
 * problem gives nothing else. Whether a line is continued may be asked of anything.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "formatters/json.h"
#include "src/analyzer/read/record.h"
#include "src/analyzer/translate/translate.h"
#include "src/analyzer/translate/wrapped.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct spanlog_translator *translator) {
    struct spanlog_reader reader;
    struct spanlog_record record;
    uint64_t lines = 0;
    spanlog_reader_init(&reader, 500);
    if (translator->size == 0)
        return;
    for (const char *p = translator->out; p < translator->out + translator->size; lines++) {
        const char *end = memchr(p, '\n', (size_t)(translator->out + translator->size - p));
        if (!end || spanlog_record_read(&reader, p, &record) || record.end != end ||
            !spanlog_json_valid(p, (size_t)(end - p)))
            abort();
        p = end + 1;
    }
    if (lines != translator->count)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct spanlog_translate_settings settings = {NULL, "key"};
    struct spanlog_translator translator;
    if (size == 0 || size > 65536)
        return 0;
    /* The first byte chooses; most lines are of no chosen dialect. */
    if (*data % 4 == 0)
        settings.dialect = spanlog_translate_name_at(*data / 4 % 32);
    data++;
    size--;
    char *line = malloc(size + 1 + SPANLOG_JSON_PADDING);
    if (!line)
        abort();
    memcpy(line, data, size);
    line[size] = '\n';
    memset(line + size + 1, 0, SPANLOG_JSON_PADDING);
    spanlog_translator_init(&translator, &settings);
    /* Twice: what is remembered of the first must not change the second. */
    for (int i = 0; i < 2; i++) {
        if (spanlog_translate(&translator, line, line + size) < 0)
            abort();
        if (translator.problem && translator.size)
            abort();
        check(&translator);
    }
    spanlog_wrapped_is_partial(line, line + size);
    spanlog_translator_free(&translator);
    free(line);
    return 0;
}
