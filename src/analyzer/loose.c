/* analyzer/loose.c: see loose.h. */
#include "src/analyzer/loose.h"

/* Every member takes two quotes of its key and two more if it is a string. */
#define MEMBERS_MOST (SPANLOG_FORM_QUOTES_MAX / 2)

/* Sums of bits by the fields' numbers, of which the last is for what is no field: it counts these,
 * and a field that comes twice carries. */
struct loose {
    uint64_t fields;
    uint64_t strings; /* fields that are */
    unsigned bares;
    unsigned bad;
    unsigned peers; /* not 0: some key may name one */
};

/* Where keys open: numbers of quotes, the last one is where the line has ended. How many. */
static unsigned find_keys(const struct spanlog_places *places, uint8_t *keys) {
    const uint16_t *quotes = places->quotes;
    unsigned at = 0, count = (unsigned)places->count, members = 0;
    for (; at < count; members++) {
        keys[members] = (uint8_t)at;
        /* 0 if a string opens behind the colon. By its sign, or compilers make a branch of it. */
        unsigned gap = quotes[at + 2] - quotes[at + 1] - 2u, is_bare = (0u - gap) >> 31;
        at += 4 - 2 * is_bare;
    }
    keys[members] = (uint8_t)at;
    return at == count ? members : 0;
}

/* One of the keys that name the other side may have that size. */
static inline unsigned may_name_peer(size_t size) {
    return (1u << 9 | 1u << 12 | 1u << 14 | 1u << 16) >> (size & 31) & 1;
}

/* The member from quote number `at` on, whose value ends at `end`; both ways to write it down are
 * taken, and one of them counts. */
static inline void note_member(struct loose *loose, struct spanlog_form *form,
                               const struct spanlog_field_table *table,
                               const struct spanlog_places *places, unsigned at, unsigned is_string,
                               unsigned end, bool is_last) {
    const char *from = places->from;
    const uint16_t *quote = places->quotes + at;
    size_t size = (size_t)quote[1] - quote[0] - 1;
    unsigned field = spanlog_field_find(table, from + quote[0] + 1, size);
    unsigned is_other = field == SPANLOG_FIELD_COUNT, strings = 0u - is_string;
    loose->bad |= (unsigned char)from[quote[1] + 1] ^ ':';
    loose->bad |= (unsigned char)from[end] ^ (is_last ? '}' : ',');
    loose->bad |= (quote[3] + 1u - end) & strings;
    loose->peers |= is_other & may_name_peer(size);
    loose->fields += (uint64_t)1 << field;
    loose->strings += (uint64_t)is_string << field;
    form->at[field] = (uint8_t)(((at + 2) & strings) | (loose->bares & ~strings));
    form->type[field] = (uint8_t)(SPANLOG_JSON_NUMBER - is_string);
    form->bare[loose->bares % SPANLOG_FORM_MEMBERS] =
        (struct spanlog_form_bare){(uint8_t)(at + 1), (uint8_t)field, 2, 1, is_last, 0};
    loose->bares += !is_string;
}
_Static_assert(SPANLOG_JSON_NUMBER - 1 == SPANLOG_JSON_STRING, "told apart without a branch");

/* Which text names the other side, as form.c has it; false when two are of the same key. */
static bool find_peer(struct spanlog_form *form, const struct spanlog_places *places,
                      const uint8_t *keys, unsigned members) {
    unsigned best = SPANLOG_PEER_KEYS;
    bool is_good = true;
    for (unsigned i = 0; i < members; i++) {
        const uint16_t *quote = places->quotes + keys[i];
        unsigned rank =
            spanlog_peer_rank(places->from + quote[0] + 1, (size_t)quote[1] - quote[0] - 1);
        is_good &= rank == SPANLOG_PEER_KEYS || rank != best;
        if (keys[i + 1] - keys[i] == 2 || rank >= best)
            continue;
        best = rank;
        form->peer = (uint8_t)(keys[i] + 2);
    }
    return is_good;
}

bool spanlog_loose_find(struct spanlog_form *form, const struct spanlog_field_table *table,
                        const struct spanlog_places *places) {
    uint8_t keys[MEMBERS_MOST + 1];
    struct loose loose = {0};
    unsigned members = find_keys(places, keys);
    if (members == 0 || places->line[0] != '{' ||
        places->from + places->quotes[0] != places->line + 1)
        return false;
    memset(form->type, SPANLOG_JSON_ABSENT, sizeof form->type);
    for (unsigned i = 0; i + 1 < members; i++)
        note_member(&loose, form, table, places, keys[i], (unsigned)(keys[i + 1] - keys[i]) >> 2,
                    places->quotes[keys[i + 1]] - 1u, false);
    unsigned last = keys[members - 1];
    note_member(&loose, form, table, places, last, (keys[members] - last) >> 2,
                (unsigned)(places->end - places->from) - 1, true);
    uint32_t fields = loose.fields & ((1u << SPANLOG_FIELD_COUNT) - 1);
    unsigned others = (unsigned)(loose.fields >> SPANLOG_FIELD_COUNT);
    if (loose.bad || loose.bares > SPANLOG_FORM_MEMBERS ||
        (unsigned)__builtin_popcount(fields) + others != members)
        return false;
    form->tag = 0;
    form->peer = 0;
    form->bares = (uint8_t)loose.bares;
    form->others = (uint8_t)others;
    form->use = spanlog_form_use_of(fields, (uint32_t)loose.strings);
    spanlog_form_fill_up(form);
    return !loose.peers || find_peer(form, places, keys, members);
}
