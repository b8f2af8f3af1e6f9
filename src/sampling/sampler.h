/* sampling/sampler.h: which new traces are recorded: OpenTelemetry's samplers, and rules before
 * them.
 *
 *     struct sampler_setting setting = {.kind = SAMPLER_RATIO, .parent_based = true, .ratio = 0.1,
 *                                       .rules = "route=/checkout:1; operation=GET /health:0",
 *                                       .service = "orders", .environment = "production"};
 *     sampler_build(&sampler, &setting);
 *     struct sampler_answer answer = sampler_decide(&sampler, &question);
 *
 * Rules are parted by semicolons; the first whose conditions all hold decides, else the sampler:
 *
 *     rule      = [condition *("," condition) ":"] rate
 *     condition = ("service" / "environment" / "operation" / "route") "=" pattern
 *     rate      = ratio / limit / ratio SP limit        0.25, 25%, 100/s, 0.5 100/s
 *
 * A sampler is built once and then only read, but for the buckets of its limits, which are atomic:
 * any number of threads may ask it at once.
 */
#ifndef SPANLOG_SAMPLING_SAMPLER_H
#define SPANLOG_SAMPLING_SAMPLER_H

#include "src/sampling/text.h"

#define SAMPLER_MAX_RULES 32u
#define SAMPLER_MAX_TEXT 2048u /* of all rules, with the NUL */

enum sampler_kind { SAMPLER_ALWAYS_ON, SAMPLER_ALWAYS_OFF, SAMPLER_RATIO };

struct sampler_setting {
    enum sampler_kind kind;
    bool parent_based; /* a context from elsewhere has been decided there */
    double ratio;      /* of SAMPLER_RATIO */
    const char *rules;
    const char *service, *environment; /* of this process: rules for others are left out */
};

struct sampler_rule {
    struct sampling_text operation, route; /* patterns in sampler.texts; data NULL: any */
    uint64_t bound;                        /* ratio_bound(ratio) */
    double ratio;
    uint32_t limit;  /* traces a second; 0: no limit */
    uint32_t tag;    /* the builder's caller may put anything here */
    uint64_t bucket; /* of the limit */
};

struct sampler {
    bool parent_based;
    bool by_operation, by_route, by_time; /* some rule asks for it */
    uint32_t count;
    struct sampler_rule rules[SAMPLER_MAX_RULES + 1]; /* the last: the sampler itself */
    char texts[SAMPLER_MAX_TEXT];
};

/* What is known of a trace that begins. */
struct sampler_question {
    const uint8_t *trace_id;
    bool foreign_id; /* it came as a trace id alone: perhaps a UUID */
    struct sampling_text operation, route;
    uint64_t now_ns; /* monotonic */
};

struct sampler_answer {
    bool sampled;
    const struct sampler_rule *rule; /* that decided */
};

/* Returns NULL, or what right rules would be; then nothing is built. */
const char *sampler_build(struct sampler *ret_sampler, const struct sampler_setting *setting);
/* The same of the rules alone. *ret_clamped: some rate was outside 0..1. */
const char *sampler_check_rules(const char *rules, bool *ret_clamped);
/* "parentbased_traceidratio" and its five kin. False: there is no such sampler. */
bool sampler_by_name(const char *name, enum sampler_kind *ret_kind, bool *ret_parent_based);
/* Its name again. */
const char *sampler_name(enum sampler_kind kind, bool parent_based);
/* Takes every trace that is its own to decide: there is nothing to ask. */
bool sampler_takes_all(const struct sampler *sampler);

struct sampler_answer sampler_decide(struct sampler *sampler,
                                     const struct sampler_question *question);

#endif
