/* process/reload.c: notices that a configuration file has changed.
 *
 * A thread that sleeps in read(2) on an inotify descriptor, and only in a process that read such a
 * file; nobody polls. It has a table of descriptors of its own, with this one in it: the program
 * can neither close it nor get its number, and nothing of the program's is held open. So it says
 * nothing itself either: it wakes the back, which reads the files.
 *
 * What is watched is the file and its directory: editors put a new file in the place of the old.
 */
#include "src/process/process.h"

#include "src/config/files.h"
#include "src/core/descriptor.h"
#include "src/core/tell.h"

#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/prctl.h>

#define STACK_SIZE ((size_t)128 * 1024)

static bool watching; /* of this process; not of a child after fork */
static uint32_t watching_epoch;

static void watch_one(int fd, const char *path) {
    char directory[512];
    snprintf(directory, sizeof directory, "%s", path);
    char *slash = strrchr(directory, '/');
    if (slash == NULL)
        return;
    slash[slash == directory] = '\0';
    inotify_add_watch(fd, path, IN_CLOSE_WRITE);
    inotify_add_watch(fd, directory, IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE);
}

static void *watch_main(void *unused) {
    (void)unused;
    prctl(PR_SET_NAME, "spanlog-config");
    if (!descriptors_leave())
        return NULL; /* an older kernel: the files are read at the start only */
    int fd = inotify_init1(IN_CLOEXEC);
    for (size_t i = 0; fd >= 0 && i < files_count(); i++)
        watch_one(fd, files_path(i));
    char events[sizeof(struct inotify_event) + NAME_MAX + 1]
        __attribute__((aligned(__alignof__(struct inotify_event))));
    do { /* the first time: they may have changed before they were watched */
        __atomic_store_n(&process.settings_changed, 1, __ATOMIC_SEQ_CST);
        process_wake();
    } while (fd >= 0 && read(fd, events, sizeof events) > 0);
    return NULL;
}

bool process_watches_files(void) {
    return watching && watching_epoch == process.epoch;
}

void process_watch_files(void) {
    sigset_t all, before;
    pthread_t thread;
    pthread_attr_t attributes;
    bool any = false;
    for (size_t i = 0; i < files_count(); i++)
        any |= files_was_read(i);
    if (!any || process_watches_files() || pthread_attr_init(&attributes) != 0)
        return;
    pthread_attr_setstacksize(&attributes, STACK_SIZE);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    watching = pthread_create(&thread, &attributes, watch_main, NULL) == 0;
    watching_epoch = process.epoch;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    if (!watching)
        tell("no thread for the configuration files: they are read at the start only");
}
