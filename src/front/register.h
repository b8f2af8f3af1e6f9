/* front/register.h: a call site's first call: it gets its id in the journal's dictionary, and its
 * flag says from then on whether its level is on. */
#ifndef SPANLOG_FRONT_REGISTER_H
#define SPANLOG_FRONT_REGISTER_H

#include "src/core/process.h"

#include <spanlog/macros.h>

/* What `kind` says of a printf site. */
#define PRINTF_DEFERRED 0 /* arguments in slots, formatted by the back */
#define PRINTF_AT_CALL                                                                             \
    SPANLOG__PRINTF_AT_CALL /* formatted by the caller (%ls, positions, more than 16 arguments) */
#define PRINTF_LITERAL 2    /* refused (%n): the format itself is the message */

/* On, and with its id to be seen. */
static inline bool site_is_on(const struct spanlog__site *site) {
    return __atomic_load_n(&site->state, __ATOMIC_ACQUIRE) == SPANLOG__STATE_ON;
}

/* Registers the site, and starts the process, if that has not happened; true when it is on, or its
 * records wait for their trace. named: it is used with named loggers (spanlog_info_to). */
bool site_ready(struct spanlog__site *site, bool named);
/* Takes the id that the dictionary gave, and sees to it that nothing is lost unsaid where it had no
 * room: in the file (then callers write), or at all (0). Under process.lock. */
uint32_t register_done(uint32_t id);

#endif
