/* analyzer/read/form.c: see form.h. */
#include "src/analyzer/read/form.h"

/* Lines whose keys come in ever new orders would be learnt one after the other, each for nothing.
 * So learning costs credit, and only lines that fit earn it; when it is used up, a few are learnt
 * now and then. */
#define CREDIT_OF_LEARNING 16
#define CREDIT_AGAIN 64
#define LINES_UNTIL_AGAIN 1024

void spanlog_forms_init(struct spanlog_forms *forms) {
    forms->pieces_equal = spanlog_pieces_comparer(0);
    forms->credit = SPANLOG_FORMS_CREDIT_MOST;
    for (size_t i = 0; i < SPANLOG_FORMS; i++)
        forms->list[i].tag = 0;
}

/* ---- what stands between values ----------------------------------------------------------- */

static inline const char *piece_at(const struct spanlog_form *form, unsigned number,
                                   const struct spanlog_places *places) {
    return places->from + places->quotes[form->quote[number]] - form->lead[number];
}

static bool equal_plainly(const struct spanlog_form *form, const struct spanlog_places *places) {
    for (unsigned i = 0; i < form->pieces; i++) {
        const char *p = piece_at(form, i, places);
        for (unsigned byte = 0; byte < SPANLOG_FORM_PIECE && form->piece[i].counts[byte]; byte++)
            if ((unsigned char)p[byte] != form->piece[i].text[byte])
                return false;
    }
    return true;
}

#if defined(__x86_64__) && !defined(SPANLOG_PORTABLE)
#include <immintrin.h>

#define VECTOR128(p) _mm_loadu_si128((const __m128i *)(const void *)(p))
#define VECTOR256(p) _mm256_loadu_si256((const __m256i *)(const void *)(p))

static bool equal_sse2(const struct spanlog_form *form, const struct spanlog_places *places) {
    __m128i differs = _mm_setzero_si128();
    for (unsigned i = 0; i < form->pieces; i++) {
        const struct spanlog_form_piece *piece = &form->piece[i];
        const char *p = piece_at(form, i, places);
        for (unsigned half = 0; half < SPANLOG_FORM_PIECE; half += 16) {
            __m128i both = _mm_xor_si128(VECTOR128(p + half), VECTOR128(piece->text + half));
            differs = _mm_or_si128(differs, _mm_and_si128(both, VECTOR128(piece->counts + half)));
        }
    }
    return _mm_movemask_epi8(_mm_cmpeq_epi8(differs, _mm_setzero_si128())) == 0xffff;
}

__attribute__((target("avx2"))) static bool equal_avx2(const struct spanlog_form *form,
                                                       const struct spanlog_places *places) {
    __m256i differs = _mm256_setzero_si256();
    for (unsigned i = 0; i < form->pieces; i += SPANLOG_FORM_PIECES_AT_ONCE)
#pragma GCC unroll 16
        for (unsigned n = i; n < i + SPANLOG_FORM_PIECES_AT_ONCE; n++) {
            const struct spanlog_form_piece *piece = &form->piece[n];
            const char *p = piece_at(form, n, places);
            __m256i both = _mm256_xor_si256(VECTOR256(p), VECTOR256(piece->text));
            differs = _mm256_or_si256(differs, _mm256_and_si256(both, VECTOR256(piece->counts)));
        }
    return _mm256_testz_si256(differs, differs);
}

#define AVX512 "avx512f,avx512bw,avx512vl"
#define VECTOR512(p) _mm512_loadu_si512((const void *)(p))

/* All places come from one look into the first 64 quotes; lines with more are rare. */
__attribute__((target(AVX512))) static bool equal_avx512(const struct spanlog_form *form,
                                                         const struct spanlog_places *places) {
    uint16_t at[SPANLOG_FORM_MEMBERS];
    if (form->quotes > 64)
        return equal_avx2(form, places);
    __m512i found = _mm512_permutex2var_epi16(VECTOR512(places->quotes), VECTOR512(form->quote),
                                              VECTOR512(places->quotes + 32));
    _mm512_storeu_si512(at, _mm512_sub_epi16(found, VECTOR512(form->lead)));
    __m256i differs = _mm256_setzero_si256(), differs2 = differs;
    for (unsigned i = 0; i < form->pieces; i += SPANLOG_FORM_PIECES_AT_ONCE)
#pragma GCC unroll 8
        for (unsigned n = i; n < i + SPANLOG_FORM_PIECES_AT_ONCE; n += 2) {
            const struct spanlog_form_piece *piece = &form->piece[n];
            __m256i a = _mm256_xor_si256(VECTOR256(places->from + at[n]), VECTOR256(piece->text));
            __m256i b =
                _mm256_xor_si256(VECTOR256(places->from + at[n + 1]), VECTOR256(piece[1].text));
            differs = _mm256_ternarylogic_epi32(differs, a, VECTOR256(piece->counts), 0xf8);
            differs2 = _mm256_ternarylogic_epi32(differs2, b, VECTOR256(piece[1].counts), 0xf8);
        }
    differs = _mm256_or_si256(differs, differs2);
    return _mm256_testz_si256(differs, differs);
}

spanlog_pieces_equal_fn *spanlog_pieces_comparer(unsigned which) {
    if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") && which-- == 0)
        return equal_avx512;
    if (__builtin_cpu_supports("avx2") && which-- == 0)
        return equal_avx2;
    if (which-- == 0)
        return equal_sse2;
    return which == 0 ? equal_plainly : NULL;
}
#else
spanlog_pieces_equal_fn *spanlog_pieces_comparer(unsigned which) {
    return which == 0 ? equal_plainly : NULL;
}
#endif

/* ---- values without quotes ---------------------------------------------------------------- */

bool spanlog_form_bare_rare(const char *begin, const char *end, uint8_t *ret_type) {
    struct spanlog_json_walk walk = {.at = begin};
    *ret_type = SPANLOG_JSON_NUMBER;
    if (begin >= end)
        return false;
    if (*begin == '-' || (*begin >= '0' && *begin <= '9'))
        return spanlog_json_number(begin) == end;
    return spanlog_json_word(&walk, begin, ret_type) == end;
}

/* ---- learning ----------------------------------------------------------------------------- */

unsigned spanlog_peer_rank(const char *key, size_t size) {
    static const struct spanlog_text keys[SPANLOG_PEER_KEYS] = {
        SPANLOG_TEXT("peer.service"), SPANLOG_TEXT("messaging.system"),
        SPANLOG_TEXT("db.system.name"), SPANLOG_TEXT("db.system"), SPANLOG_TEXT("server.address")};
    for (unsigned i = 0; i < SPANLOG_PEER_KEYS; i++)
        if (keys[i].size == size && memcmp(keys[i].data, key, size) == 0)
            return i;
    return SPANLOG_PEER_KEYS;
}

struct learner {
    struct spanlog_form *form;
    const struct spanlog_field_table *keys;
    const struct spanlog_places *places;
    const char *piece; /* where the next one begins */
    unsigned quote;    /* the next one */
    uint32_t fields;   /* that have been seen */
    unsigned peer;     /* which of the keys named it so far */
};

static bool learn_piece(struct learner *learner, const struct spanlog_json_value *key,
                        const char *value) {
    struct spanlog_form *form = learner->form;
    size_t size = (size_t)(value - learner->piece);
    if (form->pieces == SPANLOG_FORM_MEMBERS || size > SPANLOG_FORM_PIECE)
        return false;
    uint8_t lead = (uint8_t)(key->begin - 1 - learner->piece);
    form->quote[form->pieces] = (uint16_t)learner->quote;
    form->lead[form->pieces] = lead;
    memcpy(form->piece[form->pieces].text, learner->piece, size);
    memset(form->piece[form->pieces].counts, 255, size);
    /* The bare value before it ends where this piece begins. */
    if (form->ends_bare)
        form->bare[form->bares - 1].lead = lead;
    form->pieces++;
    return true;
}

static bool learn_value(struct learner *learner, uint8_t field,
                        const struct spanlog_json_value *key,
                        const struct spanlog_json_value *value) {
    struct spanlog_form *form = learner->form;
    form->ends_bare = value->type != SPANLOG_JSON_STRING;
    if (value->type == SPANLOG_JSON_OBJECT || value->type == SPANLOG_JSON_ARRAY)
        return false;
    if (field != SPANLOG_FIELD_COUNT) {
        form->type[field] = form->ends_bare ? SPANLOG_JSON_NUMBER : SPANLOG_JSON_STRING;
        form->at[field] = form->ends_bare ? form->bares : (uint8_t)(learner->quote + 2);
    }
    if (form->ends_bare) {
        form->bare[form->bares++] = (struct spanlog_form_bare){
            (uint8_t)(learner->quote + 1), field, (uint8_t)(value->begin - key->end), 0, false, 0};
        learner->piece = value->end;
        learner->quote += 2;
    } else {
        if (field != SPANLOG_FIELD_COUNT)
            form->string[form->strings++] =
                (struct spanlog_form_string){(uint8_t)(learner->quote + 2), field};
        learner->piece = value->end;
        learner->quote += 4;
    }
    return true;
}

/* What is taken at once must be there: more pieces that count for nothing, numbers that are there
 * already. */
static void fill_up(struct spanlog_form *form) {
    if (form->ends_bare)
        form->bare[form->bares - 1].is_last = true;
    for (unsigned i = form->bares; i % SPANLOG_FORM_BARES_AT_ONCE != 0; i++)
        form->bare[i] = form->bare[0];
}

static void learn_peer(struct learner *learner, const struct spanlog_json_value *key,
                       const struct spanlog_json_value *value) {
    unsigned rank = spanlog_peer_rank(key->begin, (size_t)(key->end - key->begin));
    if (rank > learner->peer || rank == SPANLOG_PEER_KEYS || value->type != SPANLOG_JSON_STRING)
        return;
    learner->form->peer = (uint8_t)(learner->quote + 2);
    learner->peer = rank;
}

/* A key that comes twice has no form: which value counts is the walk's to say. */
static bool learn_member(struct learner *learner, const struct spanlog_json_value *key,
                         const struct spanlog_json_value *value) {
    const char *begin = value->begin - (value->type == SPANLOG_JSON_STRING);
    unsigned field = spanlog_field_find(learner->keys, key->begin, (size_t)(key->end - key->begin));
    if (field == SPANLOG_FIELD_COUNT) {
        learner->form->others++;
        learn_peer(learner, key, value);
    } else if (learner->fields >> field & 1) {
        return false;
    }
    learner->fields |= field == SPANLOG_FIELD_COUNT ? 0 : 1u << field;
    const char *behind = value->type == SPANLOG_JSON_STRING ? begin + 1 : begin;
    return learn_piece(learner, key, behind) && learn_value(learner, (uint8_t)field, key, value);
}

static bool learn_line(struct learner *learner) {
    const struct spanlog_places *places = learner->places;
    struct spanlog_json_walk walk = {.at = places->line};
    struct spanlog_json_value key, value;
    for (int more = spanlog_json_open(&walk); more > 0; more = spanlog_json_next(&walk))
        if (!spanlog_json_member(&walk, &key, &value) || !learn_member(learner, &key, &value))
            return false;
    /* Behind the last value a bracket and the newline, no blanks. */
    return !walk.problem && walk.at == places->end && learner->quote == places->count &&
           learner->piece + !learner->form->ends_bare + 1 == places->end;
}

static bool are(const uint8_t *types, uint32_t fields, uint8_t a, uint8_t b) {
    for (unsigned field = 0; field < SPANLOG_FIELD_COUNT; field++)
        if (fields >> field & 1 && types[field] != a && types[field] != b)
            return false;
    return true;
}

/* Of usual lines certain fields are texts, and certain ones are not there. */
static uint8_t use_of(const uint8_t *types) {
#define BIT(field) (1u << SPANLOG_FIELD_##field)
    const uint8_t string = SPANLOG_JSON_STRING, absent = SPANLOG_JSON_ABSENT;
    if (!are(types, BIT(TS) | BIT(LEVEL) | BIT(MSG) | BIT(SERVICE), string, string) ||
        !are(types, BIT(TRACE_ID) | BIT(SPAN_ID) | BIT(PARENT_ID), string, absent) ||
        !are(types, BIT(HOST), absent, absent))
        return SPANLOG_FORM_ANY;
    if (types[SPANLOG_FIELD_OPERATION] != string || types[SPANLOG_FIELD_DURATION_MS] == absent)
        return SPANLOG_FORM_LOG;
    bool plain = types[SPANLOG_FIELD_DURATION_MS] == SPANLOG_JSON_NUMBER &&
                 are(types, BIT(TRACE_ID) | BIT(SPAN_ID), string, string) &&
                 are(types, BIT(KIND) | BIT(START), string, absent) &&
                 are(types, BIT(STATUS) | BIT(STATUS_CODE) | BIT(ERROR), absent, absent);
    return plain ? SPANLOG_FORM_SPAN : SPANLOG_FORM_ANY;
#undef BIT
}

void spanlog_form_learn(struct spanlog_forms *forms, struct spanlog_form *form,
                        const struct spanlog_field_table *keys,
                        const struct spanlog_places *places) {
    size_t first = (size_t)(places->from + places->quotes[0] - places->line);
    if (forms->credit <= 0) {
        forms->credit = forms->credit + 1 < 0 ? forms->credit + 1 : CREDIT_AGAIN;
        return;
    }
    forms->credit -= CREDIT_OF_LEARNING;
    if (forms->credit <= 0)
        forms->credit = -LINES_UNTIL_AGAIN;
    *form = (struct spanlog_form){.first = (uint8_t)first};
    struct learner learner = {.form = form,
                              .keys = keys,
                              .places = places,
                              .piece = places->line,
                              .peer = SPANLOG_PEER_KEYS};
    if (first >= SPANLOG_FORM_PIECE || !learn_line(&learner))
        return;
    form->tag = spanlog_form_tag(places);
    form->trust = SPANLOG_FORM_TRUST / 2;
    form->quotes = (uint8_t)places->count;
    form->use = use_of(form->type);
    fill_up(form);
}
