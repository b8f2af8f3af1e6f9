/* sampling/tail.c: see tail.h. */
#include "src/sampling/tail.h"

#include <string.h>

static const char *read_slow(struct sampling_text text, struct tail_condition *condition) {
    condition->kind = TAIL_SLOW;
    struct sampling_text duration = sampling_trim(text.data + 5, text.size - 5);
    return sampling_duration(duration, &condition->duration_ns)
               ? NULL
               : "slow: needs a duration, as slow:250ms";
}

static const char *read_match(struct sampling_text text, struct tail_condition *condition) {
    struct sampling_text value = text;
    condition->key = sampling_next(&value, '=');
    if (value.data == NULL || condition->key.size == 0)
        return "conditions are errors, slow:DURATION, operation=TEXT and KEY=TEXT";
    condition->pattern = sampling_trim(value.data, value.size);
    condition->kind = sampling_is(condition->key, "operation") ? TAIL_OPERATION : TAIL_ATTRIBUTE;
    return NULL;
}

static const char *read_condition(struct sampling_text text, struct tail_condition *condition) {
    memset(condition, 0, sizeof *condition);
    if (sampling_is(text, "errors")) {
        condition->kind = TAIL_ERRORS;
        return NULL;
    }
    if (text.size >= 5 && memcmp(text.data, "slow:", 5) == 0)
        return read_slow(text, condition);
    return read_match(text, condition);
}

static const char *read_part(struct tail_rules *rules, struct sampling_text part) {
    while (part.data != NULL) {
        if (rules->count == TAIL_MAX_CONDITIONS)
            return "at most 32 conditions";
        const char *wrong =
            read_condition(sampling_next(&part, '&'), &rules->conditions[rules->count]);
        if (wrong != NULL)
            return wrong;
        rules->conditions[rules->count++].last = part.data == NULL;
    }
    return NULL;
}

const char *tail_parse(struct tail_rules *rules, const char *text) {
    const char *wrong = NULL;
    memset(rules, 0, sizeof *rules);
    if (strlen(text) >= sizeof rules->text)
        return "at most 511 characters";
    strcpy(rules->text, text);
    struct sampling_text rest = {rules->text, strlen(text)};
    if (sampling_trim(rest.data, rest.size).size == 0)
        return NULL;
    while (rest.data != NULL && wrong == NULL)
        wrong = read_part(rules, sampling_next(&rest, ','));
    if (wrong != NULL)
        rules->count = 0;
    return wrong;
}

static bool matches(struct sampling_text pattern, struct sampling_text text) {
    return text.data != NULL && sampling_matches(pattern.data, pattern.size, text.data, text.size);
}

static bool holds(const struct tail_condition *condition, const struct tail_outcome *outcome) {
    char space[64];
    switch (condition->kind) {
    case TAIL_ERRORS:
        return outcome->failed;
    case TAIL_SLOW:
        return outcome->duration_ns >= condition->duration_ns;
    case TAIL_OPERATION:
        return matches(condition->pattern, outcome->operation);
    default:
        return matches(condition->pattern, outcome->attribute(outcome->arg, condition->key, space));
    }
}

bool tail_keeps(const struct tail_rules *rules, const struct tail_outcome *outcome) {
    bool all = true;
    for (uint32_t i = 0; i < rules->count; i++) {
        const struct tail_condition *condition = &rules->conditions[i];
        all = all && holds(condition, outcome);
        if (!condition->last)
            continue;
        if (all)
            return true;
        all = true;
    }
    return false;
}
