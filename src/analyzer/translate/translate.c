/* analyzer/translate/translate.c: see translate.h: which format a line has, and where the result
 * goes. */
#include "src/analyzer/translate/parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "formatters/dialect.h"

void spanlog_translator_init(struct spanlog_translator *translator,
                             const struct spanlog_translate_settings *settings) {
    *translator = (struct spanlog_translator){.settings = *settings};
}

void spanlog_translator_free(struct spanlog_translator *translator) {
    free(translator->out);
    spanlog_arena_free(&translator->arena);
    *translator = (struct spanlog_translator){0};
}

static char *reserve(struct spanlog_translator *translator, size_t size) {
    size_t wanted = translator->size + size + SPANLOG_JSON_PADDING;
    if (wanted > translator->room) {
        size_t room = translator->room ? 2 * translator->room : 65536;
        while (room < wanted)
            room *= 2;
        char *grown = realloc(translator->out, room);
        if (!grown)
            return NULL;
        translator->out = grown;
        translator->room = room;
    }
    return translator->out + translator->size;
}

int spanlog_emit(struct spanlog_translator *translator, const struct spanlog_line *line) {
    size_t most = spanlog_line_room(line);
    char *to = reserve(translator, most);
    char *end = to ? spanlog_dialect_json.write(line, to, to + most) : NULL;
    if (!end)
        return -ENOMEM;
    translator->size += (size_t)(end - to);
    translator->count++;
    return 0;
}

static const struct {
    const char *name;
    spanlog_translate_function *function;
} formats[] = {
    {NULL, NULL},
};

bool spanlog_translate_knows(const char *name) {
    const char *known;
    for (size_t i = 0; (known = spanlog_translate_name_at(i)) != NULL; i++)
        if (strcmp(known, name) == 0)
            return true;
    return false;
}

const char *spanlog_translate_name_at(size_t index) {
    return index < sizeof formats / sizeof formats[0] ? formats[index].name : NULL;
}

int spanlog_translate(struct spanlog_translator *translator, const char *line, const char *end) {
    translator->size = 0;
    translator->count = 0;
    translator->problem = NULL;
    spanlog_arena_reset(&translator->arena);
    for (size_t i = 0; i < sizeof formats / sizeof formats[0] && formats[i].function; i++) {
        int rc = formats[i].function(translator, line, end);
        if (rc != 0)
            return rc < 0 ? rc : 0;
    }
    translator->problem = "not a JSON object";
    return 0;
}
