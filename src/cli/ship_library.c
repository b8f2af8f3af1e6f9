/* cli/ship_library.c: see ship_library.h. */
#include "src/cli/ship_library.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#ifndef SPANLOG_SHIP_LIBRARY
#define SPANLOG_SHIP_LIBRARY "libspanlog-ship.so.0"
#endif

/* Beside the program, as in a build; else where libraries are. */
static void *find_library(void) {
    char path[4096];
    ssize_t size = readlink("/proc/self/exe", path, sizeof path - sizeof SPANLOG_SHIP_LIBRARY);
    char *slash = size > 0 ? memrchr(path, '/', (size_t)size) : NULL;
    if (slash) {
        memcpy(slash + 1, SPANLOG_SHIP_LIBRARY, sizeof SPANLOG_SHIP_LIBRARY);
        void *handle = access(path, R_OK) == 0 ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : NULL;
        if (handle)
            return handle;
    }
    return dlopen(SPANLOG_SHIP_LIBRARY, RTLD_NOW | RTLD_LOCAL);
}

bool spanlog_ship_library_open(struct spanlog_ship_library *ret, const char *what_for) {
    void *handle = find_library();
    *ret = (struct spanlog_ship_library){0};
    if (handle) {
        *(void **)&ret->run = dlsym(handle, "spanlog_ship_run");
        *(void **)&ret->status = dlsym(handle, "spanlog_ship_status");
        *(void **)&ret->ask = dlsym(handle, "spanlog_ship_ask");
    }
    if (handle && ret->run && ret->status && ret->ask)
        return true;
    fprintf(stderr, "spanlog: %s: %s is needed and cannot be loaded: %s\n", what_for,
            SPANLOG_SHIP_LIBRARY, dlerror());
    return false;
}
