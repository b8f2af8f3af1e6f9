/* analyzer/where/where_leaf.c: one condition of --where, e.g. `duration > 100ms`; see
 * where_parts.h. */
#include "src/analyzer/where/where_parts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "formatters/number.h"

/* ---- names of fields ---------------------------------------------------------------------- */

static const struct {
    const char *name;
    uint8_t source;
    uint8_t field;
} fields[] = {{"service", SPANLOG_WHERE_FIELD, SPANLOG_FIELD_SERVICE},
              {"service.name", SPANLOG_WHERE_FIELD, SPANLOG_FIELD_SERVICE},
              {"operation", SPANLOG_WHERE_FIELD, SPANLOG_FIELD_OPERATION},
              {"name", SPANLOG_WHERE_FIELD, SPANLOG_FIELD_OPERATION},
              {"span:name", SPANLOG_WHERE_FIELD, SPANLOG_FIELD_OPERATION},
              {"statusMessage", SPANLOG_WHERE_FIELD, SPANLOG_FIELD_ERROR},
              {"span:statusMessage", SPANLOG_WHERE_FIELD, SPANLOG_FIELD_ERROR},
              {"duration", SPANLOG_WHERE_DURATION, SPANLOG_FIELD_DURATION_MS},
              {"span:duration", SPANLOG_WHERE_DURATION, SPANLOG_FIELD_DURATION_MS},
              {"status", SPANLOG_WHERE_STATUS, SPANLOG_FIELD_STATUS},
              {"span:status", SPANLOG_WHERE_STATUS, SPANLOG_FIELD_STATUS},
              {"kind", SPANLOG_WHERE_KIND, SPANLOG_FIELD_KIND},
              {"span:kind", SPANLOG_WHERE_KIND, SPANLOG_FIELD_KIND},
              {"level", SPANLOG_WHERE_LEVEL, SPANLOG_FIELD_LEVEL},
              {"trace_id", SPANLOG_WHERE_TRACE_ID, SPANLOG_FIELD_TRACE_ID},
              {"trace:id", SPANLOG_WHERE_TRACE_ID, SPANLOG_FIELD_TRACE_ID},
              {"span_id", SPANLOG_WHERE_SPAN_ID, SPANLOG_FIELD_SPAN_ID},
              {"span:id", SPANLOG_WHERE_SPAN_ID, SPANLOG_FIELD_SPAN_ID},
              {"parent_id", SPANLOG_WHERE_PARENT_ID, SPANLOG_FIELD_PARENT_ID},
              {"span:parentID", SPANLOG_WHERE_PARENT_ID, SPANLOG_FIELD_PARENT_ID},
              {"rootServiceName", SPANLOG_WHERE_ROOT_SERVICE, 0},
              {"rootService", SPANLOG_WHERE_ROOT_SERVICE, 0},
              {"trace:rootService", SPANLOG_WHERE_ROOT_SERVICE, 0},
              {"rootName", SPANLOG_WHERE_ROOT_NAME, 0},
              {"trace:rootName", SPANLOG_WHERE_ROOT_NAME, 0},
              {"traceDuration", SPANLOG_WHERE_TRACE_DURATION, 0},
              {"trace:duration", SPANLOG_WHERE_TRACE_DURATION, 0}};

static void find_attribute(struct spanlog_where_leaf *leaf, struct spanlog_text name) {
    leaf->name = name;
    leaf->field =
        (uint8_t)spanlog_field_find(spanlog_field_table_canonical(), name.data, name.size);
    if (strcmp(name.data, "service.name") == 0)
        leaf->field = SPANLOG_FIELD_SERVICE;
    leaf->source =
        leaf->field == SPANLOG_FIELD_COUNT ? SPANLOG_WHERE_ATTRIBUTE : SPANLOG_WHERE_FIELD;
}

static bool find_field(struct spanlog_lexer *lexer, const struct spanlog_token *token,
                       struct spanlog_where_leaf *leaf) {
    static const char *const scopes[] = {".", "span.", "resource."};
    struct spanlog_text name = token->text;
    if (name.size == 0)
        return spanlog_lexer_fail(lexer, token->begin, "expected a name between the quotes");
    for (size_t i = 0; token->kind == SPANLOG_TOKEN_WORD && i < 3; i++) {
        size_t size = strlen(scopes[i]);
        if (strncmp(name.data, scopes[i], size) != 0)
            continue;
        if (name.size == size)
            return spanlog_lexer_fail(lexer, token->end, "expected a name after the dot");
        find_attribute(leaf, spanlog_arena_text(lexer->arena, name.data + size, name.size - size));
        return leaf->name.data || spanlog_lexer_no_memory(lexer);
    }
    for (size_t i = 0; token->kind == SPANLOG_TOKEN_WORD && i < sizeof fields / sizeof fields[0];
         i++)
        if (strcmp(name.data, fields[i].name) == 0) {
            leaf->source = fields[i].source;
            leaf->field = fields[i].field;
            return true;
        }
    find_attribute(leaf, name);
    return true;
}

struct spanlog_where_name spanlog_where_field_name(const struct spanlog_where_leaf *leaf) {
    struct spanlog_where_name name = {.dot = ""};
    if (leaf->source == SPANLOG_WHERE_ATTRIBUTE) {
        name.dot = ".";
        name.text = leaf->name;
        name.quoted = !spanlog_lexer_is_word(leaf->name);
        return name;
    }
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        if (fields[i].field == leaf->field && fields[i].source == leaf->source) {
            name.text = spanlog_text_of(fields[i].name);
            if (leaf->source != SPANLOG_WHERE_FIELD || leaf->field != SPANLOG_FIELD_ERROR)
                return name;
        }
    name.text = spanlog_field_table_canonical()->keys[leaf->field].text;
    /* Without the dot `status` would be the span's, not the key's text. */
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        if (fields[i].source != SPANLOG_WHERE_FIELD && strcmp(fields[i].name, name.text.data) == 0)
            name.dot = ".";
    return name;
}

/* ---- regexes ------------------------------------------------------------------------------ */

#define REGEX_SIZE_MAX 1000
#define REGEX_STATES_MAX 1000

/* How many states a regex needs, about: regcomp copies what is repeated, so that a few nested
 * repetitions can take all memory. */
struct states {
    unsigned long before[SPANLOG_WHERE_DEPTH_MAX]; /* of each open group: what stood before it */
    unsigned depth;
    unsigned long sum;  /* of the innermost group so far, without the last piece */
    unsigned long last; /* which a repetition would repeat */
};

static void add_piece(struct states *states, unsigned long size) {
    states->sum += states->last;
    states->last = size;
}

/* Behind `{`: the larger bound. */
static unsigned long largest_bound(const char *p) {
    unsigned long most = 1;
    for (; *p == ',' || (*p >= '0' && *p <= '9'); p++) {
        unsigned long bound = strtoul(p, NULL, 10); /* of a tail of digits it is smaller */
        most = bound > most ? bound : most;
    }
    return most > REGEX_STATES_MAX ? REGEX_STATES_MAX + 1 : most;
}

/* Returns the last byte of the [set] at p. */
static const char *set_end(const char *p) {
    p += p[1] == '^' ? 2 : 1;
    p += *p == ']';
    while (*p && *p != ']') {
        char kind = p[1];
        if (*p == '[' && (kind == ':' || kind == '.' || kind == '=') && p[2])
            for (p += 2; p[1] && (p[0] != kind || p[1] != ']'); p++)
                ;
        p += *p != 0;
    }
    return *p ? p : p - 1;
}

static bool open_group(struct states *states) {
    if (states->depth == SPANLOG_WHERE_DEPTH_MAX)
        return false;
    add_piece(states, 0);
    states->before[states->depth++] = states->sum;
    states->sum = 0;
    return true;
}

static void close_group(struct states *states) {
    unsigned long size = states->sum + states->last + 1;
    if (states->depth == 0)
        return;
    states->sum = states->before[--states->depth];
    states->last = size;
}

/* What regcomp or regexec may take unbounded time or memory for. NULL: nothing. */
static const char *refused_regex(struct spanlog_text text) {
    struct states states = {.depth = 0};
    if (text.size > REGEX_SIZE_MAX)
        return "this regex is longer than 1000 bytes";
    for (const char *p = text.data; *p; p++) {
        if (*p == '\\' && p[1] >= '1' && p[1] <= '9')
            return "a regex cannot refer back to a group";
        if (*p == '(' && !open_group(&states))
            return "the groups of this regex are nested too deep";
        if (*p == ')')
            close_group(&states);
        else if (*p == '+' || *p == '*' || *p == '?')
            states.last = 2 * states.last + 1;
        else if (*p == '{')
            states.last = states.last * largest_bound(p + 1) + 1;
        else if (*p != '(' && *p != '}')
            add_piece(&states, 1);
        if (states.sum + states.last > REGEX_STATES_MAX)
            return "this regex is too large: its repetitions multiply";
        if (*p == '[')
            p = set_end(p);
        else if (*p == '{')
            p += strspn(p + 1, "0123456789,");
        else if (*p == '\\' && p[1])
            p++;
    }
    return NULL;
}

static int compile(regex_t *regex, const char *text, bool whole) {
    char pattern[REGEX_SIZE_MAX + 8];
    if (strlen(text) > REGEX_SIZE_MAX)
        return REG_ESPACE;
    snprintf(pattern, sizeof pattern, whole ? "^(%s)$" : "%s", text);
    return regcomp(regex, pattern, REG_EXTENDED | REG_NOSUB);
}

int spanlog_where_regex(regex_t *regex, const struct spanlog_where_leaf *leaf) {
    bool whole = leaf->source != SPANLOG_WHERE_LINE && leaf->op != SPANLOG_TOKEN_TILDE;
    return compile(regex, leaf->value.text.data, whole) ? -ENOMEM : 0;
}

/* By itself, too: `a)(b` would otherwise become right between the brackets put around it. */
static bool check_regex(struct spanlog_lexer *lexer, const struct spanlog_token *token) {
    const char *refused = refused_regex(token->text);
    regex_t regex;
    if (token->text.size == 0)
        return spanlog_lexer_fail(lexer, token->begin, "an empty regex matches everything");
    if (refused)
        return spanlog_lexer_fail(lexer, token->begin, "%s", refused);
    for (int whole = 0; whole < 2; whole++) {
        int rc = compile(&regex, token->text.data, whole);
        if (rc == REG_ESPACE)
            return spanlog_lexer_no_memory(lexer);
        if (rc) {
            char problem[100];
            regerror(rc, &regex, problem, sizeof problem);
            return spanlog_lexer_fail(lexer, token->begin, "bad regex: %s", problem);
        }
        regfree(&regex);
    }
    return true;
}

/* ---- values ------------------------------------------------------------------------------- */

static void longest_piece(struct spanlog_where_value *value) {
    const char *p = value->text.data;
    value->pattern = value->text;
    value->word = (struct spanlog_text){p, 0};
    while (*p) {
        size_t size = strcspn(p, "*");
        if (size > value->word.size)
            value->word = (struct spanlog_text){p, (uint32_t)size};
        p += size + (p[size] == '*');
    }
}

static void read_value_word(struct spanlog_where_value *value) {
    struct spanlog_text text = value->text;
    value->type = SPANLOG_WHERE_IS_TEXT;
    if (strcmp(text.data, "true") == 0)
        value->type = SPANLOG_WHERE_IS_TRUE;
    else if (strcmp(text.data, "false") == 0)
        value->type = SPANLOG_WHERE_IS_FALSE;
    else if (strcmp(text.data, "nil") == 0)
        value->type = SPANLOG_WHERE_IS_NIL;
    else if (spanlog_read_double(text.data, text.size, &value->number) == 0)
        value->type = SPANLOG_WHERE_IS_NUMBER;
    else if (spanlog_duration_read(text.data, &value->ns))
        value->type = SPANLOG_WHERE_IS_DURATION;
    else if (strchr(text.data, '*'))
        value->type = SPANLOG_WHERE_IS_PATTERN;
    value->is_integer = value->type == SPANLOG_WHERE_IS_NUMBER &&
                        spanlog_read_i64(text.data, text.size, &value->integer) == 0;
    longest_piece(value);
}

static bool check_operator(struct spanlog_lexer *lexer, uint8_t op,
                           const struct spanlog_where_value *value, size_t at) {
    bool equality = op == SPANLOG_TOKEN_EQ || op == SPANLOG_TOKEN_NE;
    const char *sign = spanlog_comparison_text(op);
    if (equality)
        return true;
    if (value->type == SPANLOG_WHERE_IS_PATTERN)
        return spanlog_lexer_fail(lexer, at, "a value with * can only be compared by = and !=");
    if (value->type >= SPANLOG_WHERE_IS_TRUE)
        return spanlog_lexer_fail(lexer, at, "%s can only be compared by = and !=, not by %s",
                                  value->text.data, sign);
    return true;
}

bool spanlog_where_value_parse(struct spanlog_lexer *lexer, uint8_t op,
                               struct spanlog_where_value *ret) {
    struct spanlog_token token = lexer->token;
    if (token.kind == SPANLOG_TOKEN_BAD)
        return false;
    if (token.kind == SPANLOG_TOKEN_NAME ||
        (token.kind == SPANLOG_TOKEN_WORD && token.text.data[0] == '.' && op < SPANLOG_TOKEN_RE))
        return spanlog_lexer_fail(lexer, token.begin,
                                  "expected a value: fields cannot be compared with each other "
                                  "(a text that begins with a dot needs quotes)");
    if (token.kind != SPANLOG_TOKEN_WORD && token.kind != SPANLOG_TOKEN_STRING)
        return spanlog_lexer_fail(lexer, token.begin, "expected a value after \"%s\"",
                                  spanlog_comparison_text(op));
    *ret = (struct spanlog_where_value){.text = token.text,
                                        .quoted = token.kind == SPANLOG_TOKEN_STRING};
    longest_piece(ret);
    if (op >= SPANLOG_TOKEN_RE) {
        ret->type = SPANLOG_WHERE_IS_REGEX;
        if (!check_regex(lexer, &token))
            return false;
    } else if (!ret->quoted) {
        read_value_word(ret);
        if (!check_operator(lexer, op, ret, token.begin))
            return false;
    }
    spanlog_lexer_next(lexer);
    return true;
}

/* ---- fields that take certain values ------------------------------------------------------ */

static bool is_any_case(struct spanlog_text text, const char *word) {
    return strcasecmp(text.data, word) == 0;
}

static bool read_status(struct spanlog_where_leaf *leaf) {
    static const char *const names[] = {"unset", "ok", "error"};
    for (uint8_t i = 0; i < 3; i++)
        if (is_any_case(leaf->value.text, names[i])) {
            leaf->code = i;
            return true;
        }
    return false;
}

static bool read_kind(struct spanlog_where_leaf *leaf) {
    leaf->code = spanlog_kind_read(leaf->value.text);
    return leaf->code || is_any_case(leaf->value.text, "internal");
}

static bool check_duration(struct spanlog_lexer *lexer, const struct spanlog_where_leaf *leaf,
                           size_t at) {
    return leaf->value.type == SPANLOG_WHERE_IS_DURATION ||
           spanlog_lexer_fail(lexer, at, "expected a duration, such as 100ms or 1.5s");
}

/* What is no word of theirs is compared as text; in braces, where only spans are, it is a mistake.
 */
static bool check_words(struct spanlog_lexer *lexer, struct spanlog_where_leaf *leaf, size_t at) {
    bool equality = leaf->op == SPANLOG_TOKEN_EQ || leaf->op == SPANLOG_TOKEN_NE;
    bool text = leaf->value.type == SPANLOG_WHERE_IS_TEXT;
    const char *expected;
    if (leaf->source == SPANLOG_WHERE_LEVEL) {
        leaf->code = text ? spanlog_level_read(leaf->value.text) : 0;
        if (leaf->code)
            return true;
        expected = "trace, debug, info, warn, error or fatal";
    } else if (leaf->source == SPANLOG_WHERE_STATUS) {
        if (equality && text && read_status(leaf))
            return true;
        expected = "= or != and then ok, error or unset";
    } else {
        if (equality && text && read_kind(leaf))
            return true;
        expected = "= or != and then server, client, producer, consumer or internal";
    }
    bool as_text = leaf->value.type == SPANLOG_WHERE_IS_NIL ||
                   leaf->value.type == SPANLOG_WHERE_IS_REGEX ||
                   leaf->value.type == SPANLOG_WHERE_IS_PATTERN;
    if (!as_text && (leaf->in_braces || leaf->source == SPANLOG_WHERE_LEVEL))
        return spanlog_lexer_fail(lexer, at, "expected %s", expected);
    leaf->source = SPANLOG_WHERE_FIELD;
    return true;
}

static void check_id(struct spanlog_where_leaf *leaf) {
    struct spanlog_where_value *value = &leaf->value;
    bool equality = leaf->op == SPANLOG_TOKEN_EQ || leaf->op == SPANLOG_TOKEN_NE;
    bool plain = value->type == SPANLOG_WHERE_IS_TEXT || value->type == SPANLOG_WHERE_IS_NUMBER;
    unsigned digits = leaf->source == SPANLOG_WHERE_TRACE_ID ? 32 : 16;
    if (!equality || !plain || !spanlog_id_read(value->text, digits, &value->id))
        leaf->source = SPANLOG_WHERE_FIELD;
}

static bool check_value(struct spanlog_lexer *lexer, struct spanlog_where_leaf *leaf, size_t at) {
    switch (leaf->source) {
    case SPANLOG_WHERE_DURATION:
    case SPANLOG_WHERE_TRACE_DURATION:
        return check_duration(lexer, leaf, at);
    case SPANLOG_WHERE_STATUS:
    case SPANLOG_WHERE_KIND:
    case SPANLOG_WHERE_LEVEL:
        return check_words(lexer, leaf, at);
    case SPANLOG_WHERE_TRACE_ID:
    case SPANLOG_WHERE_SPAN_ID:
    case SPANLOG_WHERE_PARENT_ID:
        check_id(leaf);
        return true;
    default:
        return true;
    }
}

/* ---- conditions --------------------------------------------------------------------------- */

/* A word need not be all of a text: as if stars stood around it. */
static bool anywhere(struct spanlog_lexer *lexer, struct spanlog_where_value *value) {
    uint32_t size = value->text.size;
    char *pattern = spanlog_arena_alloc(lexer->arena, size + (size_t)2);
    if (!pattern)
        return spanlog_lexer_no_memory(lexer);
    pattern[0] = pattern[size + 1] = '*';
    memcpy(pattern + 1, value->text.data, size);
    value->pattern = (struct spanlog_text){pattern, size + 2};
    return true;
}

static bool text_leaf(struct spanlog_lexer *lexer, const struct spanlog_token *token,
                      struct spanlog_where_leaf *ret) {
    bool word = token->kind == SPANLOG_TOKEN_WORD;
    ret->source = SPANLOG_WHERE_TEXT;
    ret->op = SPANLOG_TOKEN_EQ;
    ret->value = (struct spanlog_where_value){.text = token->text, .quoted = !word};
    longest_piece(&ret->value);
    if (word && strchr(token->text.data, '*')) {
        ret->value.type = SPANLOG_WHERE_IS_PATTERN;
        if (!anywhere(lexer, &ret->value))
            return false;
    } else {
        ret->value.word = token->text;
    }
    if (ret->value.word.size == 0)
        return spanlog_lexer_fail(lexer, token->begin, "this matches every line: expected letters");
    return true;
}

static bool regex_leaf(struct spanlog_lexer *lexer, struct spanlog_where_leaf *ret) {
    spanlog_lexer_regex(lexer);
    if (lexer->token.kind == SPANLOG_TOKEN_BAD)
        return false;
    ret->source = SPANLOG_WHERE_LINE;
    ret->op = SPANLOG_TOKEN_TILDE;
    ret->value =
        (struct spanlog_where_value){.type = SPANLOG_WHERE_IS_REGEX, .text = lexer->token.text};
    if (!check_regex(lexer, &lexer->token))
        return false;
    spanlog_lexer_next(lexer);
    return true;
}

bool spanlog_where_leaf_parse(struct spanlog_lexer *lexer, bool in_braces,
                              struct spanlog_where_leaf *ret) {
    struct spanlog_token token = lexer->token;
    char shown[64];
    *ret = (struct spanlog_where_leaf){.in_braces = in_braces};
    if (token.kind == SPANLOG_TOKEN_BAD)
        return false;
    bool word = token.kind == SPANLOG_TOKEN_WORD, name = token.kind == SPANLOG_TOKEN_NAME;
    if (!word && !name && (in_braces || token.kind != SPANLOG_TOKEN_STRING))
        return spanlog_lexer_fail(lexer, token.begin,
                                  in_braces
                                      ? "expected a condition, such as duration > 100ms, not %s"
                                      : "expected a spanset in braces, a word or a "
                                        "condition, not %s",
                                  spanlog_lexer_shown(lexer, shown));
    if (word && !in_braces && token.text.data[0] == '/')
        return regex_leaf(lexer, ret);
    spanlog_lexer_next(lexer);
    if (lexer->token.kind == SPANLOG_TOKEN_BAD)
        return false;
    ret->op = lexer->token.kind;
    if (!spanlog_token_compares(ret->op)) {
        if (in_braces || name)
            return spanlog_lexer_fail(
                lexer, lexer->token.begin, "expected a comparison after \"%.*s\", such as = or >",
                (int)(token.end - token.begin > 60 ? 60 : token.end - token.begin),
                lexer->source + token.begin);
        return text_leaf(lexer, &token, ret);
    }
    if (token.kind == SPANLOG_TOKEN_STRING)
        return spanlog_lexer_fail(lexer, token.begin,
                                  "expected the name of a field before \"%s\"; an odd name is "
                                  "written .\"like this\"",
                                  spanlog_comparison_text(ret->op));
    if (!find_field(lexer, &token, ret))
        return false;
    spanlog_lexer_next(lexer);
    size_t at = lexer->token.begin;
    return spanlog_where_value_parse(lexer, ret->op, &ret->value) && check_value(lexer, ret, at);
}
