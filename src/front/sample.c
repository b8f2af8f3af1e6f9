/* front/sample.c: see sample.h. */
#include "src/front/sample.h"
#include "src/front/context.h"

#include <sys/mman.h>

#define SAMPLERS_KEPT 256u
#define RATIOS_KEPT 256u

/* ---- the sampler in force -------------------------------------------------------------------- */

/* With what it was made of, by which it is found again. */
struct kept {
    struct sampler sampler;
    enum sampler_kind kind;
    double ratio;
    uint64_t used; /* the number of the last publication that put it in force */
};

static struct kept *kept[SAMPLERS_KEPT];
static uint32_t kept_count;
static uint64_t publications;
static double ratios[RATIOS_KEPT];
static uint32_t ratio_count = 1; /* 0 is none */

static bool is_same(const struct kept *k, const struct sampler_setting *setting) {
    return k->kind == setting->kind && k->sampler.parent_based == setting->parent_based &&
           k->ratio == setting->ratio &&
           strcmp(k->sampler.texts, setting->rules != NULL ? setting->rules : "") == 0;
}

static struct kept *find(const struct sampler_setting *setting) {
    for (uint32_t i = 0; i < kept_count; i++) {
        if (is_same(kept[i], setting))
            return kept[i];
    }
    return NULL;
}

/* Contexts have one byte for it. 0 when there are too many: the ratio is then not written. */
static uint32_t number_of(double ratio) {
    if (!(ratio > 0 && ratio < 1))
        return 0;
    for (uint32_t i = 1; i < ratio_count; i++) {
        if (ratios[i] == ratio)
            return i;
    }
    if (ratio_count == RATIOS_KEPT)
        return 0;
    ratios[ratio_count] = ratio;
    return ratio_count++;
}

double sample_ratio_of(uint8_t number) {
    return ratios[number];
}

/* Of those that a limit let through nobody knows what share they were. */
static void number_ratios(struct sampler *sampler) {
    for (uint32_t i = 0; i < sampler->count; i++)
        sampler->rules[i].tag =
            sampler->rules[i].limit == 0 ? number_of(sampler->rules[i].ratio) : 0;
}

/* Room for another: the one that has been out of force for the longest, once there are enough. */
static struct kept *take_place(void) {
    if (kept_count < SAMPLERS_KEPT) { /* not malloc: its lock may be held by who waits for ours */
        void *place =
            mmap(NULL, sizeof *kept[0], PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (place == MAP_FAILED)
            return NULL;
        return kept[kept_count++] = place;
    }
    struct kept *oldest = kept[0];
    for (uint32_t i = 1; i < SAMPLERS_KEPT; i++)
        oldest = kept[i]->used < oldest->used ? kept[i] : oldest;
    return oldest;
}

static struct kept *make(const struct sampler_setting *setting) {
    struct kept *place = take_place();
    if (place == NULL)
        return NULL;
    if (sampler_build(&place->sampler, setting) != NULL) { /* which settings would have told */
        struct sampler_setting plain = *setting;
        plain.rules = NULL;
        sampler_build(&place->sampler, &plain);
    }
    place->kind = setting->kind;
    place->ratio = setting->ratio;
    number_ratios(&place->sampler);
    return place;
}

int sample_publish(const struct sampler_setting *setting) {
    struct kept *found = find(setting);
    if (found == NULL)
        found = make(setting);
    if (found == NULL)
        return -ENOMEM;
    found->used = ++publications;
    struct sampler *sampler = sampler_takes_all(&found->sampler) ? NULL : &found->sampler;
    __atomic_store_n(&process.sampler, sampler, __ATOMIC_RELEASE);
    bool remote = sampler != NULL && !sampler->parent_based;
    __atomic_store_n(&process.decides_remote, remote, __ATOMIC_RELAXED);
    __atomic_store_n(&process.decides_roots, sampler != NULL || process.tail, __ATOMIC_RELAXED);
    return 0;
}

/* ---- deciding -------------------------------------------------------------------------------- */

/* The value of a text field; data NULL: the site has none of that key. */
static struct sampling_text field_of(const struct spanlog__site *site,
                                     const union spanlog__slot *slots, const char *key) {
    const char *at = site->keys;
    for (unsigned i = 0; i < site->count; i++, at += strlen(at) + 1) {
        if (strcmp(at, key) != 0 || slots[i].p == NULL)
            continue;
        unsigned type = RECORD_TYPE_AT(site->types, i);
        const struct spanlog__bytes *bytes = slots[i].p;
        if (type == SPANLOG__T_STR)
            return (struct sampling_text){slots[i].p, strlen(slots[i].p)};
        if (type == SPANLOG__T_STRN && bytes->data != NULL)
            return (struct sampling_text){bytes->data, bytes->size};
    }
    return (struct sampling_text){NULL, 0};
}

static struct sampling_text route_of(const struct spanlog__site *site,
                                     const union spanlog__slot *slots) {
    struct sampling_text route = field_of(site, slots, "http.route");
    return route.data != NULL ? route : field_of(site, slots, "url.path");
}

static void decide(struct sampler *sampler, spanlog_ctx *ctx, bool foreign_id,
                   const struct spanlog__site *site, const union spanlog__slot *slots) {
    struct sampler_question question = {.trace_id = ctx->trace_id, .foreign_id = foreign_id};
    if (sampler->by_operation)
        question.operation = (struct sampling_text){site->text, strlen(site->text)};
    if (sampler->by_time)
        question.now_ns = clock_gettime_ns(CLOCK_MONOTONIC_COARSE);
    if (sampler->by_route)
        question.route = route_of(site, slots);
    struct sampler_answer answer = sampler_decide(sampler, &question);
    ctx->reserved[0] = answer.sampled ? (uint8_t)answer.rule->tag : 0;
    ctx->flags = (uint8_t)(ctx->flags & ~(SPANLOG_FLAG_SAMPLED | SPANLOG__FLAG_RATIO));
    if (answer.sampled)
        ctx->flags |= SPANLOG_FLAG_SAMPLED;
    if (ctx->reserved[0] != 0)
        ctx->flags |= SPANLOG__FLAG_RATIO;
}

void sample_root(struct thread *t, spanlog_ctx *ctx, bool has_parent,
                 const struct spanlog__site *site, const union spanlog__slot *slots) {
    struct sampler *sampler = __atomic_load_n(&process.sampler, __ATOMIC_ACQUIRE);
    bool foreign_id = !has_parent && !id_is_zero(ctx->trace_id, 16);
    if (!has_parent)
        sample_new_trace(t, ctx);
    bool on_demand = (ctx->flags & SPANLOG_FLAG_DEBUG) != 0; /* whoever set it wants it recorded */
    if (sampler != NULL && !on_demand && (!has_parent || !sampler->parent_based))
        decide(sampler, ctx, foreign_id, site, slots);
    ctx->flags = (uint8_t)(ctx->flags & ~SPANLOG__FLAG_REMOTE);
}

void sample_after_fork(void) {
    if (spanlog__context.record_flags & RECORD_CONTEXT)
        spanlog__context.ctx.flags |= SPANLOG__FLAG_REMOTE;
}
