/* front/sites.h: the call sites that have been registered, so that their flags can be set again
 * when levels change at run time.
 *
 *     sites_enlist(site, named, kept);        front, once a site: its flag, by the levels now
 *     sites_change(take_levels, &settings);   the back: new levels, then every site's flag
 *
 * A site lies in the program, a library or a plugin, and a plugin may be gone by the time levels
 * change. The walk therefore goes over the objects that are loaded, inside dl_iterate_phdr, which
 * keeps dlclose waiting, and touches a site only when it lies in one of them and still is what was
 * enlisted. Others are forgotten: loaded again, they enlist again.
 *
 * Locks: the loader's, then this file's; process.lock before this file's. Nothing is taken under
 * it.
 */
#ifndef SPANLOG_FRONT_SITES_H
#define SPANLOG_FRONT_SITES_H

#include "src/core/process.h"

#include <spanlog/spanlog.h>

/* Gives the site its flag. named: it is used with named loggers. kept: its memory is never given
 * back, wherever it lies. Returns the flag. Under process.lock. */
uint32_t sites_enlist(struct spanlog__site *site, bool named, bool kept);

/* The flag that it would get. Under process.lock. */
uint32_t sites_flag(const struct spanlog__site *site, bool named);

/* Calls change(arg), which changes what process.level_of answers, and sets every site's flag. No
 * site is enlisted meanwhile. */
void sites_change(void (*change)(const void *arg), const void *arg);

/* In the forked child: another thread may have held the lock, to ask for a level. Whoever changes
 * anything under it has process.lock too, or is the back: both are held around fork. */
void sites_after_fork(void);

/* Counts changes, in 24 bits, and is never 0. A logger keeps it beside its level. */
#define SITES_LEVEL_BITS 8u
#define SITES_LEVEL_OFF 25u /* of the settings: not even for a trace that is kept */
extern uint32_t sites_changes;
uint8_t sites_ask_level(spanlog_logger *logger);

/* The level that this logger's records need now. */
static inline uint8_t sites_logger_level(spanlog_logger *logger) {
    uint32_t known = __atomic_load_n(&logger->reserved, __ATOMIC_RELAXED);
    if (SPANLOG__LIKELY(known >> SITES_LEVEL_BITS ==
                        __atomic_load_n(&sites_changes, __ATOMIC_ACQUIRE)))
        return (uint8_t)known;
    return sites_ask_level(logger);
}

#endif
