/* tests/unit/folder.h: a directory for the files of a test program.
 *
 *     const char *path = in_folder("app.log");          good for the next 7 calls
 *     cmocka_run_group_tests(tests, make_folder, remove_folder);
 *
 * Or both around a single test: then each finds it empty.
 */
#ifndef SPANLOG_TESTS_FOLDER_H
#define SPANLOG_TESTS_FOLDER_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char folder[64];

static inline int make_folder(void **state) {
    (void)state;
    strcpy(folder, "/tmp/spanlog_test_XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static inline int remove_folder(void **state) {
    char command[128];
    (void)state;
    snprintf(command, sizeof command, "rm -r %s", folder);
    return system(command);
}

static inline const char *in_folder(const char *name) {
    static char path[8][512];
    static unsigned turn;
    char *here = path[turn++ % 8];
    snprintf(here, sizeof path[0], "%s/%s", folder, name);
    return here;
}

#endif
