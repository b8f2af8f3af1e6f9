/* config/sampling.c: the settings of src/sampling: sampler, rate, rules, tail and bursts. See
 * parsers.h. */
#include "src/config/parsers.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static bool is_none(const char *value) {
    return strcasecmp(value, "none") == 0;
}

/* OTEL_TRACES_SAMPLER_ARG is for samplers that ask for it, as its specification says. */
static bool rate_decides(const struct settings *s) {
    const struct setting_origin *rate = &s->origins[setting_find("sample_rate") - settings_table];
    const struct setting_origin *sampler = &s->origins[setting_find("sampler") - settings_table];
    return rate->rank > sampler->rank && rate->rank != SETTING_OTEL;
}

static enum sampler_kind kind_of(const struct settings *s) {
    return rate_decides(s) ? SAMPLER_RATIO : (enum sampler_kind)s->sampler;
}

const char *setting_parse_sampler(struct settings *s, const char *value,
                                  const struct setting_origin *origin) {
    (void)origin;
    enum sampler_kind kind;
    if (!sampler_by_name(value, &kind, &s->parent_based))
        return "there is no such sampler";
    s->sampler = (uint8_t)kind;
    return NULL;
}

/* As it is in force. */
void setting_print_sampler(const struct settings *s, char *value, size_t size) {
    snprintf(value, size, "%s", sampler_name(kind_of(s), s->parent_based));
}

const char *setting_parse_sample_rate(struct settings *s, const char *value,
                                      const struct setting_origin *origin) {
    (void)origin;
    double rate;
    if (!sampling_number((struct sampling_text){value, strlen(value)}, &rate))
        return "no number";
    s->sample_rate = rate > 1 ? 1 : rate > 0 ? rate : 0;
    s->clamped = rate > 1 ? "above the most" : rate < 0 ? "below the least" : NULL;
    return NULL;
}

/* In the fewest digits that give it back. */
void setting_print_sample_rate(const struct settings *s, char *value, size_t size) {
    double again = -1;
    for (int digits = 1; digits <= 17 && again != s->sample_rate; digits++) {
        snprintf(value, size, "%.*g", digits, s->sample_rate);
        char *comma = strchr(value, ','); /* the locale's */
        if (comma != NULL)
            *comma = '.';
        sampling_number((struct sampling_text){value, strlen(value)}, &again);
    }
}

/* How long a rule's conditions are: up to its last colon. */
static size_t conditions_size(const char *rule, size_t size) {
    const char *colon = memrchr(rule, ':', size);
    return colon != NULL ? (size_t)(colon - rule) : 0;
}

/* The next rule of *at, without the blanks around it; size 0: there is none. */
static const char *next_rule(const char **at, size_t *ret_size) {
    *at += strspn(*at, "; \t");
    const char *rule = *at;
    size_t size = strcspn(rule, ";");
    *at += size;
    while (size > 0 && (rule[size - 1] == ' ' || rule[size - 1] == '\t'))
        size--;
    *ret_size = size;
    return rule;
}

static bool has_conditions(const char *rules, const char *rule, size_t rule_size) {
    size_t wanted = conditions_size(rule, rule_size), size = 0;
    for (const char *one; (one = next_rule(&rules, &size)), size > 0;)
        if (conditions_size(one, size) == wanted && memcmp(one, rule, wanted) == 0)
            return true;
    return false;
}

int sample_rules_over(char *value, size_t size, const char *more) {
    char joined[SETTING_TEXT_SIZE];
    size_t used = 0, length = 0;
    for (int side = is_none(more) ? 2 : 0; side < 2; side++) {
        const char *at = side == 0 ? more : is_none(value) ? "" : value;
        for (const char *rule; (rule = next_rule(&at, &length)), length > 0;) {
            if (side == 1 && has_conditions(more, rule, length))
                continue;
            if (used + length + 3 > sizeof joined)
                return -E2BIG;
            used += (size_t)snprintf(joined + used, sizeof joined - used, "%s%.*s",
                                     used > 0 ? "; " : "", (int)length, rule);
        }
    }
    if (used >= size || sizeof "none" > size)
        return -E2BIG;
    joined[used] = '\0';
    strcpy(value, used > 0 ? joined : "none");
    return 0;
}

/* The rules with every ratio in its range, as they hold. */
static void clamp_rules(char *rules) {
    char inside[SETTING_TEXT_SIZE];
    size_t used = 0, size = 0;
    const char *at = rules;
    for (const char *rule; (rule = next_rule(&at, &size)), size > 0;) {
        size_t head = conditions_size(rule, size);
        head += memchr(rule, ':', size) != NULL;
        head += strspn(rule + head, " \t");
        size_t rate = strcspn(rule + head, " \t;");
        double ratio;
        if (used + size + 3 > sizeof inside)
            return; /* they hold so all the same */
        bool out = sampling_number((struct sampling_text){rule + head, rate}, &ratio) &&
                   (ratio < 0 || ratio > 1);
        used +=
            (size_t)snprintf(inside + used, sizeof inside - used, "%s%.*s%s%.*s",
                             used > 0 ? "; " : "", (int)head, rule,
                             !out        ? ""
                             : ratio > 1 ? "1"
                                         : "0",
                             (int)(size - head - (out ? rate : 0)), rule + head + (out ? rate : 0));
    }
    strcpy(rules, inside); /* no number is shorter than its nearest */
}

/* Live, rules are laid over those in force: each set of live rules ends at its own time. */
const char *setting_parse_sample_rules(struct settings *s, const char *value,
                                       const struct setting_origin *origin) {
    bool clamped = false;
    char rules[SETTING_TEXT_SIZE];
    snprintf(rules, sizeof rules, "%s", value);
    if (origin->rank == SETTING_LIVE && !is_none(value)) {
        snprintf(rules, sizeof rules, "%s", s->sample_rules);
        if (sample_rules_over(rules, sizeof rules, value) != 0)
            return "too long together";
    }
    const char *wrong = is_none(rules) ? NULL : sampler_check_rules(rules, &clamped);
    if (wrong != NULL)
        return wrong;
    if (clamped)
        clamp_rules(rules);
    s->clamped = clamped ? "a rate outside 0 to 1" : NULL;
    strcpy(s->sample_rules, is_none(rules) ? "" : rules);
    return NULL;
}

void setting_print_sample_rules(const struct settings *s, char *value, size_t size) {
    snprintf(value, size, "%s", s->sample_rules[0] != '\0' ? s->sample_rules : "none");
}

const char *setting_parse_tail(struct settings *s, const char *value,
                               const struct setting_origin *origin) {
    (void)origin;
    struct tail_rules rules;
    const char *wrong = is_none(value) ? NULL : tail_parse(&rules, value);
    if (wrong == NULL)
        strcpy(s->tail, is_none(value) ? "" : value);
    return wrong;
}

void setting_print_tail(const struct settings *s, char *value, size_t size) {
    snprintf(value, size, "%s", s->tail[0] != '\0' ? s->tail : "none");
}

const char *setting_parse_burst(struct settings *s, const char *value,
                                const struct setting_origin *origin) {
    (void)origin;
    uint32_t limit = 0;
    if (!is_none(value) &&
        !sampling_per_second((struct sampling_text){value, strlen(value)}, &limit))
        return "no number of records a second";
    s->burst = limit;
    return NULL;
}

void setting_print_burst(const struct settings *s, char *value, size_t size) {
    if (s->burst > 0)
        snprintf(value, size, "%u/s", s->burst);
    else
        snprintf(value, size, "none");
}

struct sampler_setting settings_sampler(const struct settings *s) {
    return (struct sampler_setting){.kind = kind_of(s),
                                    .parent_based = s->parent_based,
                                    .ratio = s->sample_rate,
                                    .rules = s->sample_rules,
                                    .service = s->service,
                                    .environment = s->environment};
}
