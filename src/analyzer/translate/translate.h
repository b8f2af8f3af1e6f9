/* analyzer/translate/translate.h: a line that is not spanlog's own becomes canonical lines.
 *
 *     struct spanlog_translator translator;
 *     spanlog_translator_init(&translator, &settings);
 *     int rc = spanlog_translate(&translator, line, end);          0 or -ENOMEM
 *     if (translator.problem) ...                                  "not a JSON object"
 *     for (const char *p = translator.out; p < translator.out + translator.size; ) ...
 *     spanlog_translator_free(&translator);
 *
 * One line in; none, one or many out: an OTLP or Jaeger document is one line that holds many spans.
 * What comes out is in the json dialect, so nothing behind this file knows of any other. A
 * translator belongs to one thread.
 *
 * For a new format: one file here with one function of type spanlog_translate_function, named in
 * the table of translate.c; formats that are only keys and values are one table in
 * formatters/reading.c.
 */
#ifndef SPANLOG_ANALYZER_TRANSLATE_TRANSLATE_H
#define SPANLOG_ANALYZER_TRANSLATE_TRANSLATE_H

#include "src/analyzer/base/arena.h"
#include "src/analyzer/read/json.h"

struct spanlog_translate_settings {
    const char *dialect;   /* NULL: by fingerprint, line by line; else this one for every line */
    const char *trace_key; /* NULL, or the key whose value groups lines that have no trace id */
};

struct spanlog_translate_memory;

struct spanlog_translator {
    struct spanlog_translate_settings settings;
    char *out; /* canonical lines, each ended by '\n'; SPANLOG_JSON_PADDING bytes follow */
    size_t size;
    size_t room;
    uint64_t count;      /* lines in out */
    bool is_flat;        /* the line was one record of one dialect, all of it: see known.h */
    const char *problem; /* NULL, or why nothing could be made of the line; it lives for ever */
    struct spanlog_arena arena; /* for the current line: reset by spanlog_translate */
    int only;                   /* settings.dialect as a row of the table of formats, or -1 */
    int dialect;                /* settings.dialect as a row of formatters/reading.h, or -1 */
    struct spanlog_translate_memory *memory; /* of parts.h; made for the first line */
};

void spanlog_translator_init(struct spanlog_translator *translator,
                             const struct spanlog_translate_settings *settings);
void spanlog_translator_free(struct spanlog_translator *translator);

/* line..end, with '\n' at end and SPANLOG_JSON_PADDING readable bytes behind it. The result stands
 * in the translator until the next call. Blank lines give nothing. 0 or -ENOMEM. */
int spanlog_translate(struct spanlog_translator *translator, const char *line, const char *end);

/* Whether a format or dialect of that name can be read; the names, at(0), at(1), ... NULL. */
bool spanlog_translate_knows(const char *name);
const char *spanlog_translate_name_at(size_t index);

#endif
