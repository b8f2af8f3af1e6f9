/* analyzer/where/where_parts.h: what a parsed expression is made of. For the where_*.c files only,
 * trees/where_trace.c, and the tokens for check/assert.c.
 *
 *     where_lex.c    text -> tokens
 *     where_leaf.c   tokens -> one condition, e.g. duration > 100ms
 *     where_parse.c  tokens -> the tree of operators above the conditions
 *     where_line.c   conditions against a line -> bits
 *     where_value.c  one condition against one value
 *     where_print.c  back to text
 *     trees/where_trace.c  bits and a tree of spans -> yes or no
 */
#ifndef SPANLOG_ANALYZER_WHERE_WHERE_PARTS_H
#define SPANLOG_ANALYZER_WHERE_WHERE_PARTS_H

#include "src/analyzer/base/arena.h"
#include "src/analyzer/base/strings.h"
#include "src/analyzer/where/where.h"

#define SPANLOG_WHERE_TEXT_MAX 16384
#define SPANLOG_WHERE_NODES_MAX 250 /* numbers fit a byte, with room for none */
#define SPANLOG_WHERE_SETS_MAX 64
#define SPANLOG_WHERE_DEPTH_MAX 50
#define SPANLOG_WHERE_NONE 255

/* ---- tokens ------------------------------------------------------------------------------- */

enum spanlog_token_kind {
    SPANLOG_TOKEN_END,
    SPANLOG_TOKEN_BAD, /* the error is set */
    SPANLOG_TOKEN_WORD,
    SPANLOG_TOKEN_NAME,   /* ."user agent": an attribute for sure; text without the dot */
    SPANLOG_TOKEN_STRING, /* text: without quotes and escapes */
    SPANLOG_TOKEN_EQ,     /* = */
    SPANLOG_TOKEN_NE,     /* != */
    SPANLOG_TOKEN_LT,
    SPANLOG_TOKEN_LE,
    SPANLOG_TOKEN_GT, /* also: child */
    SPANLOG_TOKEN_GE,
    SPANLOG_TOKEN_RE,    /* =~ */
    SPANLOG_TOKEN_NRE,   /* !~ */
    SPANLOG_TOKEN_TILDE, /* a regex that need not cover the value; also: sibling */
    SPANLOG_TOKEN_DESCENDANT,
    SPANLOG_TOKEN_ANCESTOR,
    SPANLOG_TOKEN_AND,
    SPANLOG_TOKEN_OR,
    SPANLOG_TOKEN_NOT,
    SPANLOG_TOKEN_PIPE,
    SPANLOG_TOKEN_OPEN,   /* ( */
    SPANLOG_TOKEN_CLOSE,  /* ) */
    SPANLOG_TOKEN_BEGIN,  /* { */
    SPANLOG_TOKEN_FINISH, /* } */
    SPANLOG_TOKEN_COMMA   /* of assertions */
};

struct spanlog_token {
    uint8_t kind;
    size_t begin, end; /* of the source */
    struct spanlog_text text;
};

struct spanlog_lexer {
    const char *source;
    size_t at;
    bool assertion;             /* has commas, == and # comments */
    struct spanlog_token token; /* the one that was read last */
    struct spanlog_arena *arena;
    struct spanlog_where_error *error;
    int rc; /* 0, -EINVAL or -ENOMEM: the first that happened */
};

/* Reads the next token into lexer->token. */
void spanlog_lexer_next(struct spanlog_lexer *lexer);
/* The token begins with a slash: reads it again as /regex/, which becomes a string. */
void spanlog_lexer_regex(struct spanlog_lexer *lexer);
/* Notes an error at a byte, unless there is one; always false. */
bool spanlog_lexer_fail(struct spanlog_lexer *lexer, size_t at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
bool spanlog_lexer_no_memory(struct spanlog_lexer *lexer);
/* The token as it may be shown in a message: at most 40 bytes. */
const char *spanlog_lexer_shown(const struct spanlog_lexer *lexer, char room[64]);
/* Whether a text can stand as a word. */
bool spanlog_lexer_is_word(struct spanlog_text text);
/* `>=` and so on. */
const char *spanlog_comparison_text(uint8_t token_kind);
static inline bool spanlog_token_compares(uint8_t kind) {
    return kind >= SPANLOG_TOKEN_EQ && kind <= SPANLOG_TOKEN_TILDE;
}

/* ---- conditions --------------------------------------------------------------------------- */

enum spanlog_where_source {
    SPANLOG_WHERE_TEXT,  /* anywhere in the values of a line */
    SPANLOG_WHERE_LINE,  /* a regex, anywhere in the line */
    SPANLOG_WHERE_FIELD, /* the dialect's, as written */
    SPANLOG_WHERE_ATTRIBUTE,
    SPANLOG_WHERE_DURATION,
    SPANLOG_WHERE_STATUS,
    SPANLOG_WHERE_KIND,
    SPANLOG_WHERE_LEVEL,
    SPANLOG_WHERE_TRACE_ID,
    SPANLOG_WHERE_SPAN_ID,
    SPANLOG_WHERE_PARENT_ID,
    SPANLOG_WHERE_ROOT_SERVICE, /* of the trace, from here on */
    SPANLOG_WHERE_ROOT_NAME,
    SPANLOG_WHERE_TRACE_DURATION
};

enum spanlog_where_type {
    SPANLOG_WHERE_IS_TEXT,
    SPANLOG_WHERE_IS_PATTERN, /* with wildcards */
    SPANLOG_WHERE_IS_REGEX,
    SPANLOG_WHERE_IS_NUMBER,
    SPANLOG_WHERE_IS_DURATION,
    SPANLOG_WHERE_IS_TRUE,
    SPANLOG_WHERE_IS_FALSE,
    SPANLOG_WHERE_IS_NIL
};

struct spanlog_where_value {
    uint8_t type;
    bool is_integer;
    bool quoted;                 /* it was */
    struct spanlog_text text;    /* as it was written */
    struct spanlog_text pattern; /* with wildcards, of which the next has none */
    struct spanlog_text word;    /* the longest piece, or all of a word */
    double number;
    int64_t integer;
    uint64_t ns;
    struct spanlog_id id; /* of the three ids */
    bool has_id;
};

struct spanlog_where_leaf {
    uint8_t source; /* enum spanlog_where_source */
    uint8_t op;     /* SPANLOG_TOKEN_EQ to SPANLOG_TOKEN_TILDE */
    uint8_t field;  /* of FIELD and those that are one */
    uint8_t code;   /* of STATUS, KIND, LEVEL: the value as a number */
    bool in_braces;
    struct spanlog_text name; /* of the attribute */
    struct spanlog_where_value value;
};

/* Reads `field op value`, a word, a quoted text or a /regex/; the last three not in braces. Leaves
 * the lexer behind it. */
bool spanlog_where_leaf_parse(struct spanlog_lexer *lexer, bool in_braces,
                              struct spanlog_where_leaf *ret);
/* The value at the lexer's token, for an operator that stood at `op_at`. */
bool spanlog_where_value_parse(struct spanlog_lexer *lexer, uint8_t op,
                               struct spanlog_where_value *ret);
int spanlog_where_regex(regex_t *regex, const struct spanlog_where_leaf *leaf);
/* How a condition names its field: "duration", ".http.route", ".\"user agent\"". */
struct spanlog_where_name {
    const char *dot;
    struct spanlog_text text;
    bool quoted;
};
struct spanlog_where_name spanlog_where_field_name(const struct spanlog_where_leaf *leaf);

/* Whether text holds what the condition wants. `regex`: compiled, for regexes. */
bool spanlog_where_text_holds(const struct spanlog_where_leaf *leaf, struct spanlog_text text,
                              const regex_t *regex);
bool spanlog_where_value_holds(const struct spanlog_where_leaf *leaf,
                               struct spanlog_where_scratch *scratch, const regex_t *regex,
                               const struct spanlog_json_value *value);
/* By number: -1, 0, 1 as less, equal, greater. */
bool spanlog_where_order_holds(uint8_t op, int order);
bool spanlog_where_number_holds(uint8_t op, double left, double right);
/* A word or a pattern anywhere in text, ASCII letters of either case. Padded. */
bool spanlog_where_text_has(const struct spanlog_where_value *wanted, struct spanlog_text text);
/* Text without its escapes; false: no memory, which the scratch remembers. */
bool spanlog_where_plain(struct spanlog_where_scratch *scratch,
                         const struct spanlog_json_value *value, struct spanlog_text *ret);

/* ---- operators ---------------------------------------------------------------------------- */

enum spanlog_where_op {
    SPANLOG_WHERE_LEAF,
    SPANLOG_WHERE_NOT,
    SPANLOG_WHERE_AND,
    SPANLOG_WHERE_OR,
    SPANLOG_WHERE_SPANSET, /* from here on only between spansets */
    SPANLOG_WHERE_DESCENDANT,
    SPANLOG_WHERE_CHILD,
    SPANLOG_WHERE_ANCESTOR,
    SPANLOG_WHERE_PARENT,
    SPANLOG_WHERE_SIBLING,
    SPANLOG_WHERE_FILTER
};

enum spanlog_where_aggregate {
    SPANLOG_WHERE_COUNT,
    SPANLOG_WHERE_SUM,
    SPANLOG_WHERE_AVG,
    SPANLOG_WHERE_MIN,
    SPANLOG_WHERE_MAX
};
extern const char *const spanlog_where_aggregates[5];

/* Operands have smaller numbers than what they belong to. */
struct spanlog_where_node {
    uint8_t op;
    uint8_t left, right; /* SPANLOG_WHERE_NONE: none, e.g. in {} */
    uint8_t leaf;        /* of LEAF */
    uint8_t set;         /* outside braces: its bit in the sets of spans */
    bool in_braces;
    bool only_spansets; /* neither words nor NOT are below: it selects spans */
    uint8_t aggregate;  /* of FILTER, and so the next two */
    uint8_t comparison;
    struct spanlog_where_value value;
};

struct spanlog_where {
    struct spanlog_arena arena;
    struct spanlog_where_leaf leaves[SPANLOG_WHERE_LEAVES_MAX];
    struct spanlog_where_node nodes[SPANLOG_WHERE_NODES_MAX];
    unsigned leaf_count, node_count, set_count;
    uint8_t root;
    bool needs_trace;
    uint32_t span_leaves;  /* bits: those in braces */
    uint32_t trace_leaves; /* those that only a whole trace can tell */
    uint32_t attributes;
    uint32_t texts;
};

/* Whether these bits meet what a node asks of one line; NONE asks nothing. */
bool spanlog_where_condition_holds(const struct spanlog_where *where, uint8_t number,
                                   uint32_t bits);

#endif
