/* front/register.c: a call site's first call. See register.h. */
#include "src/front/register.h"

#include "src/core/printf_format.h"
#include "src/core/site.h"
#include "src/front/sites.h"

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

/* What is added to an open span has no level of its own. */
static uint32_t first_flag(struct spanlog__site *site, bool named, bool kept) {
    if (site->id != 0 && site->form <= SPANLOG__FORM_SPAN)
        return sites_enlist(site, named, kept);
    uint32_t flag = site->id != 0 ? SPANLOG__STATE_ON : SPANLOG__STATE_OFF;
    __atomic_store_n(&site->state, flag, __ATOMIC_RELEASE);
    return flag;
}

static bool is_new(uint32_t state) {
    return state == SPANLOG__STATE_NEW || state == SPANLOG__STATE_NEW_KEPT;
}

static bool is_ready(uint32_t state) {
    return state == SPANLOG__STATE_ON || state == SPANLOG__STATE_EXACT ||
           state == SPANLOG__STATE_WAITS;
}

bool site_ready(struct spanlog__site *site, bool named) {
    if (!process_start())
        return false;
    uint32_t state = __atomic_load_n(&site->state, __ATOMIC_ACQUIRE); /* and with it the id */
    if (SPANLOG__LIKELY(state == SPANLOG__STATE_ON))
        return true;
    if (!is_new(state))
        return is_ready(state);
    struct lock_guard guard = lock_take(&process.lock);
    if (!guard.held)
        return false;
    state = SPANLOG__STATE(*site);
    if (is_new(state)) {
        if (site->form == SPANLOG__FORM_LOGF)
            prepare_printf(site);
        site->id = register_content(site);
        state = first_flag(site, named, state == SPANLOG__STATE_NEW_KEPT);
    }
    lock_release(&process.lock, &guard);
    return is_ready(state);
}
