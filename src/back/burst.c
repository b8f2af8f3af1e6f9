/* back/burst.c: see burst.h. */
#include "src/back/burst.h"
#include "src/back/drain.h"

#include <stdlib.h>
#include <string.h>

#define SECOND_NS 1000000000u

/* A dead process's counts were of its last second: they are said with the first that are. */
void burst_open(struct drain *drain, uint32_t limit) {
    drain->burst = (struct burst_sites){.limit = limit};
    for (uint32_t i = 0; i < JOURNAL_MAX_BURSTS; i++)
        drain->burst.pending += drain->now.bursts[i].site != 0;
}

void burst_close(struct drain *drain) {
    free(drain->burst.sites);
    drain->burst = (struct burst_sites){.limit = 0};
}

/* Ids count up from 1 by entries of at least 40 bytes: no honest one is larger. */
#define MOST_SITES (JOURNAL_MAX_DICTIONARY_SEGMENTS * 4096u)

static struct burst_site *site_of(struct burst_sites *sites, uint32_t id) {
    if (id > MOST_SITES)
        return NULL;
    if (id >= sites->room) {
        uint32_t room = sites->room != 0 ? sites->room : 256;
        while (room <= id)
            room *= 2;
        struct burst_site *more = realloc(sites->sites, room * sizeof *more);
        if (more == NULL)
            return NULL;
        memset(more + sites->room, 0, (room - sites->room) * sizeof *more);
        sites->sites = more;
        sites->room = room;
    }
    return &sites->sites[id];
}

static void say(struct drain *drain, struct burst *burst) {
    drain_put_repeated(drain, burst->site, burst->count, burst->last_ticks);
    if (burst->site < drain->burst.room)
        drain->burst.sites[burst->site].place = 0;
    *burst = (struct burst){.site = 0};
    drain->burst.pending--;
}

/* A free place, or that of the burst that has been quiet for the longest, which is said now. */
static uint32_t take_place(struct drain *drain) {
    struct burst *bursts = drain->now.bursts;
    uint32_t oldest = 0;
    for (uint32_t i = 0; i < JOURNAL_MAX_BURSTS; i++) {
        if (bursts[i].site == 0)
            return i;
        if (bursts[i].last_ticks < bursts[oldest].last_ticks)
            oldest = i;
    }
    say(drain, &bursts[oldest]);
    return oldest;
}

static bool is_over(const struct drain *drain, const struct burst_site *site, uint64_t ticks) {
    return ticks > site->start_ticks &&
           clock_duration_ns(&drain->decoder->clock, site->start_ticks, ticks) >= SECOND_NS;
}

static void count(struct drain *drain, struct burst_site *site, const struct record *record) {
    if (site->place == 0) {
        uint32_t place = take_place(drain);
        drain->now.bursts[place].site = record->site;
        drain->burst.pending++;
        site->place = place + 1;
    }
    struct burst *burst = &drain->now.bursts[site->place - 1];
    burst->count++;
    burst->last_ticks = record->ticks;
}

bool burst_takes(struct drain *drain, const struct record *record) {
    struct burst_site *site = site_of(&drain->burst, record->site);
    if (site == NULL)
        return false;
    if (site->count == 0 || is_over(drain, site, record->ticks)) {
        if (site->place != 0)
            say(drain, &drain->now.bursts[site->place - 1]);
        site->start_ticks = record->ticks;
        site->count = 0;
    }
    if (site->count < drain->burst.limit) {
        site->count++;
        return false;
    }
    count(drain, site, record);
    return true;
}

void burst_end(struct drain *drain, uint64_t ticks, bool all) {
    for (uint32_t i = 0; i < JOURNAL_MAX_BURSTS && drain->burst.pending > 0; i++) {
        struct burst *burst = &drain->now.bursts[i];
        if (burst->site == 0)
            continue;
        bool known = burst->site < drain->burst.room;
        if (all || !known || is_over(drain, &drain->burst.sites[burst->site], ticks))
            say(drain, burst);
    }
}
