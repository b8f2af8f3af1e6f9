/* analyzer/where/where_lex.c: the tokens of --where; see where_parts.h. */
#include "src/analyzer/where/where_parts.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

bool spanlog_lexer_fail(struct spanlog_lexer *lexer, size_t at, const char *format, ...) {
    if (lexer->rc == 0) {
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(lexer->error->message, sizeof lexer->error->message, format, arguments);
        va_end(arguments);
        lexer->error->column = at;
        lexer->rc = -EINVAL;
    }
    lexer->token.kind = SPANLOG_TOKEN_BAD;
    return false;
}

bool spanlog_lexer_no_memory(struct spanlog_lexer *lexer) {
    lexer->rc = -ENOMEM;
    lexer->token.kind = SPANLOG_TOKEN_BAD;
    return false;
}

const char *spanlog_lexer_shown(const struct spanlog_lexer *lexer, char room[64]) {
    const struct spanlog_token *token = &lexer->token;
    size_t size = token->end - token->begin, most = 40;
    if (token->kind == SPANLOG_TOKEN_END)
        return "the end";
    while (size > most && (lexer->source[token->begin + most] & 0xc0) == 0x80)
        most--;
    snprintf(room, 64, "\"%.*s%s\"", (int)(size > most ? most : size), lexer->source + token->begin,
             size > most ? "..." : "");
    return room;
}

/* ---- words -------------------------------------------------------------------------------- */

static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_word_char(char c) {
    return (unsigned char)c > ' ' && c != 0x7f && !strchr("\"`'(){}=!<>~&|\\", c);
}

bool spanlog_lexer_is_word(struct spanlog_text text) {
    for (uint32_t i = 0; i < text.size; i++)
        if (!is_word_char(text.data[i]))
            return false;
    return text.size > 0;
}

static bool is_source(const struct spanlog_lexer *lexer, size_t begin, const char *text) {
    size_t size = lexer->at - begin;
    return size == strlen(text) && memcmp(lexer->source + begin, text, size) == 0;
}

static bool keep_text(struct spanlog_lexer *lexer, const char *data, size_t size) {
    lexer->token.text = spanlog_arena_text(lexer->arena, data, size);
    return lexer->token.text.data || spanlog_lexer_no_memory(lexer);
}

static void finish(struct spanlog_lexer *lexer, uint8_t kind) {
    if (lexer->token.kind != SPANLOG_TOKEN_BAD)
        lexer->token.kind = kind;
    lexer->token.end = lexer->at;
}

/* ---- texts -------------------------------------------------------------------------------- */

static char escaped_char(char c) {
    switch (c) {
    case 'n':
        return '\n';
    case 't':
        return '\t';
    case 'r':
        return '\r';
    default:
        return c == '"' || c == '\\' ? c : 0;
    }
}

/* At a quote or a backtick; leaves the lexer behind the closing one. */
static bool read_string(struct spanlog_lexer *lexer) {
    const char *source = lexer->source;
    size_t open = lexer->at, size = 0;
    char quote = source[lexer->at++];
    char *text = spanlog_arena_alloc(lexer->arena, strlen(source + open) + 8);
    if (!text)
        return spanlog_lexer_no_memory(lexer);
    for (; source[lexer->at] != quote; lexer->at++) {
        char c = source[lexer->at];
        if (c == 0)
            return spanlog_lexer_fail(lexer, open, "this text does not end: a %s is missing",
                                      quote == '`' ? "backtick" : "quote");
        if (c == '\\' && quote == '"') {
            c = escaped_char(source[lexer->at + 1]);
            if (!c)
                return spanlog_lexer_fail(lexer, lexer->at,
                                          "expected \\\" \\\\ \\n \\r or \\t; between backticks "
                                          "a backslash stands for itself");
            lexer->at++;
        }
        text[size++] = c;
    }
    lexer->at++;
    memset(text + size, 0, 8);
    lexer->token.text = (struct spanlog_text){text, (uint32_t)size};
    return true;
}

/* A backslash before a slash is taken away, all others belong to the regex. */
void spanlog_lexer_regex(struct spanlog_lexer *lexer) {
    const char *source = lexer->source;
    size_t open = lexer->token.begin, size = 0;
    char *text = spanlog_arena_alloc(lexer->arena, strlen(source + open) + 8);
    if (!text) {
        spanlog_lexer_no_memory(lexer);
        return;
    }
    for (lexer->at = open + 1; source[lexer->at] != '/'; lexer->at++) {
        if (source[lexer->at] == 0) {
            spanlog_lexer_fail(lexer, open,
                               "this regex does not end: a / is missing (a path needs quotes)");
            return;
        }
        if (source[lexer->at] == '\\' && source[lexer->at + 1] == '/')
            lexer->at++;
        else if (source[lexer->at] == '\\' && source[lexer->at + 1])
            text[size++] = source[lexer->at++];
        text[size++] = source[lexer->at];
    }
    lexer->at++;
    memset(text + size, 0, 8);
    lexer->token.text = (struct spanlog_text){text, (uint32_t)size};
    finish(lexer, SPANLOG_TOKEN_STRING);
}

static void read_word(struct spanlog_lexer *lexer) {
    const char *source = lexer->source;
    size_t begin = lexer->at;
    while (is_word_char(source[lexer->at]) && !(lexer->assertion && source[lexer->at] == ','))
        lexer->at++;
    bool dot = is_source(lexer, begin, ".") || is_source(lexer, begin, "span.") ||
               is_source(lexer, begin, "resource.");
    if (dot && (source[lexer->at] == '"' || source[lexer->at] == '`')) {
        if (read_string(lexer))
            finish(lexer, SPANLOG_TOKEN_NAME);
        return;
    }
    if (!keep_text(lexer, source + begin, lexer->at - begin))
        return;
    finish(lexer, is_source(lexer, begin, "AND")   ? SPANLOG_TOKEN_AND
                  : is_source(lexer, begin, "OR")  ? SPANLOG_TOKEN_OR
                  : is_source(lexer, begin, "NOT") ? SPANLOG_TOKEN_NOT
                                                   : SPANLOG_TOKEN_WORD);
}

/* ---- signs -------------------------------------------------------------------------------- */

static const struct {
    char text[4]; /* longer ones before those that they begin with */
    uint8_t kind;
} signs[] = {
    {"=~", SPANLOG_TOKEN_RE},         {"!=", SPANLOG_TOKEN_NE},       {"!~", SPANLOG_TOKEN_NRE},
    {"<=", SPANLOG_TOKEN_LE},         {">=", SPANLOG_TOKEN_GE},       {"&&", SPANLOG_TOKEN_AND},
    {">>", SPANLOG_TOKEN_DESCENDANT}, {"<<", SPANLOG_TOKEN_ANCESTOR}, {"||", SPANLOG_TOKEN_OR},
    {"=", SPANLOG_TOKEN_EQ},          {"<", SPANLOG_TOKEN_LT},        {">", SPANLOG_TOKEN_GT},
    {"~", SPANLOG_TOKEN_TILDE},       {"!", SPANLOG_TOKEN_NOT},       {"|", SPANLOG_TOKEN_PIPE},
    {"(", SPANLOG_TOKEN_OPEN},        {")", SPANLOG_TOKEN_CLOSE},     {"{", SPANLOG_TOKEN_BEGIN},
    {"}", SPANLOG_TOKEN_FINISH}};

const char *spanlog_comparison_text(uint8_t token_kind) {
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++)
        if (signs[i].kind == token_kind)
            return signs[i].text;
    return "";
}

static bool refuse_char(struct spanlog_lexer *lexer, char c) {
    if (c == '&')
        return spanlog_lexer_fail(lexer, lexer->at, "expected && in place of a single &");
    if (c == '\'')
        return spanlog_lexer_fail(lexer, lexer->at,
                                  "texts stand between \"double quotes\" or `backticks`");
    if (c == '\\')
        return spanlog_lexer_fail(lexer, lexer->at, "a backslash can only stand inside quotes");
    return spanlog_lexer_fail(lexer, lexer->at, "a control character cannot stand here");
}

void spanlog_lexer_next(struct spanlog_lexer *lexer) {
    const char *source = lexer->source;
    if (lexer->rc)
        return;
    while (is_blank(source[lexer->at]))
        lexer->at++;
    lexer->token = (struct spanlog_token){.begin = lexer->at, .end = lexer->at};
    char c = source[lexer->at];
    if (c == 0 || (c == '#' && lexer->assertion))
        return;
    if (c == ',' && lexer->assertion) {
        lexer->at++;
        finish(lexer, SPANLOG_TOKEN_COMMA);
        return;
    }
    if (c == '"' || c == '`') {
        if (read_string(lexer))
            finish(lexer, SPANLOG_TOKEN_STRING);
        return;
    }
    if (is_word_char(c)) {
        read_word(lexer);
        return;
    }
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++) {
        size_t size = strlen(signs[i].text);
        if (strncmp(source + lexer->at, signs[i].text, size) == 0) {
            lexer->at += size;
            bool twice = signs[i].kind == SPANLOG_TOKEN_EQ && source[lexer->at] == '=';
            lexer->at += twice && lexer->assertion;
            if (twice && !lexer->assertion) {
                spanlog_lexer_fail(lexer, lexer->at, "one = is enough to compare");
                return;
            }
            finish(lexer, signs[i].kind);
            return;
        }
    }
    refuse_char(lexer, c);
}
