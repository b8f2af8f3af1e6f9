/* analyzer/read/form.h: the forms that lines have: which keys in which order, learnt from the
 * lines.
 *
 *     uint32_t tag = spanlog_form_tag(&places);
 *     struct spanlog_form *form = spanlog_form_at(&forms, tag);
 *     if (form->tag == tag && spanlog_form_fits(&forms, form, &places)) ...
 *         the members are where the form says; what has no quotes is still to be checked
 *     else ... walk the line; then spanlog_form_learn(&forms, form, keys, &places);
 *
 * A call site writes the same keys each time. So of a line it is enough to compare what stands
 * between its values with what stood there in an earlier line: a few wide words, whose places are
 * those of the quotes, and with no branch between them. Keys need not be looked up, strings need
 * not be searched; numbers are checked. That is as strict as a walk: equal text in equal places,
 * with plain strings and checked numbers between, is the same grammar.
 *
 * Only lines of plain text have a form (see quotes.h), whose values are strings, numbers, true,
 * false and null.
 */
#ifndef SPANLOG_ANALYZER_READ_FORM_H
#define SPANLOG_ANALYZER_READ_FORM_H

#include "src/analyzer/read/fields.h"

#define SPANLOG_FORM_MEMBERS 32
#define SPANLOG_FORM_PIECE 32 /* bytes between two values */
#define SPANLOG_FORMS 64
/* Of the arrays of a form the processor takes so many at once, whatever their number: a loop that
 * ends somewhere else for each form is guessed wrong line by line. */
#define SPANLOG_FORM_PIECES_AT_ONCE 16
#define SPANLOG_FORM_BARES_AT_ONCE 4

/* A line from its first byte to its newline, and its quotes. */
struct spanlog_places {
    const char *line;
    const char *end;
    const uint16_t *quotes; /* from `from` on; four more are readable */
    const char *from;
    size_t count;
};

/* What stands before a value, from the closing quote or the last digit before it on. */
struct spanlog_form_piece {
    unsigned char text[SPANLOG_FORM_PIECE];
    unsigned char counts[SPANLOG_FORM_PIECE]; /* 255 where the text counts, 0 behind it */
};

struct spanlog_form_string {
    uint8_t quote; /* the opening one */
    uint8_t field;
};

/* Numbers and words. They begin `gap` bytes behind a key's closing quote and end `lead` bytes
 * before the next key's opening one; the last at the bracket. */
struct spanlog_form_bare {
    uint8_t quote; /* the closing one */
    uint8_t field; /* SPANLOG_FIELD_COUNT: none */
    uint8_t gap;
    uint8_t lead;
    bool is_last;
    uint8_t type; /* of a foreign line: what it has to be; ABSENT: whatever */
};

/* What a line of this form can be, if its values are as usual. */
enum spanlog_form_use {
    SPANLOG_FORM_ANY,
    SPANLOG_FORM_LOG, /* spanlog's own: record_brief.c */
    SPANLOG_FORM_SPAN,
    SPANLOG_FORM_FOREIGN_LOG, /* of another dialect: translate/known.c */
    SPANLOG_FORM_FOREIGN_SPAN
};

struct spanlog_form {
    uint32_t tag;  /* 0: none learnt */
    uint8_t trust; /* so many lines that do not fit it may survive */
    uint8_t first; /* of the first quote: bytes from the line's begin */
    uint8_t pieces, strings, bares, quotes;
    uint8_t others; /* members that are no field */
    uint8_t peer;   /* the opening quote of the text that names the other side; 0: there is none */
    bool ends_bare;
    uint8_t use;      /* enum spanlog_form_use */
    bool has_words;   /* of a foreign line: some are true, false or null */
    bool is_known;    /* as one of another dialect it has been looked at already */
    uint8_t dialect;  /* of a foreign line: its row of formatters/reading.h */
    uint8_t duration; /* of a foreign span: enum spanlog_meaning, which has the unit */
    uint8_t at[SPANLOG_FIELD_COUNT];   /* of fields: the opening quote, or which of the bares */
    uint8_t type[SPANLOG_FIELD_COUNT]; /* STRING, NUMBER for all bares, or ABSENT */
    /* Pieces begin `lead` bytes before a key's opening quote. */
    uint16_t quote[SPANLOG_FORM_MEMBERS];
    uint16_t lead[SPANLOG_FORM_MEMBERS];
    struct spanlog_form_string string[SPANLOG_FORM_MEMBERS];
    struct spanlog_form_bare bare[SPANLOG_FORM_MEMBERS];
    struct spanlog_form_piece piece[SPANLOG_FORM_MEMBERS];
};

typedef bool spanlog_pieces_equal_fn(const struct spanlog_form *form,
                                     const struct spanlog_places *places);

struct spanlog_forms {
    spanlog_pieces_equal_fn *pieces_equal;
    int32_t credit; /* see form.c */
    struct spanlog_form list[SPANLOG_FORMS];
};

/* Attributes that name a span's other side, the best first: what the program calls it, then what it
 * is, then where. */
#define SPANLOG_PEER_KEYS 5u
/* Which of them that is; SPANLOG_PEER_KEYS: none. */
unsigned spanlog_peer_rank(const char *key, size_t size);

void spanlog_forms_init(struct spanlog_forms *forms);
/* From a line that did not fit; perhaps, and only if it has a form. */
void spanlog_form_learn(struct spanlog_forms *forms, struct spanlog_form *form,
                        const struct spanlog_field_table *keys,
                        const struct spanlog_places *places);
/* Compares what stands between values; what this machine can do, the fastest first. */
spanlog_pieces_equal_fn *spanlog_pieces_comparer(unsigned which);

/* How many quotes there are and what the last key looks like: it tells most forms apart. */
static inline uint32_t spanlog_form_tag(const struct spanlog_places *places) {
    size_t last_is_string = places->end[-2] == '"';
    const uint16_t *key = places->quotes + places->count - 2 - 2 * last_is_string;
    return (uint32_t)(places->count | (size_t)(uint8_t)(key[1] - key[0]) << 8 |
                      (size_t)(unsigned char)places->from[key[0] + 1] << 16 | 1u << 31);
}

/* A line fitted: learning is worth it. */
#define SPANLOG_FORMS_CREDIT_MOST 1024
#define SPANLOG_FORM_TRUST 8
static inline void spanlog_forms_use(struct spanlog_forms *forms, struct spanlog_form *form) {
    forms->credit += forms->credit < SPANLOG_FORMS_CREDIT_MOST;
    form->trust = SPANLOG_FORM_TRUST;
}
/* A line of the same tag did not: a form of keys in an order that does not come again is in the way
 * of others, and compared for nothing. */
static inline void spanlog_form_doubt(struct spanlog_form *form) {
    if (--form->trust == 0)
        form->tag = 0;
}

/* A line of fewer quotes has no form. */
#define SPANLOG_FORM_QUOTES_MIN 4
#define SPANLOG_FORM_QUOTES_MAX (4 * SPANLOG_FORM_MEMBERS)

static inline struct spanlog_form *spanlog_form_at(struct spanlog_forms *forms, uint32_t tag) {
    return &forms->list[(tag * 0x9e3779b1u) >> 26];
}

bool spanlog_form_bare_rare(const char *begin, const char *end, uint8_t *ret_type);

/* Whether that is a number or a word; which. */
static inline bool spanlog_form_bare_type(const char *begin, const char *end, uint8_t *ret_type) {
    *ret_type = SPANLOG_JSON_NUMBER;
    return spanlog_json_number_quick(begin) == end || spanlog_form_bare_rare(begin, end, ret_type);
}

static inline struct spanlog_text spanlog_form_text(const struct spanlog_form *form,
                                                    const struct spanlog_places *places,
                                                    unsigned field) {
    const uint16_t *quote = places->quotes + form->at[field];
    return (struct spanlog_text){places->from + quote[0] + 1, (uint32_t)(quote[1] - quote[0] - 1)};
}

static inline struct spanlog_text spanlog_form_peer(const struct spanlog_form *form,
                                                    const struct spanlog_places *places) {
    const uint16_t *quote = places->quotes + form->peer;
    return form->peer ? (struct spanlog_text){places->from + quote[0] + 1,
                                              (uint32_t)(quote[1] - quote[0] - 1)}
                      : (struct spanlog_text){NULL, 0};
}

static inline const char *spanlog_form_bare_begin(const struct spanlog_form_bare *bare,
                                                  const struct spanlog_places *places) {
    return places->from + places->quotes[bare->quote] + bare->gap;
}
static inline const char *spanlog_form_bare_end(const struct spanlog_form_bare *bare,
                                                const struct spanlog_places *places) {
    /* Without a branch. */
    ptrdiff_t next = places->from + places->quotes[bare->quote + 1] - bare->lead - places->line;
    ptrdiff_t last = places->end - 1 - places->line;
    return places->line + (next ^ ((next ^ last) & -(ptrdiff_t)bare->is_last));
}

#ifdef SPANLOG_JSON_SSE2
/* Of four texts of up to 16 bytes each, 16 bits a text. */
struct spanlog_form_four {
    uint64_t bytes, digits, points, zeros;
    bool too_long;
};

static inline void spanlog_form_add(struct spanlog_form_four *four, unsigned shift, const char *p,
                                    size_t size) {
    __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)p);
    __m128i digit = _mm_sub_epi8(bytes, _mm_set1_epi8('0'));
    __m128i is_digit = _mm_cmpeq_epi8(_mm_min_epu8(digit, _mm_set1_epi8(9)), digit);
    __m128i is_point = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('.'));
    four->bytes |= (uint64_t)((1u << (size & 31)) - 1) << shift;
    four->digits |= (uint64_t)(unsigned)_mm_movemask_epi8(is_digit) << shift;
    four->points |= (uint64_t)(unsigned)_mm_movemask_epi8(is_point) << shift;
    four->zeros |= (uint64_t)(*p == '0') << shift;
    four->too_long |= size - 1 >= 16; /* or empty */
}

/* Digits, in each at most one point, which has some on both sides; no zero before another digit. */
static inline bool spanlog_form_four_numbers(const struct spanlog_form_four *four) {
    const uint64_t firsts = 0x0001000100010001u, lasts = firsts << 15;
    uint64_t all = four->bytes, points = four->points & all, behind = all >> 1 & ~lasts;
    uint64_t ends = (all ^ behind) | firsts;
    /* What is left of the points of each when its lowest has gone. */
    uint64_t more = points & ((points | lasts) - firsts);
    uint64_t bad = ((four->digits | points) & all) ^ all;
    bad |= (points & ends) | more | (four->zeros & behind & ~(points >> 1));
    return !bad & !four->too_long;
}

static inline bool spanlog_form_bares_are_short(const struct spanlog_form *form,
                                                const struct spanlog_places *places) {
    bool good = true;
    for (unsigned i = 0; i < form->bares; i += SPANLOG_FORM_BARES_AT_ONCE) {
        struct spanlog_form_four four = {0, 0, 0, 0, false};
#pragma GCC unroll 4
        for (unsigned n = 0; n < SPANLOG_FORM_BARES_AT_ONCE; n++) {
            const struct spanlog_form_bare *bare = &form->bare[i + n];
            const char *begin = spanlog_form_bare_begin(bare, places);
            const char *end = spanlog_form_bare_end(bare, places);
            spanlog_form_add(&four, 16 * n, begin, (size_t)(end - begin));
        }
        good &= spanlog_form_four_numbers(&four);
    }
    return good;
}
#else
static inline bool spanlog_form_bares_are_short(const struct spanlog_form *form,
                                                const struct spanlog_places *places) {
    (void)places;
    return form->bares == 0;
}
#endif

/* Whether all of them are plain numbers, without an exponent, as they mostly are. */
static inline bool spanlog_form_bares_are_numbers(const struct spanlog_form *form,
                                                  const struct spanlog_places *places) {
    if (spanlog_form_bares_are_short(form, places))
        return true;
    for (unsigned i = 0; i < form->bares; i++) {
        const char *begin = spanlog_form_bare_begin(&form->bare[i], places);
        if (spanlog_json_number_quick(begin) != spanlog_form_bare_end(&form->bare[i], places))
            return false;
    }
    return true;
}

static inline bool spanlog_form_fits(const struct spanlog_forms *forms,
                                     const struct spanlog_form *form,
                                     const struct spanlog_places *places) {
    const char *last = places->from + places->quotes[places->count - 1];
    return places->from + places->quotes[0] == places->line + form->first &&
           places->end[-1] == '}' && (form->ends_bare || last == places->end - 2) &&
           forms->pieces_equal(form, places);
}

#endif
