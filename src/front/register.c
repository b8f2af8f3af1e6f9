/* front/register.c: a call site's first call. See register.h. */
#include "src/front/register.h"

#include "src/core/printf_format.h"
#include "src/core/site.h"
#include "src/core/tell.h"
#include "src/front/sites.h"
#include "src/front/thread.h"

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

/* Recovery could not read records of sites that are not in the file: each is written before its
 * call returns. */
static void let_callers_write(void) {
    process.sites_private = true;
    __atomic_or_fetch(&process.attention, RING_ATTENTION_SYNC, __ATOMIC_RELAXED);
    for (uint32_t i = 0; i < process.journal.ring_count; i++)
        __atomic_or_fetch(&process.journal.rings[i]->attention, RING_ATTENTION_SYNC,
                          __ATOMIC_SEQ_CST);
    tell("no room for more call sites in the journal; records are written by their callers");
}

uint32_t register_done(uint32_t id) {
    if (process.journal.private_dictionary && !process.sites_private)
        let_callers_write();
    if (id == 0 && !process.sites_full) {
        process.sites_full = true;
        tell("no room for more call sites; the records of new ones are dropped and counted");
    }
    return id;
}

/* What is added to an open span has no level of its own, and is counted there. */
static void count_refused(const struct spanlog__site *site, bool named) {
    if (site->form > SPANLOG__FORM_SPAN)
        return;
    uint32_t flag = sites_flag(site, named);
    if (flag == SPANLOG__STATE_ON || flag == SPANLOG__STATE_EXACT)
        thread_count_loss();
}

static uint32_t first_flag(struct spanlog__site *site, bool named, bool kept) {
    if (site->form <= SPANLOG__FORM_SPAN)
        return sites_enlist(site, named, kept);
    __atomic_store_n(&site->state, SPANLOG__STATE_ON, __ATOMIC_RELEASE);
    return SPANLOG__STATE_ON;
}

/* A site for which there is no room stays new. Under the lock. */
static uint32_t enter(struct spanlog__site *site, bool named, uint32_t state) {
    struct spanlog__site made = *site;
    if (site->form == SPANLOG__FORM_LOGF)
        prepare_printf(&made);
    uint32_t id = process.sites_full ? 0 : register_done(register_content(&made));
    if (id == 0) {
        count_refused(site, named);
        return state;
    }
    site->kind = made.kind;
    site->types = made.types;
    site->count = made.count;
    site->id = id;
    return first_flag(site, named, state == SPANLOG__STATE_NEW_KEPT);
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
    if (is_new(state))
        state = enter(site, named, state);
    lock_release(&process.lock, &guard);
    return is_ready(state);
}
