/* process/redact.c: what the program itself says must not leave it (spanlog_redact), beside the
 * setting `redact`. */
#include "src/process/process.h"

#include "src/core/redact.h"

#include <spanlog/spanlog.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Under the start lock, or before any thread can take it. */
static char added[JOURNAL_TEXT_SIZE - sizeof((struct settings *)0)->redact];

const char *process_redact_list(const struct settings *settings) {
    static char list[JOURNAL_TEXT_SIZE];
    snprintf(list, sizeof list, "%s%s%s", settings->redact, added[0] != '\0' ? "," : "", added);
    return list;
}

int process_redact_add(const char *rules) {
    size_t used = strlen(added);
    char all[JOURNAL_TEXT_SIZE];
    if (redact_check(rules) != NULL)
        return -EINVAL;
    int size = snprintf(all, sizeof all, "%s%s%s", added, used > 0 ? "," : "", rules);
    if (size < 0 || (size_t)size >= sizeof added || redact_check(all) != NULL)
        return -ENOSPC;
    strcpy(added, all);
    return 0;
}

int spanlog__redact(const char *first, ...) {
    char rules[sizeof added];
    size_t used = 0;
    va_list more;
    va_start(more, first);
    for (const char *one = first; one != NULL && used < sizeof rules;
         one = va_arg(more, const char *))
        used +=
            (size_t)snprintf(rules + used, sizeof rules - used, "%s%s", used > 0 ? "," : "", one);
    va_end(more);
    if (used == 0)
        return -EINVAL;
    return used < sizeof rules ? process_redact(rules) : -ENOSPC;
}
