/* sampling/sampler.c: see sampler.h. */
#include "src/sampling/sampler.h"
#include "src/sampling/limit.h"
#include "src/sampling/ratio.h"

#include <string.h>

static const struct {
    const char *name;
    enum sampler_kind kind;
    bool parent_based;
} names[] = {{"always_on", SAMPLER_ALWAYS_ON, false},
             {"always_off", SAMPLER_ALWAYS_OFF, false},
             {"traceidratio", SAMPLER_RATIO, false},
             {"parentbased_always_on", SAMPLER_ALWAYS_ON, true},
             {"parentbased_always_off", SAMPLER_ALWAYS_OFF, true},
             {"parentbased_traceidratio", SAMPLER_RATIO, true}};
#define NAMES (sizeof names / sizeof *names)

bool sampler_by_name(const char *name, enum sampler_kind *ret_kind, bool *ret_parent_based) {
    for (size_t i = 0; i < NAMES; i++) {
        if (strcmp(names[i].name, name) == 0) {
            *ret_kind = names[i].kind;
            *ret_parent_based = names[i].parent_based;
            return true;
        }
    }
    return false;
}

const char *sampler_name(enum sampler_kind kind, bool parent_based) {
    for (size_t i = 0; i < NAMES; i++) {
        if (names[i].kind == kind && names[i].parent_based == parent_based)
            return names[i].name;
    }
    return "";
}

/* ---- reading rules ------------------------------------------------------------------------- */

/* A rule as it is read: with the conditions that hold or do not hold for the whole process. */
struct reading {
    struct sampler_rule rule;
    struct sampling_text service, environment;
    bool clamped;
};

static void set_ratio(struct reading *reading, double ratio) {
    double inside = ratio > 1 ? 1 : ratio > 0 ? ratio : 0;
    reading->clamped |= ratio < 0 || ratio > 1;
    reading->rule.ratio = inside;
    reading->rule.bound = ratio_bound(inside);
}

static const char *read_rate(struct sampling_text text, struct reading *reading) {
    static const char wanted[] = "a rate behind a rule's last colon: 0.25, 25%, 100/s or 0.5 100/s";
    struct sampling_text first = sampling_next(&text, ' ');
    double ratio = 1, number;
    if (sampling_number(first, &number)) {
        ratio = number;
        if (text.data == NULL) {
            set_ratio(reading, ratio);
            return NULL;
        }
        first = sampling_trim(text.data, text.size);
        text.data = NULL;
    }
    set_ratio(reading, ratio);
    return text.data == NULL && sampling_per_second(first, &reading->rule.limit) ? NULL : wanted;
}

static const char *read_condition(struct sampling_text text, struct reading *reading) {
    static const char wanted[] = "conditions service=, environment=, operation= or route=";
    struct sampling_text value = text, name = sampling_next(&value, '=');
    if (value.data == NULL)
        return wanted;
    value = sampling_trim(value.data, value.size);
    if (value.size == 0)
        return wanted;
    if (sampling_is(name, "service"))
        reading->service = value;
    else if (sampling_is(name, "environment") || sampling_is(name, "env"))
        reading->environment = value;
    else if (sampling_is(name, "operation"))
        reading->rule.operation = value;
    else if (sampling_is(name, "route"))
        reading->rule.route = value;
    else
        return wanted;
    return NULL;
}

static const char *read_rule(struct sampling_text text, struct reading *reading) {
    memset(reading, 0, sizeof *reading);
    const char *colon = text.size > 0 ? memrchr(text.data, ':', text.size) : NULL;
    if (colon == NULL)
        return read_rate(text, reading);
    const char *end = text.data + text.size;
    struct sampling_text conditions = {text.data, (size_t)(colon - text.data)};
    while (conditions.data != NULL) {
        const char *wrong = read_condition(sampling_next(&conditions, ','), reading);
        if (wrong != NULL)
            return wrong;
    }
    return read_rate(sampling_trim(colon + 1, (size_t)(end - colon - 1)), reading);
}

/* ---- building ------------------------------------------------------------------------------ */

static bool is_for(struct sampling_text pattern, const char *ours) {
    return pattern.data == NULL ||
           (ours != NULL && sampling_matches(pattern.data, pattern.size, ours, strlen(ours)));
}

/* setting NULL: only whether they can be read. */
static const char *add_rules(struct sampler *sampler, const struct sampler_setting *setting,
                             const char *text, bool *ret_clamped) {
    struct sampling_text rest = {text, strlen(text)};
    uint32_t count = 0;
    *ret_clamped = false;
    while (rest.data != NULL) {
        struct reading reading;
        struct sampling_text one = sampling_next(&rest, ';');
        if (one.size == 0)
            continue;
        const char *wrong = read_rule(one, &reading);
        if (wrong == NULL && count++ == SAMPLER_MAX_RULES)
            wrong = "at most 32 rules";
        if (wrong != NULL)
            return wrong;
        *ret_clamped |= reading.clamped;
        if (setting == NULL || !is_for(reading.service, setting->service) ||
            !is_for(reading.environment, setting->environment))
            continue;
        sampler->by_operation |= reading.rule.operation.data != NULL;
        sampler->by_route |= reading.rule.route.data != NULL;
        sampler->by_time |= reading.rule.limit > 0;
        sampler->rules[sampler->count++] = reading.rule;
    }
    return NULL;
}

const char *sampler_check_rules(const char *rules, bool *ret_clamped) {
    if (strlen(rules) >= SAMPLER_MAX_TEXT)
        return "at most 2047 characters of rules";
    return add_rules(NULL, NULL, rules, ret_clamped);
}

const char *sampler_build(struct sampler *sampler, const struct sampler_setting *setting) {
    const char *rules = setting->rules != NULL ? setting->rules : "";
    bool clamped;
    memset(sampler, 0, sizeof *sampler);
    if (strlen(rules) >= sizeof sampler->texts)
        return "at most 2047 characters of rules";
    strcpy(sampler->texts, rules); /* which the patterns point into */
    const char *wrong = add_rules(sampler, setting, sampler->texts, &clamped);
    if (wrong != NULL)
        return wrong;
    double ratio = setting->kind == SAMPLER_ALWAYS_ON    ? 1
                   : setting->kind == SAMPLER_ALWAYS_OFF ? 0
                                                         : setting->ratio;
    ratio = ratio > 1 ? 1 : ratio > 0 ? ratio : 0;
    sampler->rules[sampler->count++] =
        (struct sampler_rule){.ratio = ratio, .bound = ratio_bound(ratio)};
    sampler->parent_based = setting->parent_based;
    return NULL;
}

/* ---- deciding ------------------------------------------------------------------------------ */

bool sampler_takes_all(const struct sampler *sampler) {
    const struct sampler_rule *first = &sampler->rules[0];
    return sampler->parent_based && sampler->count == 1 && first->bound == RATIO_ALL &&
           first->limit == 0;
}

static bool holds(struct sampling_text pattern, struct sampling_text text) {
    return pattern.data == NULL ||
           (text.data != NULL &&
            sampling_matches(pattern.data, pattern.size, text.data, text.size));
}

static struct sampler_rule *find_rule(struct sampler *sampler,
                                      const struct sampler_question *question) {
    uint32_t last = sampler->count - 1;
    for (uint32_t i = 0; i < last; i++) {
        if (holds(sampler->rules[i].operation, question->operation) &&
            holds(sampler->rules[i].route, question->route))
            return &sampler->rules[i];
    }
    return &sampler->rules[last];
}

struct sampler_answer sampler_decide(struct sampler *sampler,
                                     const struct sampler_question *question) {
    struct sampler_rule *rule = find_rule(sampler, question);
    bool taken = question->foreign_id ? ratio_takes_uuid(rule->bound, question->trace_id)
                                      : ratio_takes(rule->bound, question->trace_id);
    if (taken && rule->limit > 0)
        taken = limit_takes(&rule->bucket, rule->limit, question->now_ns);
    return (struct sampler_answer){.sampled = taken, .rule = rule};
}
