/* analyzer/where/where.h: the language of --where: `{ service = "cart" } >> { status = error }`.
 *
 *     struct spanlog_where *where;
 *     struct spanlog_where_error error;
 *     int rc = spanlog_where_parse(text, &where, &error);
 *     if (rc == -EINVAL) puts(spanlog_where_explain("--where", text, &error));
 *
 *     struct spanlog_where_scratch scratch;           one per job
 *     rc = spanlog_where_scratch_init(&scratch, where);
 *     bits = spanlog_where_bits(where, &scratch, &record, line, record.end);     each line
 *
 * Two stages: a line says which of the expression's conditions it meets, as bits; the bits of a
 * trace's lines and its tree say whether the trace matches (trees/where_trace.h). docs/where.md has
 * the grammar.
 */
#ifndef SPANLOG_ANALYZER_WHERE_WHERE_H
#define SPANLOG_ANALYZER_WHERE_WHERE_H

#include <regex.h>

#include "src/analyzer/base/arena.h"
#include "src/analyzer/read/record.h"

/* Conditions that differ, in one expression. The bit above them says that the line is a span. */
#define SPANLOG_WHERE_LEAVES_MAX 31
#define SPANLOG_WHERE_SPAN ((uint32_t)1 << SPANLOG_WHERE_LEAVES_MAX)

struct spanlog_where;

struct spanlog_where_error {
    char message[160];
    size_t column; /* of the byte, from 0 */
};

/* 0, -EINVAL (*error says what is wrong, and where) or -ENOMEM. It never changes afterwards: any
 * number of threads may use it, each with its own scratch. */
int spanlog_where_parse(const char *text, struct spanlog_where **ret,
                        struct spanlog_where_error *error);
void spanlog_where_free(struct spanlog_where *where);

/* Three lines for stderr: `OPTION: message`, the expression, and a caret below the place. NULL: no
 * memory. free() it. */
char *spanlog_where_explain(const char *option, const char *text,
                            const struct spanlog_where_error *error);
/* The expression, spelt out; parsing that gives the same again. NULL: no memory. free() it. */
char *spanlog_where_print(const struct spanlog_where *where);

/* Memory of one job. */
struct spanlog_where_scratch {
    const struct spanlog_where *where;
    regex_t regexes[SPANLOG_WHERE_LEAVES_MAX];
    uint32_t compiled; /* bits: these are */
    char *text;        /* an unescaped value */
    size_t room;
    struct spanlog_arena arena;
    int error; /* -ENOMEM: a line was not fully tested */
};

/* 0 or -ENOMEM. After either, free it. */
int spanlog_where_scratch_init(struct spanlog_where_scratch *scratch,
                               const struct spanlog_where *where);
void spanlog_where_scratch_free(struct spanlog_where_scratch *scratch);

/* Which conditions a line meets. line..end is the canonical JSON that the record was read from,
 * padded as json.h wants it. */
uint32_t spanlog_where_bits(const struct spanlog_where *where,
                            struct spanlog_where_scratch *scratch,
                            const struct spanlog_record *record, const char *line, const char *end);

/* Whether it asks for more than one line can tell: relations, `| count()`, rootName and the like.
 */
bool spanlog_where_needs_trace(const struct spanlog_where *where);
/* For one that does not: whether a line with these bits matches by itself. */
bool spanlog_where_line_matches(const struct spanlog_where *where, uint32_t bits);

#endif
