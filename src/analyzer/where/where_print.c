/* analyzer/where/where_print.c: an expression, or what is wrong with it, as text; see where.h. */
#include "src/analyzer/where/where_parts.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- expressions -------------------------------------------------------------------------- */

static void put_quoted(FILE *out, struct spanlog_text text) {
    fputc('"', out);
    for (uint32_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        if (c == '"' || c == '\\')
            fprintf(out, "\\%c", c);
        else if (c == '\n' || c == '\t' || c == '\r')
            fputs(c == '\n' ? "\\n" : c == '\t' ? "\\t" : "\\r", out);
        else
            fputc(c, out);
    }
    fputc('"', out);
}

static void put_line_regex(FILE *out, const char *p) {
    fputc('/', out);
    for (; *p; p++) {
        if (*p == '\\' && p[1])
            fputc(*p++, out);
        else if (*p == '/')
            fputc('\\', out);
        fputc(*p, out);
    }
    fputc('/', out);
}

static void put_value(FILE *out, const struct spanlog_where_leaf *leaf) {
    const struct spanlog_where_value *value = &leaf->value;
    bool text = value->type == SPANLOG_WHERE_IS_TEXT || value->type == SPANLOG_WHERE_IS_REGEX;
    bool enumerated = leaf->source == SPANLOG_WHERE_STATUS || leaf->source == SPANLOG_WHERE_KIND ||
                      leaf->source == SPANLOG_WHERE_LEVEL;
    if (text && !enumerated)
        put_quoted(out, value->text);
    else
        fputs(value->text.data, out);
}

static void put_leaf(FILE *out, const struct spanlog_where_leaf *leaf) {
    if (leaf->source == SPANLOG_WHERE_LINE) {
        put_line_regex(out, leaf->value.text.data);
        return;
    }
    if (leaf->source != SPANLOG_WHERE_TEXT) {
        struct spanlog_where_name name = spanlog_where_field_name(leaf);
        fputs(name.dot, out);
        if (name.quoted)
            put_quoted(out, name.text);
        else
            fputs(name.text.data, out);
        fprintf(out, " %s ", spanlog_comparison_text(leaf->op));
    }
    put_value(out, leaf);
}

static const char *const signs[] = {
    [SPANLOG_WHERE_AND] = "&&",        [SPANLOG_WHERE_OR] = "||",
    [SPANLOG_WHERE_DESCENDANT] = ">>", [SPANLOG_WHERE_CHILD] = ">",
    [SPANLOG_WHERE_ANCESTOR] = "<<",   [SPANLOG_WHERE_PARENT] = "<",
    [SPANLOG_WHERE_SIBLING] = "~",     [SPANLOG_WHERE_FILTER] = "|"};

static void put_node(FILE *out, const struct spanlog_where *where, uint8_t number);

/* All operators with two sides group to the left: a chain of one needs no brackets. */
static void put_operand(FILE *out, const struct spanlog_where *where, uint8_t number,
                        uint8_t chain) {
    uint8_t op = where->nodes[number].op;
    bool brackets = signs[op < SPANLOG_WHERE_FILTER + 1 ? op : 0] && op != chain;
    if (brackets)
        fputs("(", out);
    put_node(out, where, number);
    if (brackets)
        fputs(")", out);
}

/* Recurses once per operator, of which there are SPANLOG_WHERE_NODES_MAX at most. */
static void put_node(FILE *out, const struct spanlog_where *where, uint8_t number) {
    const struct spanlog_where_node *node = &where->nodes[number];
    switch (node->op) {
    case SPANLOG_WHERE_LEAF:
        put_leaf(out, &where->leaves[node->leaf]);
        return;
    case SPANLOG_WHERE_NOT:
        fputs("!", out);
        put_operand(out, where, node->left, SPANLOG_WHERE_LEAF);
        return;
    case SPANLOG_WHERE_SPANSET:
        fputs(node->left == SPANLOG_WHERE_NONE ? "{}" : "{ ", out);
        if (node->left != SPANLOG_WHERE_NONE) {
            put_node(out, where, node->left);
            fputs(" }", out);
        }
        return;
    case SPANLOG_WHERE_FILTER:
        put_operand(out, where, node->left, node->op);
        fprintf(out, " | %s(%s) %s %s", spanlog_where_aggregates[node->aggregate],
                node->aggregate == SPANLOG_WHERE_COUNT ? "" : "duration",
                spanlog_comparison_text(node->comparison), node->value.text.data);
        return;
    default:
        put_operand(out, where, node->left, node->op);
        fprintf(out, " %s ", signs[node->op]);
        put_operand(out, where, node->right, SPANLOG_WHERE_LEAF);
    }
}

char *spanlog_where_print(const struct spanlog_where *where) {
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return NULL;
    put_node(out, where, where->root);
    if (fclose(out) == 0)
        return text;
    free(text);
    return NULL;
}

/* ---- errors ------------------------------------------------------------------------------- */

/* How much of a long expression is shown on either side of the mistake. */
#define SHOWN_AROUND 60

static bool continues_character(char c) {
    return (c & 0xc0) == 0x80;
}

static void put_place(FILE *out, const char *text, size_t column) {
    size_t size = strlen(text), begin = 0, end = size, caret = 2;
    column = column > size ? size : column;
    if (column > SHOWN_AROUND)
        begin = column - SHOWN_AROUND;
    if (size - column > SHOWN_AROUND)
        end = column + SHOWN_AROUND;
    while (begin > 0 && continues_character(text[begin]))
        begin--;
    while (end < size && continues_character(text[end]))
        end++;
    fprintf(out, "  %s", begin > 0 ? "..." : "");
    caret += begin > 0 ? 3 : 0;
    for (size_t i = begin; i < end; i++) {
        fputc((unsigned char)text[i] < ' ' || text[i] == 0x7f ? ' ' : text[i], out);
        caret += i < column && !continues_character(text[i]);
    }
    fprintf(out, "%s\n%*s^\n", end < size ? "..." : "", (int)caret, "");
}

char *spanlog_where_explain(const char *option, const char *text,
                            const struct spanlog_where_error *error) {
    char *lines = NULL;
    size_t size;
    FILE *out = open_memstream(&lines, &size);
    if (!out)
        return NULL;
    fprintf(out, "%s: %s\n", option, error->message);
    put_place(out, text, error->column);
    if (fclose(out) == 0)
        return lines;
    free(lines);
    return NULL;
}
