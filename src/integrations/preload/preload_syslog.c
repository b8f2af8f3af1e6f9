/* integrations/preload/preload_syslog.c: syslog(3) of unchanged programs: a record, and then the
 * real call as well. The system log, and stderr under LOG_PERROR, get what they always got.
 *
 *     syslog(LOG_ERR, "cannot open %s: %m", path)
 */
#include "preload.h"

#include <spanlog/syslog.h>

#include <errno.h>

#undef syslog
#undef vsyslog
#undef openlog
#undef closelog
#undef setlogmask

/* Also what a compiler makes of syslog with _FORTIFY_SOURCE. */
void __syslog_chk(int priority, int flag, const char *format, ...);
void __vsyslog_chk(int priority, int flag, const char *format, va_list arguments);

static void record(int priority, const char *format, va_list arguments) {
    static struct spanlog__syslog_place place = {"", 0, 0, NULL};
    if (!preload_active())
        return;
    int saved = errno;
    va_list copy;
    spanlog_ctx before = spanlog_ctx_attach(preload_parent());
    va_copy(copy, arguments);
    errno = saved;
    spanlog__vsyslog(&place, priority, format, copy);
    va_end(copy);
    spanlog_ctx_attach(before);
    errno = saved;
}

typedef void plain_call(int priority, const char *format, va_list arguments);
typedef void checked_call(int priority, int flag, const char *format, va_list arguments);

PRELOAD_API void vsyslog(int priority, const char *format, va_list arguments) {
    plain_call *real = (plain_call *)PRELOAD_REAL("vsyslog")->function;
    record(priority, format, arguments);
    real(priority, format, arguments);
}

PRELOAD_API void __vsyslog_chk(int priority, int flag, const char *format, va_list arguments) {
    checked_call *real = (checked_call *)PRELOAD_REAL("__vsyslog_chk")->function;
    record(priority, format, arguments);
    real(priority, flag, format, arguments);
}

PRELOAD_API void syslog(int priority, const char *format, ...) {
    plain_call *real = (plain_call *)PRELOAD_REAL("vsyslog")->function;
    va_list arguments;
    va_start(arguments, format);
    record(priority, format, arguments);
    real(priority, format, arguments);
    va_end(arguments);
}

PRELOAD_API void __syslog_chk(int priority, int flag, const char *format, ...) {
    checked_call *real = (checked_call *)PRELOAD_REAL("__vsyslog_chk")->function;
    va_list arguments;
    va_start(arguments, format);
    record(priority, format, arguments);
    real(priority, flag, format, arguments);
    va_end(arguments);
}

PRELOAD_API void openlog(const char *ident, int option, int facility) {
    void (*real)(const char *, int, int) =
        (void (*)(const char *, int, int))PRELOAD_REAL("openlog")->function;
    spanlog__openlog(ident, option & ~LOG_PERROR, facility);
    real(ident, option, facility);
}

PRELOAD_API void closelog(void) {
    void (*real)(void) = (void (*)(void))PRELOAD_REAL("closelog")->function;
    spanlog__closelog();
    real();
}

PRELOAD_API int setlogmask(int mask) {
    int (*real)(int) = (int (*)(int))PRELOAD_REAL("setlogmask")->function;
    spanlog__setlogmask(mask);
    return real(mask);
}
