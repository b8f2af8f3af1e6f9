/* analyzer/unpack/wrapped.c: see wrapped.h. */
#include "src/analyzer/unpack/wrapped.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define DOCKER_PART_SIZE 16384 /* where docker cuts a line */
#define SHORT_PARTS_MAX 8      /* one after the other: these are no parts */

enum { OUT, ERR, OTHER, STREAMS };

struct part {
    uint8_t stream;
    bool is_partial;
};

static bool begins(const char *p, const char *end, const char *with) {
    size_t size = strlen(with);
    return (size_t)(end - p) >= size && memcmp(p, with, size) == 0;
}

/* ---- one line ----------------------------------------------------------------------------- */

/* "2026-11-21T10:30:45.123456789+01:00 stdout P text": the byte of the stream's name, or NULL. */
static const char *cri_stream(const char *p, const char *end) {
    static const char form[] = "dddd-dd-ddTdd:dd:dd";
    if (end - p < (ptrdiff_t)sizeof form)
        return NULL;
    for (size_t i = 0; i < sizeof form - 1; i++)
        if (form[i] == 'd' ? (unsigned char)(p[i] - '0') > 9 : p[i] != form[i])
            return NULL;
    size_t most = (size_t)(end - p) < 40 ? (size_t)(end - p) : 40;
    const char *blank = memchr(p, ' ', most);
    if (!blank || !(begins(blank + 1, end, "stdout ") || begins(blank + 1, end, "stderr ")))
        return NULL;
    return blank + 1;
}

static bool cri_part(const char *line, const char *end, struct part *ret) {
    const char *stream = cri_stream(line, end);
    if (!stream || end - stream < 8)
        return false;
    const char *tag = stream + 7;
    bool tag_ends = tag + 1 == end || tag[1] == ' ' || tag[1] == ':';
    if (!tag_ends || (*tag != 'P' && *tag != 'F'))
        return false;
    *ret = (struct part){stream[3] == 'o' ? OUT : ERR, *tag == 'P'};
    return true;
}

/* Whether the string that ends here does so in \n: in an odd number of backslashes and an n. */
static bool ends_in_newline(const char *begin, const char *quote) {
    size_t escapes = 0;
    if (quote == begin || quote[-1] != 'n')
        return false;
    for (const char *p = quote - 1; p > begin && p[-1] == '\\'; p--)
        escapes++;
    return escapes % 2 == 1;
}

static bool docker_part(const char *line, const char *end, struct part *ret) {
    static const char head[] = "{\"log\":\"", next[] = "\",\"stream\":\"";
    if (!begins(line, end, head))
        return false;
    const char *text = line + sizeof head - 1;
    /* No string holds this unescaped; nearly always it is in the last bytes. */
    const char *from = end - text > 128 ? end - 128 : text - 1;
    const char *quote = memmem(from, (size_t)(end - from), next, sizeof next - 1);
    if (!quote)
        quote = memmem(text - 1, (size_t)(end - text) + 1, next, sizeof next - 1);
    if (!quote || quote < text)
        return false;
    const char *stream = quote + sizeof next - 1;
    ret->stream = begins(stream, end, "stdout\"")   ? OUT
                  : begins(stream, end, "stderr\"") ? ERR
                                                    : OTHER;
    ret->is_partial = !ends_in_newline(text, quote);
    return true;
}

/* What is of neither kind is a record of its own. */
static struct part part_of(const char *line, const char *end) {
    struct part part = {OTHER, false};
    if (!docker_part(line, end, &part))
        cri_part(line, end, &part);
    return part;
}

bool spanlog_wrapped_is(const char *head, size_t size) {
    struct part part;
    return begins(head, head + size, "{\"log\":\"") || cri_part(head, head + size, &part);
}

/* ---- lines -------------------------------------------------------------------------------- */

static const char *newline_of(const char *line, const char *end) {
    return memchr(line, '\n', (size_t)(end - line));
}

int spanlog_wrapped_check(const char *begin, const char *end) {
    struct part part;
    if (!spanlog_wrapped_is(begin, (size_t)(end - begin)))
        return 0;
    unsigned partial = 0;
    for (const char *line = begin, *newline; line < end; line = newline + 1) {
        newline = newline_of(line, end);
        if (!newline)
            break;
        if (!docker_part(line, newline, &part) || !part.is_partial)
            return 1;
        bool is_short = newline - line < DOCKER_PART_SIZE;
        if (is_short && ++partial == SHORT_PARTS_MAX)
            return 0;
    }
    return -1;
}

char *spanlog_wrapped_cut(char *begin, char *end, bool *ret_is_mixed) {
    unsigned open = 0; /* bits of the streams */
    char *cut = NULL;
    bool is_mixed = false;
    *ret_is_mixed = false;
    for (const char *line = begin, *newline; line < end; line = newline + 1) {
        newline = newline_of(line, end);
        if (!newline)
            break;
        struct part part = part_of(line, newline);
        unsigned bit = 1u << part.stream;
        is_mixed = is_mixed || (open & ~bit) != 0;
        open = part.is_partial ? open | bit : open & ~bit;
        if (open == 0) {
            cut = begin + (newline + 1 - begin);
            *ret_is_mixed = is_mixed;
        }
    }
    return cut;
}

static char *append(char *out, const char *line, const char *newline) {
    size_t size = (size_t)(newline + 1 - line);
    memcpy(out, line, size);
    return out + size;
}

/* What continues a record of this stream, from `line` on. Returns the output's new end; *ret_next:
 * the lines of this stream before that are taken. */
static char *append_rest(char *out, const char *line, const char *end, uint8_t stream,
                         const char **ret_next) {
    for (const char *newline; line < end; line = newline + 1) {
        newline = newline_of(line, end);
        struct part part = part_of(line, newline);
        if (part.stream != stream)
            continue;
        out = append(out, line, newline);
        *ret_next = newline + 1;
        if (!part.is_partial)
            break;
    }
    return out;
}

int spanlog_wrapped_sort(char *begin, const char *end) {
    const char *taken[STREAMS] = {begin, begin, begin};
    char *sorted = malloc((size_t)(end - begin) + 1), *out = sorted;
    if (!sorted)
        return -ENOMEM;
    for (const char *line = begin, *newline; line < end; line = newline + 1) {
        newline = newline_of(line, end);
        struct part part = part_of(line, newline);
        if (line < taken[part.stream])
            continue;
        out = append(out, line, newline);
        if (part.is_partial)
            out = append_rest(out, newline + 1, end, part.stream, &taken[part.stream]);
    }
    memcpy(begin, sorted, (size_t)(out - sorted));
    free(sorted);
    return 0;
}

const char *spanlog_wrapped_end(const char *line, const char *chunk_end) {
    const char *newline = newline_of(line, chunk_end);
    struct part part = part_of(line, newline);
    uint8_t stream = part.stream;
    while (part.is_partial && newline + 1 < chunk_end) {
        const char *next = newline_of(newline + 1, chunk_end);
        part = part_of(newline + 1, next);
        if (part.stream != stream)
            break;
        newline = next;
    }
    return newline;
}
