/* analyzer/check/assert.c: see assert.h. */
#include "src/analyzer/check/assert.h"

#include <errno.h>
#include <math.h>

#include "formatters/number.h"
#include "src/analyzer/where/where_parts.h"

#define ASSERT_TEXT_MAX 4096

static const struct {
    const char *name;
    uint8_t kind;
} kinds[] = {{"max", SPANLOG_ASSERT_MAX},         {"min", SPANLOG_ASSERT_MIN},
             {"mean", SPANLOG_ASSERT_MEAN},       {"count", SPANLOG_ASSERT_COUNT},
             {"errors", SPANLOG_ASSERT_ERRORS},   {"rate", SPANLOG_ASSERT_RATE},
             {"orphans", SPANLOG_ASSERT_ORPHANS}, {"error_share", SPANLOG_ASSERT_ERROR_SHARE},
             {"lost", SPANLOG_ASSERT_LOST},       {"spans", SPANLOG_ASSERT_SPANS},
             {"traces", SPANLOG_ASSERT_TRACES}};

static uint8_t peek(const struct spanlog_lexer *lexer) {
    return lexer->token.kind;
}

static bool expected(struct spanlog_lexer *lexer, const char *what) {
    char shown[64];
    return spanlog_lexer_fail(lexer, lexer->token.begin, "expected %s, not %s", what,
                              spanlog_lexer_shown(lexer, shown));
}

/* ---- what is measured --------------------------------------------------------------------- */

static bool read_quantile(struct spanlog_text word, struct spanlog_assert *ret) {
    double percent;
    if (word.data[0] != 'p' || spanlog_read_double(word.data + 1, word.size - 1, &percent) < 0 ||
        !(percent > 0 && percent <= 100))
        return false;
    ret->kind = SPANLOG_ASSERT_QUANTILE;
    ret->quantile = percent / 100;
    return true;
}

static bool parse_kind(struct spanlog_lexer *lexer, struct spanlog_assert *ret) {
    bool found = peek(lexer) == SPANLOG_TOKEN_WORD && read_quantile(lexer->token.text, ret);
    for (size_t i = 0; peek(lexer) == SPANLOG_TOKEN_WORD && i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(lexer->token.text.data, kinds[i].name) == 0) {
            ret->kind = kinds[i].kind;
            found = true;
        }
    if (!found)
        return expected(lexer, "p50, p99, max, min, mean, count, errors, rate, error_share, "
                               "orphans, lost, spans or traces");
    spanlog_lexer_next(lexer);
    return true;
}

/* ---- of which spans ----------------------------------------------------------------------- */

static bool is_name(const struct spanlog_lexer *lexer) {
    return peek(lexer) == SPANLOG_TOKEN_WORD || peek(lexer) == SPANLOG_TOKEN_STRING;
}

/* `operation`, `service/operation` or `service/"the operation"`. */
static bool parse_path(struct spanlog_lexer *lexer, struct spanlog_token token,
                       struct spanlog_assert *ret) {
    const char *slash = strchr(token.text.data, '/');
    ret->operation = token.text;
    if (token.kind == SPANLOG_TOKEN_STRING || !slash || slash == token.text.data)
        return true;
    ret->service = (struct spanlog_text){token.text.data, (uint32_t)(slash - token.text.data)};
    ret->operation = (struct spanlog_text){slash + 1, token.text.size - ret->service.size - 1};
    if (ret->operation.size > 0)
        return true;
    if (peek(lexer) != SPANLOG_TOKEN_STRING)
        return expected(lexer, "an operation after the slash");
    ret->operation = lexer->token.text;
    spanlog_lexer_next(lexer);
    return true;
}

/* `service=NAME`; the lexer is at the sign. */
static bool parse_named(struct spanlog_lexer *lexer, struct spanlog_token token,
                        struct spanlog_assert *ret) {
    bool service = strcmp(token.text.data, "service") == 0;
    struct spanlog_text *name = service ? &ret->service : &ret->operation;
    if (token.kind != SPANLOG_TOKEN_WORD || (!service && strcmp(token.text.data, "operation") != 0))
        return spanlog_lexer_fail(lexer, token.begin, "expected service= or operation=");
    if (name->data)
        return spanlog_lexer_fail(lexer, token.begin, "%s stands here for the second time",
                                  token.text.data);
    spanlog_lexer_next(lexer);
    if (!is_name(lexer))
        return expected(lexer, "a name after \"=\"");
    *name = lexer->token.text;
    spanlog_lexer_next(lexer);
    return true;
}

static bool parse_selection(struct spanlog_lexer *lexer, struct spanlog_assert *ret) {
    struct spanlog_token token = lexer->token;
    if (!is_name(lexer))
        return expected(lexer, "an operation, service/operation, service= or operation=");
    spanlog_lexer_next(lexer);
    if (peek(lexer) != SPANLOG_TOKEN_EQ)
        return parse_path(lexer, token, ret);
    for (;;) {
        if (!parse_named(lexer, token, ret))
            return false;
        if (peek(lexer) != SPANLOG_TOKEN_COMMA)
            return true;
        spanlog_lexer_next(lexer);
        token = lexer->token;
        if (!is_name(lexer))
            return expected(lexer, "service= or operation=");
        spanlog_lexer_next(lexer);
        if (peek(lexer) != SPANLOG_TOKEN_EQ)
            return expected(lexer, "\"=\"");
    }
}

static bool parse_brackets(struct spanlog_lexer *lexer, struct spanlog_assert *ret) {
    if (peek(lexer) != SPANLOG_TOKEN_OPEN)
        return true;
    if (ret->kind >= SPANLOG_ASSERT_ORPHANS)
        return spanlog_lexer_fail(lexer, lexer->token.begin,
                                  "this counts the whole input: expected a comparison");
    spanlog_lexer_next(lexer);
    if (peek(lexer) != SPANLOG_TOKEN_CLOSE && !parse_selection(lexer, ret))
        return false;
    if (peek(lexer) != SPANLOG_TOKEN_CLOSE)
        return expected(lexer, "\")\"");
    spanlog_lexer_next(lexer);
    return true;
}

/* ---- against what ------------------------------------------------------------------------- */

/* A number that is not negative, and what stands behind it. */
static bool read_number(struct spanlog_text word, double *ret, const char **rest) {
    size_t size = strspn(word.data, "0123456789.eE");
    *rest = word.data + size;
    return size > 0 && spanlog_read_double(word.data, size, ret) == 0;
}

static bool read_wanted(struct spanlog_text word, struct spanlog_assert *ret) {
    const char *rest;
    uint64_t ns;
    if (ret->kind <= SPANLOG_ASSERT_MEAN) {
        bool read = spanlog_duration_read(word.data, &ns);
        ret->wanted = read ? (double)ns : 0;
        return read;
    }
    if (!read_number(word, &ret->wanted, &rest))
        return false;
    if (ret->kind == SPANLOG_ASSERT_RATE && *rest == '/') {
        ret->wanted /= rest[1] == 's' ? 1 : rest[1] == 'm' ? 60 : 3600;
        return rest[1] && strchr("smh", rest[1]) && rest[2] == 0;
    }
    if (ret->kind == SPANLOG_ASSERT_ERROR_SHARE && strcmp(rest, "%") == 0) {
        ret->wanted /= 100;
        return ret->wanted <= 1;
    }
    return *rest == 0 && (ret->kind != SPANLOG_ASSERT_ERROR_SHARE || ret->wanted <= 1);
}

static bool parse_comparison(struct spanlog_lexer *lexer, struct spanlog_assert *ret) {
    if (!spanlog_token_compares(peek(lexer)) || peek(lexer) >= SPANLOG_TOKEN_RE)
        return expected(lexer, "one of == != < <= > >=");
    ret->comparison = peek(lexer);
    spanlog_lexer_next(lexer);
    if (peek(lexer) == SPANLOG_TOKEN_WORD && read_wanted(lexer->token.text, ret)) {
        spanlog_lexer_next(lexer);
        return true;
    }
    if (ret->kind <= SPANLOG_ASSERT_MEAN)
        return expected(lexer, "a duration, such as 200ms");
    if (ret->kind == SPANLOG_ASSERT_RATE)
        return expected(lexer, "a rate, such as 5/s");
    if (ret->kind == SPANLOG_ASSERT_ERROR_SHARE)
        return expected(lexer, "a share, such as 1% or 0.01");
    return expected(lexer, "a number");
}

/* ---- all ---------------------------------------------------------------------------------- */

/* Without blanks and a comment around it. */
static struct spanlog_text trimmed(const char *text, size_t begin, size_t end) {
    while (end > begin && strchr(" \t\r\n", text[end - 1]))
        end--;
    return (struct spanlog_text){text + begin, (uint32_t)(end - begin)};
}

int spanlog_assert_parse(const char *text, struct spanlog_arena *arena, struct spanlog_assert *ret,
                         struct spanlog_where_error *error) {
    struct spanlog_lexer lexer = {
        .source = text, .assertion = true, .arena = arena, .error = error};
    *ret = (struct spanlog_assert){.service = {NULL, 0}};
    if (strlen(text) > ASSERT_TEXT_MAX) {
        spanlog_lexer_fail(&lexer, 0, "the assertion is longer than %d bytes", ASSERT_TEXT_MAX);
        return lexer.rc;
    }
    spanlog_lexer_next(&lexer);
    size_t begin = lexer.token.begin;
    if (parse_kind(&lexer, ret) && parse_brackets(&lexer, ret) && parse_comparison(&lexer, ret) &&
        peek(&lexer) != SPANLOG_TOKEN_END)
        expected(&lexer, "the end");
    if (lexer.rc)
        return lexer.rc;
    struct spanlog_text all = trimmed(text, begin, lexer.token.begin);
    ret->text = spanlog_arena_text(arena, all.data, all.size);
    return ret->text.data ? 0 : -ENOMEM;
}

static bool is_empty_line(const char *line) {
    line += strspn(line, " \t\r");
    return *line == 0 || *line == '#';
}

static int parse_line(struct spanlog_asserts *ret, size_t size, struct spanlog_arena *arena,
                      struct spanlog_where_error *error) {
    if (strlen(ret->line_text) != size) {
        *error =
            (struct spanlog_where_error){"a NUL byte: this is no text", strlen(ret->line_text)};
        return -EINVAL;
    }
    if (is_empty_line(ret->line_text))
        return 0;
    int rc = spanlog_assert_parse(ret->line_text, arena, &ret->list[ret->count], error);
    ret->count += rc == 0;
    return rc;
}

int spanlog_asserts_parse(const char *text, size_t size, struct spanlog_arena *arena,
                          struct spanlog_asserts *ret, struct spanlog_where_error *error) {
    size_t lines = 1;
    for (size_t i = 0; i < size; i++)
        lines += text[i] == '\n';
    *ret = (struct spanlog_asserts){.list = spanlog_arena_array(arena, lines, sizeof *ret->list)};
    if (!ret->list)
        return -ENOMEM;
    for (const char *p = text, *end = text + size, *next; p < end; p = next) {
        const char *stop = memchr(p, '\n', (size_t)(end - p));
        next = stop ? stop + 1 : end;
        size_t line_size = (size_t)((stop ? stop : end) - p);
        ret->line++;
        ret->line_text = spanlog_arena_text(arena, p, line_size).data;
        if (!ret->line_text)
            return -ENOMEM;
        int rc = parse_line(ret, line_size, arena, error);
        if (rc < 0)
            return rc;
    }
    return 0;
}

bool spanlog_assert_holds(const struct spanlog_assert *assert, spanlog_assert_figure *figure,
                          void *argument, double *ret_figure) {
    *ret_figure = figure(argument, assert);
    return !isnan(*ret_figure) &&
           spanlog_where_number_holds(assert->comparison, *ret_figure, assert->wanted);
}
