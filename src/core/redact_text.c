/* core/redact_text.c: what must not be said inside texts and JSON. See redact.h. */
#include "src/core/redact.h"

#include <string.h>
#if defined(__SSE2__) && !defined(SPANLOG_PORTABLE)
#include <emmintrin.h>
#endif

#define RUN_MOST 256u /* of a '*' that something follows */
#define MASK_SIZE (sizeof REDACT_MASK - 1)

/* ---- output ---------------------------------------------------------------------------------- */

struct output {
    char *at;
    size_t left;
    size_t size;
    bool full;
    bool masked;
};

static void put(struct output *out, const char *data, size_t size) {
    if (size > out->left) {
        out->full = true;
        return;
    }
    memcpy(out->at, data, size);
    out->at += size;
    out->left -= size;
    out->size += size;
}

static size_t result(const struct output *out) {
    return !out->masked ? 0 : out->full ? REDACT_NO_ROOM : out->size;
}

/* ---- patterns -------------------------------------------------------------------------------- */

/* What a secret is made of. Not what stands around it in JSON, in headers and in URLs. */
static bool in_word(char c) {
    return (unsigned char)c > ' ' && c != 0x7f && strchr("\"'`<>,;&(){}[]\\", c) == NULL;
}

/* Bytes that the pattern covers at the start of this text; 0: none. */
static size_t match(const struct redact_pattern *pattern, const char *text, size_t size) {
    size_t at = 0;
    for (uint8_t i = 0; i < pattern->count; i++) {
        size_t start = at;
        switch (pattern->kinds[i]) {
        case '*': {
            bool last = i + 1 == pattern->count;
            while (at < size && in_word(text[at]) &&
                   (last || (text[at] != pattern->letters[i + 1] && at - start < RUN_MOST)))
                at++;
            break;
        }
        case '?':
            at += at < size && in_word(text[at]);
            break;
        default:
            at += at < size && text[at] == pattern->letters[i];
        }
        if (at == start)
            return 0;
    }
    return at;
}

/* ---- cards ----------------------------------------------------------------------------------- */

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static bool check_digit_is_right(const char *digits, unsigned count) {
    unsigned sum = 0;
    for (unsigned i = 0; i < count; i++) {
        unsigned digit = (unsigned)(digits[count - 1 - i] - '0');
        unsigned twice = 2 * digit;
        sum += i % 2 == 0 ? digit : twice > 9 ? twice - 9 : twice;
    }
    return sum % 10 == 0;
}

static bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* A run of digits, perhaps in groups parted by one blank or dash each, as a whole: not a part of a
 * hexadecimal id. */
static size_t match_card(const char *text, size_t size, char before) {
    char digits[20];
    unsigned count = 0;
    size_t at = 0;
    if (is_digit(before) || is_letter(before) || size == 0 || text[0] < '2' || text[0] > '6')
        return 0;
    while (at < size) {
        if (is_digit(text[at])) {
            if (count == 19)
                return 0;
            digits[count++] = text[at++];
        } else if ((text[at] == ' ' || text[at] == '-') && at + 1 < size && is_digit(text[at + 1]))
            at++;
        else
            break;
    }
    bool whole = at == size || !is_letter(text[at]);
    return whole && count >= 13 && check_digit_is_right(digits, count) ? at : 0;
}

/* ---- texts ----------------------------------------------------------------------------------- */

/* Whether the pattern is anywhere in the text. Where it is not, its anchor mostly is not either. */
static bool is_found(const struct redact_pattern *pattern, const char *text, size_t size) {
    size_t from = pattern->anchor;
    if (size < pattern->shortest)
        return false;
    while (from < size && !pattern->card) {
        const char *anchor = memchr(text + from, pattern->letters[pattern->anchor], size - from);
        if (anchor == NULL)
            return false;
        const char *start = anchor - pattern->anchor;
        if (match(pattern, start, size - (size_t)(start - text)) > 0)
            return true;
        from = (size_t)(anchor - text) + 1;
    }
    for (size_t i = 0; i < size && pattern->card; i++) {
        if (match_card(text + i, size - i, i > 0 ? text[i - 1] : ' ') > 0)
            return true;
    }
    return false;
}

#if defined(__SSE2__) && !defined(SPANLOG_PORTABLE)
static bool has_anchor_in_16(const struct redact_rules *rules, const char *text) {
    __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)text), found = {0};
    for (uint32_t i = 0; i < rules->anchor_count; i++)
        found = _mm_or_si128(found, _mm_cmpeq_epi8(bytes, _mm_set1_epi8(rules->anchors[i])));
    return _mm_movemask_epi8(found) != 0;
}

/* Whether any pattern may be in the text. Mostly none is, and this is all that a text costs. */
static bool has_anchor(const struct redact_rules *rules, const char *text, size_t size) {
    if (size < 16)
        return true;
    for (size_t at = 0; at + 16 < size; at += 16) {
        if (has_anchor_in_16(rules, text + at))
            return true;
    }
    return has_anchor_in_16(rules, text + size - 16);
}
#else
static bool has_anchor(const struct redact_rules *rules, const char *text, size_t size) {
    for (uint32_t i = 0; i < rules->anchor_count; i++) {
        if (memchr(text, rules->anchors[i], size) != NULL)
            return true;
    }
    return false;
}
#endif

/* The longest match at this place, and how much of it stays. */
static size_t match_any(const struct redact_rules *rules, uint32_t wanted, const char *text,
                        size_t size, char before, size_t *ret_head) {
    size_t longest = 0;
    for (uint32_t i = 0; i < rules->pattern_count; i++) {
        const struct redact_pattern *pattern = &rules->patterns[i];
        if ((wanted >> i & 1u) == 0)
            continue;
        size_t one = pattern->card ? match_card(text, size, before) : match(pattern, text, size);
        if (one <= longest)
            continue;
        longest = one;
        *ret_head = pattern->head == pattern->count ? 0 : pattern->head;
    }
    return longest;
}

size_t redact_text(const struct redact_rules *rules, const char *text, size_t size, char *to,
                   size_t room) {
    uint32_t wanted = 0;
    if (size < rules->shortest || (!rules->cards && !has_anchor(rules, text, size)))
        return 0;
    for (uint32_t i = 0; i < rules->pattern_count; i++)
        wanted |= is_found(&rules->patterns[i], text, size) ? 1u << i : 0;
    if (wanted == 0)
        return 0;
    struct output out = {.at = to, .left = room};
    size_t copied = 0;
    for (size_t at = 0; at < size;) {
        size_t head = 0, covered = match_any(rules, wanted, text + at, size - at,
                                             at > 0 ? text[at - 1] : ' ', &head);
        if (covered == 0) {
            at++;
            continue;
        }
        put(&out, text + copied, at + head - copied);
        put(&out, REDACT_MASK, MASK_SIZE);
        out.masked = true;
        copied = at += covered;
    }
    put(&out, text + copied, size - copied);
    return result(&out);
}

/* ---- JSON ------------------------------------------------------------------------------------ */

/* Behind the string that begins at `at`, or the end. */
static size_t string_end(const char *text, size_t size, size_t at) {
    for (at++; at < size && text[at] != '"'; at++)
        at += text[at] == '\\';
    return at < size ? at + 1 : size;
}

static size_t skip_blanks(const char *text, size_t size, size_t at) {
    while (at < size &&
           (text[at] == ' ' || text[at] == '\t' || text[at] == '\n' || text[at] == '\r'))
        at++;
    return at;
}

/* Behind the value that begins at `at`: of an object or array what closes it. */
static size_t value_end(const char *text, size_t size, size_t at) {
    size_t depth = 0;
    for (; at < size; at++) {
        char c = text[at];
        if (c == '"') {
            at = string_end(text, size, at) - 1;
        } else if (c == '{' || c == '[') {
            depth++;
            continue;
        } else if (c == '}' || c == ']') {
            if (depth == 0)
                return at;
            depth--;
        } else if (depth == 0) {
            if (c == ',')
                return at;
            continue; /* a number or a word */
        }
        if (depth == 0)
            return at + 1;
    }
    return size;
}

size_t redact_json(const struct redact_rules *rules, const char *text, size_t size, char *to,
                   size_t room) {
    struct output out = {.at = to, .left = room};
    size_t copied = 0;
    for (size_t at = 0; at < size && rules->key_count > 0;) {
        if (text[at] != '"') {
            at++;
            continue;
        }
        size_t end = string_end(text, size, at), colon = skip_blanks(text, size, end);
        bool member = colon < size && text[colon] == ':';
        if (!member || end < at + 2 || !redact_key(rules, text + at + 1, end - at - 2)) {
            at = end;
            continue;
        }
        size_t value = skip_blanks(text, size, colon + 1);
        put(&out, text + copied, value - copied);
        put(&out, "\"" REDACT_MASK "\"", MASK_SIZE + 2);
        out.masked = true;
        copied = at = value_end(text, size, value);
    }
    put(&out, text + copied, size - copied);
    return result(&out);
}
