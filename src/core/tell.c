/* core/tell.c: see tell.h. */
#include "src/core/tell.h"
#include "src/core/futex.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

bool tell_nothing;

void tell(const char *format, ...) {
    char line[1024];
    va_list arguments;
    if (tell_nothing)
        return;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    for (char *p = line; *p != '\0'; p++) /* it quotes what others have given: one line it stays */
        *p = (unsigned char)*p < ' ' || *p == 127 ? '?' : *p;
    if (dprintf(STDERR_FILENO, "spanlog: %s\n", line) < 0 && errno == EFBIG)
        signal_take_back(SIGXFSZ);
}
