/* cli/ship_library.h: libspanlog-ship, opened by those who need it: nobody else has to load
 * libcurl.
 *
 *     struct spanlog_ship_library library;
 *     if (!spanlog_ship_library_open(&library, "ship"))     it was said why not
 *         return SPANLOG_EXIT_ERROR;
 *     rc = library.run(&settings);
 */
#ifndef SPANLOG_CLI_SHIP_LIBRARY_H
#define SPANLOG_CLI_SHIP_LIBRARY_H

#include "src/ship/ship.h"

struct spanlog_ship_library {
    int (*run)(const struct spanlog_ship_settings *settings);
    int (*status)(const char *state, bool as_json, int fd);
    int (*ask)(const struct spanlog_ship_question *question, uint64_t *ret_lines,
               char problem[SPANLOG_SHIP_PROBLEM]);
};

bool spanlog_ship_library_open(struct spanlog_ship_library *ret, const char *what_for);

#endif
