/* integrations/syslog.c: what the macros of <spanlog/syslog.h> call. Part of libspanlog, written
 * with its public headers only.
 *
 *     syslog(LOG_ERR | LOG_MAIL, "queue %s: %m", id)
 *         -> the place's site for error with a facility -> spanlog__vlogf
 *
 * A place keeps its sites in a list that only grows, at most one for each level with and without
 * facility: found without a lock.
 */
#include <spanlog/syslog.h>
#include <spanlog/spanlog.h>

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#undef syslog
#undef vsyslog

#define FORMAT_MOST 1024
#define IDENTS_MOST 64 /* openlog with ever new names: the first so many are loggers */

struct place_site {
    struct spanlog__site site;
    struct place_site *next;
    char text[]; /* the format, its last newline dropped */
};

static struct {
    pthread_mutex_t lock; /* of writers; readers take what they find */
    spanlog_logger *logger;
    int option;
    int facility;
    int mask;
    uint32_t idents;
    spanlog_logger loggers[IDENTS_MOST];
} state = {.lock = PTHREAD_MUTEX_INITIALIZER, .mask = LOG_UPTO(LOG_DEBUG)};

/* ---- openlog, closelog, setlogmask ---------------------------------------------------------- */

static void lock_state(void) {
    pthread_mutex_lock(&state.lock);
}

static void unlock_state(void) {
    pthread_mutex_unlock(&state.lock);
}

/* A child must not find it locked by a thread that it does not have. Nothing is allocated under it:
 * an allocator may have its own way of waiting for forks. */
__attribute__((constructor)) static void watch_forks(void) {
    pthread_atfork(lock_state, unlock_state, unlock_state);
}

static spanlog_logger *find_logger(const char *ident) {
    for (uint32_t i = 0; i < state.idents; i++) {
        if (strcmp(state.loggers[i].name, ident) == 0)
            return &state.loggers[i];
    }
    return NULL;
}

/* The logger of that name; at its first use it takes *name. NULL: there are too many, or no memory.
 * Under the lock. */
static spanlog_logger *logger_of(const char *ident, char **name) {
    spanlog_logger *known = find_logger(ident);
    if (known != NULL || *name == NULL || state.idents == IDENTS_MOST)
        return known;
    state.loggers[state.idents].name = *name;
    *name = NULL;
    return &state.loggers[state.idents++];
}

void spanlog__openlog(const char *ident, int option, int facility) {
    int saved = errno;
    char *name = ident != NULL ? strdup(ident) : NULL;
    lock_state();
    if (ident != NULL)
        __atomic_store_n(&state.logger, logger_of(ident, &name), __ATOMIC_RELEASE);
    __atomic_store_n(&state.option, option, __ATOMIC_RELAXED);
    if (facility != 0 && (facility & ~LOG_FACMASK) == 0)
        __atomic_store_n(&state.facility, facility, __ATOMIC_RELAXED);
    unlock_state();
    free(name);
    errno = saved;
}

void spanlog__closelog(void) {
    __atomic_store_n(&state.logger, NULL, __ATOMIC_RELEASE);
}

int spanlog__setlogmask(int mask) {
    if (mask == 0)
        return __atomic_load_n(&state.mask, __ATOMIC_RELAXED);
    return __atomic_exchange_n(&state.mask, mask, __ATOMIC_RELAXED);
}

/* ---- sites ---------------------------------------------------------------------------------- */

static uint8_t level_of(int priority) {
    static const uint8_t levels[8] = {SPANLOG_FATAL, SPANLOG_FATAL, SPANLOG_FATAL, SPANLOG_ERROR,
                                      SPANLOG_WARN,  SPANLOG_INFO,  SPANLOG_INFO,  SPANLOG_DEBUG};
    return levels[LOG_PRI(priority)];
}

static const char *facility_name(int facility) {
    static const char *const names[] = {
        "kern",   "user",   "mail",     "daemon", "auth",   "syslog", "lpr",    "news",
        "uucp",   "cron",   "authpriv", "ftp",    "ntp",    "audit",  "alert",  "clock",
        "local0", "local1", "local2",   "local3", "local4", "local5", "local6", "local7"};
    int number = LOG_FAC(facility);
    return number > 0 && number < 24 ? names[number] : NULL;
}

static struct place_site *find(struct spanlog__syslog_place *place, uint8_t level, bool facility) {
    struct place_site *at = __atomic_load_n((struct place_site **)&place->sites, __ATOMIC_ACQUIRE);
    while (at != NULL && (at->site.level != level || (at->site.keys[0] != '\0') != facility))
        at = at->next;
    return at;
}

static struct place_site *make(const struct spanlog__syslog_place *place, const char *format,
                               uint8_t level, bool facility) {
    const char *text = place->literal ? format : "%s";
    size_t size = strlen(text);
    struct place_site *made = calloc(1, sizeof *made + size + 1);
    if (made == NULL)
        return NULL;
    if (size > 0 && text[size - 1] == '\n')
        size--;
    memcpy(made->text, text, size); /* NOLINT(bugprone-not-null-terminated-result): calloc */
    made->site = (struct spanlog__site){.state = SPANLOG__STATE_NEW_KEPT,
                                        .text = made->text,
                                        .keys = facility ? "syslog.facility\0" : "",
                                        .file = place->file,
                                        .types = facility ? SPANLOG__T_STR : 0,
                                        .line = place->line,
                                        .level = level,
                                        .form = SPANLOG__FORM_LOGF,
                                        .count = facility,
                                        .kind = place->literal ? 0 : SPANLOG__PRINTF_AT_CALL};
    return made;
}

/* The site of that place; two threads that come first at once make one. NULL: no memory. */
static struct spanlog__site *site_of(struct spanlog__syslog_place *place, const char *format,
                                     uint8_t level, bool facility) {
    struct place_site *site = find(place, level, facility);
    if (site != NULL)
        return &site->site;
    struct place_site *made = make(place, format, level, facility);
    lock_state();
    site = find(place, level, facility);
    if (site == NULL && made != NULL) {
        site = made;
        made = NULL;
        site->next = place->sites;
        __atomic_store_n((struct place_site **)&place->sites, site, __ATOMIC_RELEASE);
    }
    unlock_state();
    free(made);
    return site != NULL ? &site->site : NULL;
}

/* ---- the calls ------------------------------------------------------------------------------ */

/* "ident[pid]: text", as the C library does it, in one write. */
static void write_to_stderr(const char *format, va_list arguments, int option, int saved) {
    char head[160], text[8192];
    const spanlog_logger *logger = __atomic_load_n(&state.logger, __ATOMIC_ACQUIRE);
    const char *ident = logger != NULL ? logger->name : program_invocation_short_name;
    int head_size = option & LOG_PID
                        ? snprintf(head, sizeof head, "%.120s[%d]: ", ident, (int)getpid())
                        : snprintf(head, sizeof head, "%.120s: ", ident);
    errno = saved;
    int size = vsnprintf(text, sizeof text, format, arguments);
    if (size < 0)
        return;
    if ((size_t)size >= sizeof text)
        size = sizeof text - 1;
    bool ended = size > 0 && text[size - 1] == '\n';
    struct iovec parts[3] = {{head, (size_t)head_size}, {text, (size_t)size}, {(char[]){'\n'}, 1}};
    if (writev(STDERR_FILENO, parts, ended ? 2 : 3) < 0)
        errno = saved;
}

/* syslogd drops a newline at the end, so nobody minds writing one. */
static void log_format(spanlog_logger *logger, struct spanlog__site *site, const char *format,
                       va_list arguments, const char *facility) {
    union spanlog__slot field = {.p = facility};
    char without[FORMAT_MOST];
    size_t size = strlen(format);
    if (size > 0 && size < sizeof without && format[size - 1] == '\n') {
        memcpy(without, format, size - 1);
        without[size - 1] = '\0';
        format = without;
    }
    spanlog__vlogf(logger, site, format, arguments, &field);
}

void spanlog__vsyslog(struct spanlog__syslog_place *place, int priority, const char *format,
                      va_list arguments) {
    int saved = errno;
    int mask = __atomic_load_n(&state.mask, __ATOMIC_RELAXED);
    if ((mask & LOG_MASK(LOG_PRI(priority))) == 0 || format == NULL)
        return;
    int option = __atomic_load_n(&state.option, __ATOMIC_RELAXED);
    if (option & LOG_PERROR) {
        va_list copy;
        va_copy(copy, arguments);
        write_to_stderr(format, copy, option, saved);
        va_end(copy);
    }
    int facility = priority & LOG_FACMASK;
    if (facility == 0)
        facility = __atomic_load_n(&state.facility, __ATOMIC_RELAXED);
    const char *name = facility_name(facility);
    struct spanlog__site *site = site_of(place, format, level_of(priority), name != NULL);
    spanlog_logger *logger = __atomic_load_n(&state.logger, __ATOMIC_ACQUIRE);
    errno = saved;
    if (site != NULL && (logger == NULL || spanlog__ready_to(logger, site)))
        log_format(logger, site, format, arguments, name);
    errno = saved;
}

void spanlog__syslog(struct spanlog__syslog_place *place, int priority, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    spanlog__vsyslog(place, priority, format, arguments);
    va_end(arguments);
}
