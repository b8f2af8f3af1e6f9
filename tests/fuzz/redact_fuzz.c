/* tests/fuzz/redact_fuzz.c: any rules, any text.
 *
 *     redact_fuzz corpus/ -max_total_time=120
 *
 * The first line is a list of rules, the next a key, the rest the text. What is masked must stay
 * within its room, and JSON must stay JSON.
 */
#include "formatters/json.h"
#include "src/core/redact.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef size_t redactor(const struct redact_rules *rules, const char *text, size_t size, char *out,
                        size_t room);

/* With a buffer of just the bytes that are needed, and one byte less. */
static void check(redactor *redact, const struct redact_rules *rules, const char *text, size_t size,
                  bool json) {
    static char all[1 << 20];
    size_t masked = redact(rules, text, size, all, sizeof all);
    if (masked == REDACT_NO_ROOM || masked == 0)
        return;
    if (json && spanlog_json_valid(text, size) && !spanlog_json_valid(all, masked))
        abort();
    for (size_t less = 0; less < 2; less++) {
        char *exact = malloc(masked);
        size_t is = redact(rules, text, size, exact, masked - less);
        if (is != (less == 0 ? masked : REDACT_NO_ROOM) ||
            (less == 0 && memcmp(exact, all, masked) != 0))
            abort();
        free(exact);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const uint8_t *line = size > 0 ? memchr(data, '\n', size) : NULL;
    size_t list_size = line != NULL ? (size_t)(line - data) : size;
    char *list = malloc(list_size + 1);
    if (list == NULL)
        return 0;
    if (list_size > 0)
        memcpy(list, data, list_size);
    list[list_size] = '\0';
    struct redact_rules rules;
    bool good = redact_parse(&rules, list) == NULL;
    free(list);
    if (!good || line == NULL)
        return 0;
    const uint8_t *rest = line + 1, *end = data + size;
    line = rest < end ? memchr(rest, '\n', (size_t)(end - rest)) : NULL;
    redact_key(&rules, (const char *)rest, (size_t)((line != NULL ? line : end) - rest));
    if (line == NULL)
        return 0;
    /* In memory of its own, so that a step beyond it is seen. */
    size_t text_size = (size_t)(end - line - 1);
    char *text = malloc(text_size + 1);
    if (text != NULL && text_size > 0) {
        memcpy(text, line + 1, text_size);
        text = realloc(text, text_size);
        check(redact_text, &rules, text, text_size, false);
        check(redact_json, &rules, text, text_size, true);
    }
    free(text);
    return 0;
}
