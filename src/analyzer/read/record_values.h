/* analyzer/read/record_values.h: what texts of a line mean, each the quick way first. For record.c
 * and record_brief.c.
 *
 *     uint64_t ns = read_time(reader, text);             0: unreadable
 *     bool there = read_id(text, 32, &record->trace);
 */
#ifndef SPANLOG_ANALYZER_READ_RECORD_VALUES_H
#define SPANLOG_ANALYZER_READ_RECORD_VALUES_H

#include "src/analyzer/read/record.h"

/* ---- times -------------------------------------------------------------------------------- */

/* Lines come by time: most have the second of the one before. */
static inline bool is_same_second(const char *a, const char *b) {
    uint64_t a0, a1, b0, b1;
    uint32_t a2, b2;
    memcpy(&a0, a, 8);
    memcpy(&a1, a + 8, 8);
    memcpy(&a2, a + 16, 4);
    memcpy(&b0, b, 8);
    memcpy(&b1, b + 8, 8);
    memcpy(&b2, b + 16, 4);
    return ((a0 ^ b0) | (a1 ^ b1) | (a2 ^ b2)) == 0;
}

static inline uint64_t read_time(struct spanlog_reader *reader, struct spanlog_text text) {
    const char *p = text.data;
    if (text.size == 30 && is_same_second(p, reader->second) && p[29] == 'Z') {
        unsigned bad = 0, fraction = spanlog_eight_digits(spanlog_load_digits(p + 20), &bad);
        unsigned last = (unsigned char)p[28] - '0';
        bad |= last > 9;
        if (!bad)
            return reader->second_ns + fraction * 10 + last;
    }
    return spanlog_reader_new_time(reader, text);
}

/* ---- ids ---------------------------------------------------------------------------------- */

static inline bool read_id(struct spanlog_text text, unsigned digits, struct spanlog_id *id) {
    if (text.size == digits && spanlog_hex16(text.data + (digits - 16), &id->low) &&
        (digits == 16 || spanlog_hex16(text.data, &id->high))) {
        if (digits == 16)
            id->high = 0;
        id->opaque = false;
        return id->high || id->low;
    }
    return spanlog_id_read(text, digits, id);
}

/* ---- words -------------------------------------------------------------------------------- */

static inline bool is_text(struct spanlog_text text, const char *other, size_t size) {
    return text.size == size && memcmp(text.data, other, size) == 0;
}
#define IS_TEXT(text, literal) is_text(text, "" literal "", sizeof(literal) - 1)

/* Words that come in any order are told apart without a chain of branches, by a perfect hash. */
struct word {
    char text[8];
    uint8_t size;
    uint8_t number;
};

static inline bool is_word(const struct word *word, struct spanlog_text text) {
    return text.size == word->size && spanlog_field_bytes(text.data, word->size) ==
                                          spanlog_field_bytes(word->text, word->size);
}

static inline uint8_t read_kind(struct spanlog_text text) {
    /* By the second letter. */
    static const struct word words[8] = {['e' & 7] = {"server", 6, 1},
                                         ['l' & 7] = {"client", 6, 2},
                                         ['r' & 7] = {"producer", 8, 3},
                                         ['o' & 7] = {"consumer", 8, 4},
                                         ['n' & 7] = {"internal", 8, 0}};
    const struct word *word = &words[text.data[1] & 7];
    return is_word(word, text) ? word->number : spanlog_kind_read(text);
}

static inline uint8_t read_level(struct spanlog_text text) {
    static const struct word words[8] = {['i' & 7] = {"info", 4, 9},
                                         ['d' & 7] = {"debug", 5, 5},
                                         ['w' & 7] = {"warn", 4, 13},
                                         ['e' & 7] = {"error", 5, 17},
                                         ['f' & 7] = {"fatal", 5, 21}};
    const struct word *word = &words[text.data[0] & 7];
    return is_word(word, text) ? word->number : spanlog_level_read(text);
}

/* Of a line with an operation and a duration. */
static inline uint8_t read_span_kind(struct spanlog_text message) {
    if (IS_TEXT(message, "span completed"))
        return SPANLOG_LINE_SPAN;
    return IS_TEXT(message, "span abandoned") ? SPANLOG_LINE_ABANDONED : SPANLOG_LINE_LOG;
}

#endif
