/* integrations/preload/preload.c: see preload.h: start, the real functions, the table of handles.
 */
#include "preload.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

static char *output;      /* SPANLOG_OUTPUT as it was when the program started */
static char *traceparent; /* likewise */
static spanlog_ctx parent;

/* ---- start ---------------------------------------------------------------------------------- */

/* What the environment says now: the program may clear it. Nothing more, since most programs will
 * never call what we stand in front of. */
__attribute__((constructor)) static void remember_environment(void) {
    const char *said = secure_getenv("SPANLOG_OUTPUT");
    bool has_own = dlsym(RTLD_DEFAULT, "spanlog_init") != NULL;
    dlerror(); /* or the program would find it */
    if (said == NULL || said[0] == '\0' || has_own)
        return;
    const char *from = secure_getenv("TRACEPARENT");
    if (from != NULL)
        traceparent = strdup(from);
    output = strdup(said);
}

static const char *get_traceparent(void *unused, const char *name) {
    (void)unused;
    return strcmp(name, "traceparent") == 0 ? traceparent : NULL;
}

static void start(void) {
    sigset_t all, before;
    sigfillset(&all); /* a handler that logs would wait for us in vain */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    spanlog_config config = {.size = sizeof config,
                             .output = output,
                             .full = "drop",
                             .source = "pid",
                             .sync = true,
                             .no_process_lines = true,
                             .no_signal_handlers = true,
                             .quiet = true};
    spanlog_init(&config);
    spanlog_extract(get_traceparent, NULL, &parent);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

bool preload_active(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    if (output == NULL)
        return false;
    int saved = errno;
    pthread_once(&once, start);
    errno = saved;
    return true;
}

spanlog_ctx preload_parent(void) {
    return parent;
}

/* ---- the real functions ---------------------------------------------------------------------- */

#define BUCKETS 1024u

static struct preload_real *reals[BUCKETS]; /* lists that only grow: one entry for each call site */

static const char *library_of(const void *address) {
    Dl_info info;
    return dladdr(address, &info) != 0 ? info.dli_fname : NULL;
}

/* A library that was opened with dlopen finds its own dependencies, which are not in the global
 * scope: a Python module's libsqlite3. */
static void *find_beside(const char *name, const void *caller) {
    static const char *const usual[] = {"libcurl.so.4", "libcurl-gnutls.so.4", "libsqlite3.so.0",
                                        "libpq.so.5"};
    const char *library = library_of(caller);
    void *found = NULL;
    for (size_t i = 0; found == NULL && i <= sizeof usual / sizeof *usual; i++) {
        const char *file = i == 0 ? library : usual[i - 1];
        void *handle = file != NULL ? dlopen(file, RTLD_LAZY | RTLD_NOLOAD) : NULL;
        if (handle == NULL)
            continue;
        void *here = dlsym(handle, name);
        const char *where = here != NULL ? library_of(here) : NULL;
        const char *self = library_of((const void *)preload_active);
        if (where != NULL && self != NULL && strcmp(where, self) != 0 &&
            dlopen(where, RTLD_LAZY | RTLD_NOLOAD) != NULL) /* not closed: it has to stay */
            found = here;
        dlclose(handle);
    }
    return found;
}

static void resolve(struct preload_real *real, const char *name, const void *caller) {
    real->caller = caller;
    real->name = name;
    real->function = dlsym(RTLD_NEXT, name);
    if (real->function == NULL)
        real->function = find_beside(name, caller);
    const char *there = real->function != NULL ? library_of(real->function) : NULL;
    const char *here = library_of(caller);
    real->internal = there != NULL && here != NULL && strcmp(there, here) == 0;
    dlerror();
}

static const struct preload_real *find(const char *name, const void *caller) {
    uintptr_t mixed = ((uintptr_t)caller >> 2) * 31 + ((uintptr_t)name >> 3);
    struct preload_real **head = &reals[mixed % BUCKETS];
    struct preload_real *first = __atomic_load_n(head, __ATOMIC_ACQUIRE), *at = first;
    while (at != NULL && (at->caller != caller || at->name != name))
        at = at->next;
    if (at != NULL)
        return at;
    static __thread struct preload_real spare; /* there may be no memory for another entry */
    int saved = errno;
    at = calloc(1, sizeof *at);
    resolve(at != NULL ? at : &spare, name, caller);
    while (at != NULL) {
        at->next = first;
        if (__atomic_compare_exchange_n(head, &first, at, false, __ATOMIC_RELEASE,
                                        __ATOMIC_ACQUIRE))
            break;
    }
    errno = saved;
    return at != NULL ? at : &spare;
}

const struct preload_real *preload_real(const char *name, const void *caller) {
    const struct preload_real *real = find(name, caller);
    if (real->function == NULL)
        abort();
    return real;
}

void *preload_sibling(const struct preload_real *real, const char *name) {
    return find(name, real->caller)->function;
}

bool preload_has(const struct preload_real *real, const char *const *names) {
    while (*names != NULL && preload_sibling(real, *names) != NULL)
        names++;
    return *names == NULL;
}

/* ---- the handles ----------------------------------------------------------------------------- */

static struct preload_entry *entries[BUCKETS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void lock_table(void) {
    pthread_mutex_lock(&lock);
}

static void unlock_table(void) {
    pthread_mutex_unlock(&lock);
}

/* A child of fork must not find it locked by a thread that it does not have. */
static void watch_forks(void) {
    pthread_atfork(lock_table, unlock_table, unlock_table);
}

static struct preload_entry **place_of(const void *key) {
    uintptr_t mixed = ((uintptr_t)key >> 4) * 2654435761u;
    struct preload_entry **at = &entries[(mixed >> 12) % BUCKETS];
    while (*at != NULL && (*at)->key != key)
        at = &(*at)->next;
    return at;
}

void *preload_entry(const void *key, size_t size) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, watch_forks);
    lock_table();
    struct preload_entry **at = place_of(key);
    if (*at == NULL && size > 0 && (*at = calloc(1, size)) != NULL)
        (*at)->key = key;
    struct preload_entry *found = *at;
    unlock_table();
    return found;
}

void *preload_forget(const void *key) {
    lock_table();
    struct preload_entry **at = place_of(key), *found = *at;
    if (found != NULL)
        *at = found->next;
    unlock_table();
    return found;
}
