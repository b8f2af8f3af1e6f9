/* tests/fuzz/sampling_fuzz.c: any text as sampling rules and as a tail.
 *
 *     sampling_fuzz corpus/ -max_total_time=120
 *
 * What is taken must decide about any trace within its bounds; what the check of rules takes, the
 * building must take too. The first byte says which of the two the text is.
 */
#include "src/sampling/sampler.h"
#include "src/sampling/tail.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const operations[] = {"", "GET /orders", "a*?=:;,&"};

static struct sampling_text text_of(const char *text) {
    return (struct sampling_text){text, strlen(text)};
}

static void ask(struct sampler *sampler, const char *operation, const char *route) {
    uint8_t id[16] = {0};
    for (int i = 0; i < 4; i++) {
        memset(id + 8, i * 85, 8);
        struct sampler_question question = {.trace_id = id,
                                            .foreign_id = i % 2,
                                            .operation = text_of(operation),
                                            .now_ns = (uint64_t)i * 1000000};
        if (route != NULL)
            question.route = text_of(route);
        struct sampler_answer answer = sampler_decide(sampler, &question);
        if (answer.rule < sampler->rules || answer.rule >= sampler->rules + sampler->count ||
            !(answer.rule->ratio >= 0 && answer.rule->ratio <= 1))
            abort();
        if (answer.sampled && answer.rule->ratio == 0)
            abort();
    }
}

static void try_rules(const char *text) {
    static struct sampler sampler;
    bool clamped;
    struct sampler_setting setting = {.kind = SAMPLER_RATIO,
                                      .ratio = 0.5,
                                      .rules = text,
                                      .service = "orders",
                                      .environment = "production"};
    const char *refused = sampler_check_rules(text, &clamped);
    if ((sampler_build(&sampler, &setting) == NULL) != (refused == NULL))
        abort();
    if (refused != NULL)
        return;
    for (size_t i = 0; i < sizeof operations / sizeof *operations; i++) {
        ask(&sampler, operations[i], "/orders");
        ask(&sampler, operations[i], NULL);
    }
}

static struct sampling_text attribute(void *arg, struct sampling_text key, char space[64]) {
    (void)arg;
    space[0] = key.size > 0 ? key.data[0] : '-';
    return key.size % 2 == 0 ? (struct sampling_text){space, 1} : (struct sampling_text){NULL, 0};
}

static void try_tail(const char *text) {
    static struct tail_rules rules;
    if (tail_parse(&rules, text) != NULL) {
        if (rules.count != 0)
            abort();
        return;
    }
    for (int i = 0; i < 4; i++) {
        struct tail_outcome outcome = {.failed = i % 2,
                                       .duration_ns = (uint64_t)i * 1000000,
                                       .operation = text_of(operations[i % 3]),
                                       .attribute = attribute};
        tail_keeps(&rules, &outcome);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0)
        return 0;
    char *text = malloc(size);
    if (text == NULL)
        return 0;
    memcpy(text, data + 1, size - 1);
    text[size - 1] = '\0';
    if (data[0] % 2 == 0)
        try_rules(text);
    else
        try_tail(text);
    free(text);
    return 0;
}
