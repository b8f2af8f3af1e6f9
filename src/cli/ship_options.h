/* cli/ship_options.h: the options of `spanlog ship`. An option that is about a target is about the
 * --to before it, or, in front of all, about each.
 *
 *     static struct spanlog_ship_options options;       the settings point into it
 *     int status = spanlog_ship_options_read(&options, argc, argv);
 *     if (status >= 0) return status;                   after --help, or an error that was said
 */
#ifndef SPANLOG_CLI_SHIP_OPTIONS_H
#define SPANLOG_CLI_SHIP_OPTIONS_H

#include "src/ship/ship.h"

struct spanlog_ship_options {
    struct spanlog_ship_settings settings;
    struct spanlog_ship_target targets[SPANLOG_SHIP_TARGETS_MAX];
    struct spanlog_ship_target all; /* what was given in front of the first --to */
    bool status;
    bool json;
};

/* -1: go on. Otherwise the exit status. */
int spanlog_ship_options_read(struct spanlog_ship_options *options, int argc, char **argv);

#endif
