/* analyzer/trees/skew_bounds.c: what the calls between hosts say of their clocks; see skew.h. */
#include "src/analyzer/trees/skew.h"

#include <errno.h>
#include <stdlib.h>

#define FIRST_SHIFT 30 /* windows of a second or so, as long as they suffice */

static const struct spanlog_skew_window empty_window = {INT64_MIN, INT64_MAX, 0};

/* ---- windows ------------------------------------------------------------------------------ */

static void clear_windows(struct spanlog_skew_window *windows) {
    for (int i = 0; i < SPANLOG_SKEW_WINDOWS; i++)
        windows[i] = empty_window;
}

static void narrow(struct spanlog_skew_window *window, const struct spanlog_skew_window *by) {
    window->low = by->low > window->low ? by->low : window->low;
    window->high = by->high < window->high ? by->high : window->high;
    window->calls += by->calls;
}

/* Makes the windows longer, by so many doublings at least, until they reach from first to last,
 * both of the present length. */
static void make_room(struct spanlog_skew_pair *pair, uint64_t first, uint64_t last,
                      unsigned longer) {
    struct spanlog_skew_window old[SPANLOG_SKEW_WINDOWS];
    uint64_t old_base = pair->base;
    memcpy(old, pair->windows, sizeof old);
    while ((last >> longer) - (first >> longer) >= SPANLOG_SKEW_WINDOWS)
        longer++;
    pair->shift += longer;
    pair->base = first >> longer;
    clear_windows(pair->windows);
    for (uint64_t i = 0; i < SPANLOG_SKEW_WINDOWS; i++)
        if (old[i].calls)
            narrow(&pair->windows[((old_base + i) >> longer) - pair->base], &old[i]);
}

static void add_bounds(struct spanlog_skew_pair *pair, uint64_t time_ns,
                       const struct spanlog_skew_window *bounds) {
    uint64_t at = time_ns >> pair->shift, first = at, last = at;
    if (pair->calls == 0)
        pair->base = at > SPANLOG_SKEW_WINDOWS / 2 ? at - SPANLOG_SKEW_WINDOWS / 2 : 0;
    if (at < pair->base || at - pair->base >= SPANLOG_SKEW_WINDOWS) {
        for (uint64_t i = 0; i < SPANLOG_SKEW_WINDOWS; i++) {
            if (pair->windows[i].calls == 0)
                continue;
            first = pair->base + i < first ? pair->base + i : first;
            last = pair->base + i > last ? pair->base + i : last;
        }
        make_room(pair, first, last, 0);
    }
    narrow(&pair->windows[(time_ns >> pair->shift) - pair->base], bounds);
    pair->calls += bounds->calls;
}

/* ---- pairs -------------------------------------------------------------------------------- */

static int new_pair(struct spanlog_skew *skew, uint32_t number, uint32_t near_host,
                    uint32_t far_host) {
    if (number >= skew->pair_room) {
        uint32_t room = skew->pair_room ? 2 * skew->pair_room : 16;
        struct spanlog_skew_pair **grown = realloc(skew->pairs, room * sizeof *grown);
        if (!grown)
            return -ENOMEM;
        memset(grown + skew->pair_room, 0, (room - skew->pair_room) * sizeof *grown);
        skew->pairs = grown;
        skew->pair_room = room;
    }
    struct spanlog_skew_pair *pair = calloc(1, sizeof *pair);
    if (!pair)
        return -ENOMEM;
    pair->near_host = near_host;
    pair->far_host = far_host;
    pair->shift = FIRST_SHIFT;
    clear_windows(pair->windows);
    skew->pairs[number] = pair;
    return 0;
}

/* *ret NULL: there are too many. */
static int pair_of(struct spanlog_skew *skew, uint32_t near_host, uint32_t far_host,
                   struct spanlog_skew_pair **ret) {
    uint32_t number = spanlog_names_find(&skew->index, near_host, far_host, 0);
    *ret = NULL;
    if (number == SPANLOG_STRING_NONE) {
        if (skew->index.count == SPANLOG_SKEW_PAIRS_MAX)
            return 0;
        if (new_pair(skew, skew->index.count, near_host, far_host) < 0)
            return -ENOMEM;
        number = spanlog_names_add(&skew->index, near_host, far_host, 0);
        if (number == SPANLOG_STRING_NONE) {
            free(skew->pairs[skew->index.count]);
            return -ENOMEM;
        }
    }
    *ret = skew->pairs[number];
    return 0;
}

static bool difference(uint64_t a, uint64_t b, int64_t *ret) {
    return !__builtin_sub_overflow(a, b, ret);
}

int spanlog_skew_add(struct spanlog_skew *skew, uint32_t client_host, uint32_t server_host,
                     const struct spanlog_skew_call *call) {
    struct spanlog_skew_window bounds = {.calls = 1};
    struct spanlog_skew_pair *pair;
    if (client_host == server_host || !call->client_start_ns || !call->server_start_ns ||
        !difference(call->client_start_ns, call->server_start_ns, &bounds.low) ||
        !difference(call->client_end_ns, call->server_end_ns, &bounds.high) ||
        bounds.low > bounds.high || bounds.low == INT64_MIN || bounds.high == INT64_MIN)
        return 0;
    if (client_host > server_host) { /* the same bounds for the other clock */
        int64_t low = bounds.low;
        bounds.low = -bounds.high;
        bounds.high = -low;
    }
    bool swapped = client_host > server_host;
    if (pair_of(skew, swapped ? server_host : client_host, swapped ? client_host : server_host,
                &pair) < 0)
        return -ENOMEM;
    if (pair)
        add_bounds(pair, call->client_start_ns, &bounds);
    else
        skew->left_out++;
    return 0;
}

int spanlog_skew_merge(struct spanlog_skew *skew, const struct spanlog_skew *from) {
    skew->left_out += from->left_out;
    for (uint32_t i = 0; i < from->index.count; i++) {
        const struct spanlog_skew_pair *source = from->pairs[i];
        struct spanlog_skew_pair *pair;
        if (pair_of(skew, source->near_host, source->far_host, &pair) < 0)
            return -ENOMEM;
        if (!pair) {
            skew->left_out += source->calls;
            continue;
        }
        if (pair->calls == 0)
            pair->shift = source->shift;
        if (pair->shift <
            source->shift) /* or what holds for a long one would stand in a short one */
            make_room(pair, pair->base, pair->base + SPANLOG_SKEW_WINDOWS - 1,
                      source->shift - pair->shift);
        for (uint64_t n = 0; n < SPANLOG_SKEW_WINDOWS; n++)
            if (source->windows[n].calls)
                add_bounds(pair, (source->base + n) << source->shift, &source->windows[n]);
    }
    return 0;
}

void spanlog_skew_free(struct spanlog_skew *skew) {
    for (uint32_t i = 0; i < skew->index.count; i++) {
        free(skew->pairs[i]->segments);
        free(skew->pairs[i]);
    }
    free(skew->pairs);
    free(skew->hosts);
    spanlog_names_free(&skew->index);
    *skew = (struct spanlog_skew){0};
}

/* ---- solving ------------------------------------------------------------------------------ */

static struct spanlog_skew_window range_of(const struct spanlog_skew_pair *pair, uint32_t from,
                                           uint32_t to) {
    struct spanlog_skew_window all = empty_window;
    for (uint32_t i = from; i < to; i++)
        narrow(&all, &pair->windows[i]);
    return all;
}

static void add_segment(struct spanlog_skew_pair *pair, uint32_t from, uint32_t to,
                        const struct spanlog_skew_window *range) {
    uint64_t half = ((uint64_t)range->high - (uint64_t)range->low) / 2;
    pair->segments[pair->segment_count++] =
        (struct spanlog_skew_segment){.begin_ns = (pair->base + from) << pair->shift,
                                      .end_ns = (pair->base + to) << pair->shift,
                                      .offset_ns = (int64_t)((uint64_t)range->low + half),
                                      .error_ns = half,
                                      .calls = range->calls};
}

/* Halves the time where calls contradict each other. At most 8 halvings, with a stack of ranges. */
static int split(struct spanlog_skew_pair *pair) {
    struct {
        uint32_t from, to;
    } stack[16] = {{0, SPANLOG_SKEW_WINDOWS}};
    uint32_t depth = 1;
    pair->segment_count = 0;
    pair->contradicting = 0;
    free(pair->segments);
    pair->segments = malloc(SPANLOG_SKEW_WINDOWS * sizeof *pair->segments);
    if (!pair->segments)
        return -ENOMEM;
    while (depth > 0) {
        uint32_t from = stack[depth - 1].from, to = stack[depth - 1].to;
        struct spanlog_skew_window range = range_of(pair, from, to);
        depth--;
        if (range.calls == 0)
            continue;
        if (range.low <= range.high) {
            add_segment(pair, from, to, &range);
        } else if (to - from == 1) {
            pair->contradicting += range.calls;
        } else {
            uint32_t middle = from + (to - from) / 2;
            stack[depth].from = middle; /* the later half comes second */
            stack[depth++].to = to;
            stack[depth].from = from;
            stack[depth++].to = middle;
        }
    }
    return 0;
}

/* The worst of the pair's segments, and a little for each step. */
static uint64_t cost_of(const struct spanlog_skew_pair *pair) {
    uint64_t worst = 0;
    for (uint32_t i = 0; i < pair->segment_count; i++)
        worst = pair->segments[i].error_ns > worst ? pair->segments[i].error_ns : worst;
    return worst + 1;
}

static bool try_way(struct spanlog_skew *skew, uint32_t pair, uint32_t host, uint32_t towards,
                    uint64_t cost) {
    struct spanlog_skew_host *to = &skew->hosts[host];
    const struct spanlog_skew_host *from = &skew->hosts[towards];
    if (!from->is_known || (to->is_known && from->error_ns + cost >= to->error_ns))
        return false;
    to->is_known = true;
    to->towards = towards;
    to->pair = pair;
    to->error_ns = from->error_ns + cost;
    return true;
}

/* Shortest ways from the hosts that are known already, by relaxing until nothing changes. */
static void find_ways(struct spanlog_skew *skew) {
    bool changed = true;
    for (uint32_t round = 0; changed && round < skew->host_count; round++) {
        changed = false;
        for (uint32_t i = 0; i < skew->index.count; i++) {
            const struct spanlog_skew_pair *pair = skew->pairs[i];
            if (pair->segment_count == 0)
                continue;
            uint64_t cost = cost_of(pair);
            changed |= try_way(skew, i, pair->far_host, pair->near_host, cost);
            changed |= try_way(skew, i, pair->near_host, pair->far_host, cost);
        }
    }
}

/* Of those that nothing is known of yet the one with the most calls; NONE: no calls. */
static uint32_t next_reference(const struct spanlog_skew *skew) {
    uint32_t best = SPANLOG_STRING_NONE;
    for (uint32_t i = 0; i < skew->host_count; i++)
        if (!skew->hosts[i].is_known && skew->hosts[i].calls &&
            (best == SPANLOG_STRING_NONE || skew->hosts[i].calls > skew->hosts[best].calls))
            best = i;
    return best;
}

int spanlog_skew_solve(struct spanlog_skew *skew) {
    uint32_t hosts = 0, reference;
    for (uint32_t i = 0; i < skew->index.count; i++) {
        if (split(skew->pairs[i]) < 0)
            return -ENOMEM;
        hosts = skew->pairs[i]->far_host >= hosts ? skew->pairs[i]->far_host + 1 : hosts;
    }
    free(skew->hosts);
    skew->host_count = hosts;
    skew->hosts = calloc(hosts + (size_t)1, sizeof *skew->hosts);
    if (!skew->hosts)
        return -ENOMEM;
    for (uint32_t i = 0; i < hosts; i++)
        skew->hosts[i].towards = SPANLOG_STRING_NONE;
    for (uint32_t i = 0; i < skew->index.count; i++) {
        const struct spanlog_skew_pair *pair = skew->pairs[i];
        if (pair->segment_count == 0)
            continue;
        skew->hosts[pair->near_host].calls += pair->calls;
        skew->hosts[pair->far_host].calls += pair->calls;
    }
    while ((reference = next_reference(skew)) != SPANLOG_STRING_NONE) {
        skew->hosts[reference].is_known = true;
        find_ways(skew);
    }
    return 0;
}

/* The segment at that time, or the nearest. */
static const struct spanlog_skew_segment *segment_at(const struct spanlog_skew_pair *pair,
                                                     uint64_t time_ns) {
    const struct spanlog_skew_segment *best = NULL;
    uint64_t best_gap = UINT64_MAX;
    for (uint32_t i = 0; i < pair->segment_count; i++) {
        const struct spanlog_skew_segment *segment = &pair->segments[i];
        uint64_t gap = time_ns < segment->begin_ns  ? segment->begin_ns - time_ns
                       : time_ns >= segment->end_ns ? time_ns - segment->end_ns
                                                    : 0;
        if (!best || gap < best_gap) {
            best = segment;
            best_gap = gap;
        }
    }
    return best;
}

bool spanlog_skew_offset(const struct spanlog_skew *skew, uint32_t host, uint64_t time_ns,
                         int64_t *ret_offset_ns, uint64_t *ret_error_ns) {
    uint64_t offset = 0, error = 0; /* sums may wrap: then they were nonsense before */
    if (host >= skew->host_count || !skew->hosts[host].is_known)
        return false;
    while (skew->hosts[host].towards != SPANLOG_STRING_NONE) {
        const struct spanlog_skew_pair *pair = skew->pairs[skew->hosts[host].pair];
        const struct spanlog_skew_segment *segment = segment_at(pair, time_ns);
        uint64_t step = (uint64_t)segment->offset_ns;
        offset += pair->far_host == host ? step : 0 - step;
        error += segment->error_ns;
        host = skew->hosts[host].towards;
    }
    *ret_offset_ns = (int64_t)offset;
    *ret_error_ns = error;
    return true;
}
