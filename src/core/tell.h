/* core/tell.h: what the library says about its own troubles, on stderr.
 *
 *     tell("cannot write %s: %s", path, strerror(error));      "spanlog: cannot write ...\n"
 *
 * A program that does not know it is being logged keeps its stderr to itself: tell_nothing.
 */
#ifndef SPANLOG_CORE_TELL_H
#define SPANLOG_CORE_TELL_H

#include <stdbool.h>

extern bool tell_nothing;

void tell(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
