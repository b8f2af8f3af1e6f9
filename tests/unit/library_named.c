/* tests/unit/library_named.c: a source file with a logger name of its own. */
#define SPANLOG_LOGGER_NAME "payments"
#include <spanlog/spanlog.h>

void logs_with_a_name_of_its_own(void);

void logs_with_a_name_of_its_own(void) {
    spanlog_info("by name");
}
