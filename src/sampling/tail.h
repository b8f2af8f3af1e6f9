/* sampling/tail.h: which traces are kept whole once it is known how they ended.
 *
 *     struct tail_rules rules;
 *     tail_parse(&rules, "errors,slow:250ms,operation=GET /checkout*&slow:50ms,user.tier=gold");
 *     if (tail_keeps(&rules, &outcome)) ...
 *
 * One of the parts between commas has to hold; of a part all that & joins:
 *
 *     errors           the local root failed: spanlog_fail, or a status that is an error
 *     slow:DURATION    it took that long or longer: 250ms, 1.5s
 *     operation=TEXT   its name, with * and ?
 *     KEY=TEXT         an attribute of it (numbers as they are written), with * and ?
 */
#ifndef SPANLOG_SAMPLING_TAIL_H
#define SPANLOG_SAMPLING_TAIL_H

#include "src/sampling/text.h"

#define TAIL_MAX_CONDITIONS 32u
#define TAIL_MAX_TEXT 512u /* with the NUL */

enum tail_kind { TAIL_ERRORS, TAIL_SLOW, TAIL_OPERATION, TAIL_ATTRIBUTE };

struct tail_condition {
    enum tail_kind kind;
    bool last; /* of its part */
    uint64_t duration_ns;
    struct sampling_text key, pattern; /* in tail_rules.text */
};

struct tail_rules {
    uint32_t count; /* 0: nothing is kept that the head did not take */
    struct tail_condition conditions[TAIL_MAX_CONDITIONS];
    char text[TAIL_MAX_TEXT];
};

/* How a local root ended. */
struct tail_outcome {
    bool failed;
    uint64_t duration_ns;
    struct sampling_text operation;
    /* The value of an attribute as text, which may be written to space; data NULL: there is none.
     */
    struct sampling_text (*attribute)(void *arg, struct sampling_text key, char space[64]);
    void *arg;
};

/* Returns NULL, or what is wrong with the text; then nothing is kept. Rules point into themselves:
 * they are not to be copied. */
const char *tail_parse(struct tail_rules *ret_rules, const char *text);
bool tail_keeps(const struct tail_rules *rules, const struct tail_outcome *outcome);

#endif
