/* front/register.c: a call site's first call. See register.h. */
#include "src/front/register.h"

#include "src/core/printf_format.h"
#include "src/core/site.h"

#include <spanlog/spanlog.h>

/* A format that cannot be deferred is formatted at the call: one text argument. The types of the
 * fields, which are there already, move behind those of the arguments. */
static void prepare_printf(struct spanlog__site *site) {
    struct printf_types types;
    unsigned fields = site->count;
    if (site->kind != PRINTF_AT_CALL && printf_types(site->text, &types) &&
        types.count + fields <= RECORD_MAX_FIELDS) {
        site->kind = PRINTF_DEFERRED;
    } else {
        printf_types(site->text, &types);
        site->kind = types.counts_characters ? PRINTF_LITERAL : PRINTF_AT_CALL;
        types.types = SPANLOG__T_STR;
        types.count = 1;
    }
    site->types = types.types | (fields > 0 ? site->types << (4 * types.count) : 0);
    site->count = (uint8_t)(types.count + fields);
}

static uint32_t register_content(const struct spanlog__site *site) {
    if (site->form != SPANLOG__FORM_LOGF || site->kind == PRINTF_DEFERRED)
        return site_register(&process.journal, site);
    struct spanlog__site formatted = *site;
    formatted.text = "%s";
    return site_register(&process.journal, &formatted);
}

/* A site that is used with named loggers stays on while any logger would take its level: each is
 * asked at the call. Else the logger of its source decides. */
static bool level_is_on(const struct spanlog__site *site, bool named) {
    if (site->form != SPANLOG__FORM_LOG && site->form != SPANLOG__FORM_LOGF)
        return true;
    if (named)
        return site->level >= process.lowest_level;
    const struct site_entry *entry = site_find(&process.journal, site->id);
    return entry != NULL && site->level >= process.level_of(site_logger(entry));
}

static uint32_t first_state(const struct spanlog__site *site, bool named) {
    if (site->id == 0)
        return SPANLOG__STATE_OFF;
    if (level_is_on(site, named))
        return SPANLOG__STATE_ON;
    return (process.tail || process.flight) && site->level >= SPANLOG_DEBUG ? SPANLOG__STATE_WAITS
                                                                            : SPANLOG__STATE_OFF;
}

static bool is_ready(uint32_t state) {
    return state == SPANLOG__STATE_ON || state == SPANLOG__STATE_WAITS;
}

bool site_ready(struct spanlog__site *site, bool named) {
    if (!process_start())
        return false;
    uint32_t state = __atomic_load_n(&site->state, __ATOMIC_ACQUIRE); /* and with it the id */
    if (state != SPANLOG__STATE_NEW)
        return is_ready(state);
    struct lock_guard guard = lock_take(&process.lock);
    if (!guard.held)
        return false;
    if (SPANLOG__STATE(*site) == SPANLOG__STATE_NEW) {
        if (site->form == SPANLOG__FORM_LOGF)
            prepare_printf(site);
        site->id = register_content(site);
        __atomic_store_n(&site->state, first_state(site, named), __ATOMIC_RELEASE);
    }
    lock_release(&process.lock, &guard);
    return is_ready(SPANLOG__STATE(*site));
}
