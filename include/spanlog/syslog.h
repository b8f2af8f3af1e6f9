/* spanlog/syslog.h: syslog(3) becomes records. One include changes, or none:
 *
 *     #include <spanlog/syslog.h>                      in place of <syslog.h>
 *     cc -include spanlog/syslog.h ... -lspanlog       without touching a source
 *
 *     openlog("import", LOG_PID, LOG_DAEMON);
 *     syslog(LOG_WARNING, "cannot open %s: %m", path);
 *
 * writes (shortened)
 *
 *     {"ts":"...","level":"warn","msg":"cannot open stock.csv: No such file or directory",
 *      "service":"import","trace_id":"...","logger":"import","src":"src/import.c:42",
 *      "syslog.facility":"daemon"}
 *
 * Levels: emerg, alert and crit are fatal, err is error, notice and info are info. SPANLOG_LEVEL
 * holds, so debug is off until asked for; setlogmask holds too. The logger is openlog's ident, else
 * the source's folder; the facility is written when openlog or the call names one. LOG_PERROR also
 * writes to stderr, as ever; LOG_PID, LOG_CONS, LOG_NDELAY and the like have nothing left to do. A
 * newline at the end is dropped. A literal format is formatted later, by the back; any other at the
 * call. errno stays as it was.
 *
 * Calls are renamed, pointers to syslog are not: those still reach the C library.
 */
#ifndef SPANLOG_SYSLOG_H
#define SPANLOG_SYSLOG_H

#include <stdarg.h>
#include <syslog.h>
#include <spanlog/macros.h> /* no more: -include must bring no short names */

#ifdef __cplusplus
extern "C" {
#endif

/* One place in the program that calls syslog. Its sites, one for each level, come at the first
 * calls. */
struct spanlog__syslog_place {
    const char *file;
    uint32_t line;
    uint32_t literal; /* the format never changes */
    void *sites;
};

SPANLOG__API void spanlog__syslog(struct spanlog__syslog_place *place, int priority,
                                  const char *format, ...) SPANLOG__PRINTF(3, 4);
SPANLOG__API void spanlog__vsyslog(struct spanlog__syslog_place *place, int priority,
                                   const char *format, va_list arguments) SPANLOG__PRINTF(3, 0);
SPANLOG__API void spanlog__openlog(const char *ident, int option, int facility);
SPANLOG__API void spanlog__closelog(void);
SPANLOG__API int spanlog__setlogmask(int mask);

#define SPANLOG__SYSLOG_PLACE(format)                                                              \
    static struct spanlog__syslog_place spanlog__place_ = {                                        \
        __FILE__, __LINE__, __builtin_constant_p(format) ? 1u : 0u, NULL}

#undef syslog /* a macro already where the C library checks formats without inline functions */
#undef vsyslog
#define syslog(priority, ...)                                                                      \
    __extension__({                                                                                \
        SPANLOG__SYSLOG_PLACE(SPANLOG__FIRST(__VA_ARGS__));                                        \
        spanlog__syslog(&spanlog__place_, priority, __VA_ARGS__);                                  \
    })
#define vsyslog(priority, format, arguments)                                                       \
    __extension__({                                                                                \
        SPANLOG__SYSLOG_PLACE(format);                                                             \
        spanlog__vsyslog(&spanlog__place_, priority, format, arguments);                           \
    })
#define openlog(ident, option, facility) spanlog__openlog(ident, option, facility)
#define closelog() spanlog__closelog()
#define setlogmask(mask) spanlog__setlogmask(mask)

#ifdef __cplusplus
}
#endif

#endif
