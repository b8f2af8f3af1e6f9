/* ship/ask_split.c: see ask.h: more entries of one instant than a page holds, as of loggers that
 * know seconds only. No order stands between them that a next page could begin at: so they are
 * asked for by halves, those with a character up to this one at that place and those without:
 *
 *     {...} |~ `(?s)^.{131}[\x00-\x37]`   and   {...} !~ `(?s)^.{131}[\x00-\x37]`
 *
 * Place and character are taken from the entries at hand.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "src/ship/ask.h"

#define PLACES 512
#define CHARACTERS 128
#define HALVES_MAX 16

/* How often each character stands at each place. */
typedef uint32_t histogram[PLACES][CHARACTERS];

static int count(const struct spanlog_ask_page *page, histogram *counts) {
    struct spanlog_output text = {.fd = -1};
    for (uint32_t i = 0; i < page->count; i++) {
        const struct spanlog_json_value *value = &page->entries[i].text;
        size_t size = (size_t)(value->end - value->begin);
        text.size = 0;
        char *to = spanlog_output_reserve(&text, size + 1);
        ssize_t used = to ? spanlog_json_unescape(value->begin, size, to) : -1;
        unsigned place = 0;
        for (ssize_t at = 0; at < used && place < PLACES; at++) {
            unsigned char c = (unsigned char)to[at];
            if ((c & 0xc0) == 0x80) /* the rest of a character */
                continue;
            if (c < CHARACTERS)
                (*counts)[place][c]++;
            place++;
        }
    }
    free(text.data);
    return text.error;
}

/* What cuts the page best; false: all its entries begin alike. */
static bool choose(const struct spanlog_ask_page *page, histogram *counts, unsigned *ret_place,
                   unsigned *ret_character) {
    uint32_t best = 0;
    for (unsigned place = 0; place < PLACES; place++) {
        uint32_t with = 0;
        for (unsigned c = 0; c < CHARACTERS; c++) {
            with += (*counts)[place][c];
            uint32_t less = with < page->count - with ? with : page->count - with;
            if (less <= best)
                continue;
            best = less;
            *ret_place = place;
            *ret_character = c;
        }
    }
    return best > 0;
}

static int read_half(struct spanlog_ask *ask, uint64_t time_ns, unsigned depth);

static int split(struct spanlog_ask *ask, uint64_t time_ns, unsigned depth) {
    unsigned place = 0, character = 0;
    size_t size = ask->logql.size;
    histogram *counts = calloc(1, sizeof *counts);
    int rc = counts ? count(&ask->page, counts) : -ENOMEM;
    if (rc < 0)
        rc = spanlog_ask_fail(ask, rc, "there is no memory");
    else if (depth == HALVES_MAX || !choose(&ask->page, counts, &place, &character))
        rc = spanlog_ask_fail(ask, -EOVERFLOW,
                              "more than %u entries are of one instant and begin alike: ask for "
                              "fewer of them (--select)",
                              ask->page.count);
    free(counts);
    for (unsigned half = 0; rc == 0 && half < 2; half++) {
        char filter[64];
        snprintf(filter, sizeof filter, " %s `(?s)^.{%u}[\\x00-\\x%02x]`", half ? "!~" : "|~",
                 place, character);
        spanlog_put(&ask->logql, filter);
        rc = read_half(ask, time_ns, depth + 1);
        ask->logql.size = size;
    }
    return rc;
}

/* At most HALVES_MAX deep. */
static int read_half(struct spanlog_ask *ask, uint64_t time_ns, unsigned depth) {
    uint64_t limit;
    int rc;
    do {
        limit = ask->limit;
        rc = spanlog_ask_page(ask, time_ns, time_ns + 1, limit, false);
    } while (rc == -EAGAIN);
    if (rc < 0)
        return rc;
    return ask->page.count < limit ? spanlog_ask_put(ask, ask->page.count)
                                   : split(ask, time_ns, depth);
}

int spanlog_ask_split(struct spanlog_ask *ask, uint64_t time_ns) {
    return split(ask, time_ns, 0);
}
