/* analyzer/translate/text/text.h: lines that are no JSON, made into JSON.
 *
 *     struct spanlog_text_json json;
 *     spanlog_text_json_start(&json, line, end, &arena);
 *     spanlog_text_json_add(&json, key, value, bare);         {"level":"info","hits":3
 *     spanlog_text_json_end(&json);                            }\n
 *     spanlog_translate_logger(translator, json.text, json.at)
 *
 * So keys mean in text what they mean in JSON, and nothing is said twice.
 */
#ifndef SPANLOG_ANALYZER_TRANSLATE_TEXT_TEXT_H
#define SPANLOG_ANALYZER_TRANSLATE_TEXT_TEXT_H

#include "src/analyzer/translate/parts.h"

struct spanlog_text_json {
    char *text; /* NULL: no memory */
    char *at;
    char *end;
    struct spanlog_arena *arena;
};

/* Room for everything that a line of text can become. */
void spanlog_text_json_start(struct spanlog_text_json *json, const char *line, const char *end,
                             struct spanlog_arena *arena);
/* The same, knowing the room. */
void spanlog_text_json_open(struct spanlog_text_json *json, size_t most,
                            struct spanlog_arena *arena);
/* A value that was bare may be a number or true, false, null, unless its key asks for text. */
void spanlog_text_json_add(struct spanlog_text_json *json, struct spanlog_text key,
                           struct spanlog_text value, bool bare);
void spanlog_text_json_raw(struct spanlog_text_json *json, struct spanlog_text key,
                           struct spanlog_text value);
void spanlog_text_json_end(struct spanlog_text_json *json);

/* key=value or key="value" at p. The byte behind it, or NULL: something else stands there. */
struct spanlog_pair {
    struct spanlog_text key;
    struct spanlog_text value; /* without quotes and escapes */
    bool bare;
};
const char *spanlog_pair_read(const char *p, const char *end, struct spanlog_arena *arena,
                              struct spanlog_pair *ret);
/* NAME="..." of structured data at p, in which a bracket may be escaped, too. */
const char *spanlog_parameter_read(const char *p, const char *end, struct spanlog_arena *arena,
                                   struct spanlog_pair *ret);
/* A line of the syslog dialect. As spanlog_translate_function. */
int spanlog_translate_own_syslog(struct spanlog_translator *translator, const char *line,
                                 const char *end);
/* "..." at p, with escapes; NULL when it does not end. */
const char *spanlog_quoted_read(const char *p, const char *end, struct spanlog_arena *arena,
                                struct spanlog_text *ret);

#endif
