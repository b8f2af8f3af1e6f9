/* front/sites.c: see sites.h. The sites stand in a table by address, with open places, in memory
 * of its own: a site's first call must not need malloc. */
#include "src/front/sites.h"

#include "src/core/site.h"

#include <link.h>
#include <string.h>
#include <sys/mman.h>

#define FIRST_ROOM 1024u
#define MOST_ROOM (1u << 21)

struct known {
    struct spanlog__site *site; /* NULL: a free place */
    const char *file;           /* with line and id: what makes it the same site */
    uint32_t line;
    uint32_t id;
    bool named;
    bool kept;
    bool found; /* in this walk */
};

/* All of it but the lock stays as it is in a forked child, as do the flags. */
static struct lock lock;
static struct known *table;
static uint32_t room, count;
uint32_t sites_changes = 1;

/* ---- the table ------------------------------------------------------------------------------ */

static struct known *place_of(struct known *in, uint32_t size, const struct spanlog__site *site) {
    uint32_t at = (uint32_t)(((uintptr_t)site >> 3) * 0x9e3779b97f4a7c15u >> 32);
    while (in[at & (size - 1)].site != NULL && in[at & (size - 1)].site != site)
        at++;
    return &in[at & (size - 1)];
}

/* A new table, with those of the old that `keep` says. False: no memory, and all is as before. */
static bool rebuild(uint32_t size, bool (*keep)(const struct known *known)) {
    struct known *made =
        mmap(NULL, size * sizeof *made, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (made == MAP_FAILED)
        return false;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < room; i++) {
        if (table[i].site == NULL || !keep(&table[i]))
            continue;
        *place_of(made, size, table[i].site) = table[i];
        kept++;
    }
    if (table != NULL)
        munmap(table, room * sizeof *table);
    table = made;
    room = size;
    count = kept;
    return true;
}

static bool all(const struct known *known) {
    (void)known;
    return true;
}

static bool found(const struct known *known) {
    return known->found;
}

/* A site for which there is no room keeps the flag that it has. */
static void enter(struct spanlog__site *site, bool named, bool kept) {
    if (count >= room / 2 && (room >= MOST_ROOM || !rebuild(room > 0 ? room * 2 : FIRST_ROOM, all)))
        return;
    struct known *known = place_of(table, room, site);
    count += known->site == NULL;
    *known = (struct known){.site = site,
                            .file = site->file,
                            .line = site->line,
                            .id = site->id,
                            .named = named,
                            .kept = kept};
}

/* ---- flags ---------------------------------------------------------------------------------- */

/* A site that is used with named loggers stays on while any logger would take its level: each is
 * asked at the call, unless a directive is about this very place. */
static uint32_t flag_of(const struct spanlog__site *site, bool named) {
    char logger[SITE_MAX_LOGGER];
    bool exact = false;
    site_logger_name(site, logger);
    struct level_place place = {.logger = logger,
                                .file = site_short_path(site),
                                .line = site->line,
                                .span = site->form == SPANLOG__FORM_SPAN};
    uint8_t level = process.level_of(&place, &exact);
    if (named && !exact)
        level = process.lowest_level;
    if (site->level < level) {
        bool waits = (process.tail || process.flight) && level != SITES_LEVEL_OFF &&
                     site->form != SPANLOG__FORM_SPAN && site->level >= SPANLOG_DEBUG;
        return waits ? SPANLOG__STATE_WAITS : SPANLOG__STATE_OFF;
    }
    return named && exact ? SPANLOG__STATE_EXACT : SPANLOG__STATE_ON;
}

uint32_t sites_enlist(struct spanlog__site *site, bool named, bool kept) {
    struct lock_guard guard = lock_take(&lock);
    if (!guard.held)
        return SPANLOG__STATE_OFF; /* this time */
    uint32_t flag = flag_of(site, named);
    enter(site, named, kept);
    __atomic_store_n(&site->state, flag, __ATOMIC_RELEASE);
    lock_release(&lock, &guard);
    return flag;
}

uint32_t sites_flag(const struct spanlog__site *site, bool named) {
    struct lock_guard guard = lock_take(&lock);
    uint32_t flag = guard.held ? flag_of(site, named) : SPANLOG__STATE_OFF;
    lock_release(&lock, &guard);
    return flag;
}

uint8_t sites_ask_level(spanlog_logger *logger) {
    struct lock_guard guard = lock_take(&lock);
    struct level_place place = {.logger = logger->name != NULL ? logger->name : ""};
    bool exact;
    uint8_t level = process.level_of(&place, &exact);
    if (guard.held)
        __atomic_store_n(&logger->reserved, sites_changes << SITES_LEVEL_BITS | level,
                         __ATOMIC_RELAXED);
    lock_release(&lock, &guard);
    return level;
}

void sites_after_fork(void) {
    memset(&lock, 0, sizeof lock);
}

/* ---- the walk ------------------------------------------------------------------------------- */

struct walk {
    void (*change)(const void *arg);
    const void *arg;
    struct lock_guard guard;
    bool begun;
};

static void begin(struct walk *walk) {
    if (walk->begun)
        return;
    walk->begun = true;
    walk->guard = lock_take(&lock);
    walk->change(walk->arg);
    uint32_t next = (sites_changes + 1) & (UINT32_MAX >> SITES_LEVEL_BITS);
    __atomic_store_n(&sites_changes, next != 0 ? next : 1, __ATOMIC_RELEASE);
    for (uint32_t i = 0; i < room; i++)
        table[i].found = false;
}

/* Its memory is there; it need not be this site's any more. */
static void set_flag(struct known *known) {
    struct spanlog__site *site = known->site;
    if (__atomic_load_n(&site->state, __ATOMIC_ACQUIRE) == SPANLOG__STATE_NEW ||
        site->id != known->id || site->file != known->file || site->line != known->line)
        return;
    known->found = true;
    __atomic_store_n(&site->state, flag_of(site, known->named), __ATOMIC_RELEASE);
}

static void set_flags_between(uintptr_t start, uintptr_t size) {
    for (uint32_t i = 0; i < room; i++) {
        uintptr_t at = (uintptr_t)table[i].site;
        if (at >= start && at - start < size && size - (at - start) >= sizeof *table[i].site &&
            !table[i].kept)
            set_flag(&table[i]);
    }
}

static int visit_object(struct dl_phdr_info *info, size_t size, void *arg) {
    (void)size;
    begin(arg);
    for (unsigned i = 0; i < info->dlpi_phnum; i++) {
        if (info->dlpi_phdr[i].p_type == PT_LOAD && (info->dlpi_phdr[i].p_flags & PF_W) != 0)
            set_flags_between(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr,
                              info->dlpi_phdr[i].p_memsz);
    }
    return 0;
}

void sites_change(void (*change)(const void *arg), const void *arg) {
    struct walk walk = {.change = change, .arg = arg};
    dl_iterate_phdr(visit_object, &walk);
    begin(&walk); /* where there is no loader to ask */
    bool lost = false;
    for (uint32_t i = 0; i < room; i++) {
        if (table[i].site != NULL && table[i].kept)
            set_flag(&table[i]);
        lost |= table[i].site != NULL && !table[i].found;
    }
    if (lost)
        rebuild(room, found);
    lock_release(&lock, &walk.guard);
}
