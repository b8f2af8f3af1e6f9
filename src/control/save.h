/* control/save.h: one setting into a configuration file, whose comments and other lines stay.
 *
 *     save_setting("/home/ann/.config/spanlog/spanlog.conf", "orders", "level", "db=debug")
 *
 * makes the file, its directory and the section [orders] where they are missing. The new file takes
 * the old one's place with one rename, so that nobody reads half of it.
 */
#ifndef SPANLOG_CONTROL_SAVE_H
#define SPANLOG_CONTROL_SAVE_H

#include <stddef.h>

/* section NULL: for all services, before the first section. A level is laid over the one that
 * stands there, a rule of sample_rules put before those. Returns 0 or -errno. */
int save_setting(const char *path, const char *section, const char *name, const char *value);

/* The user's file: $SPANLOG_CONFIG, else $XDG_CONFIG_HOME/spanlog/spanlog.conf, else that in
 * ~/.config. Returns 0, -ENOENT (no home) or -ENAMETOOLONG. */
int save_path(char *ret_path, size_t size);

#endif
