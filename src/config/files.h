/* config/files.h: the configuration files: /etc/spanlog.conf, then
 * $XDG_CONFIG_HOME/spanlog/spanlog.conf (else ~/.config/...), which is stronger; or, in place of
 * both, the one that SPANLOG_CONFIG names. None in a program that runs with more rights than its
 * user has.
 *
 *     files_find();
 *     files_apply(&settings, service);
 *     if (files_changed()) ...            since they were read last
 */
#ifndef SPANLOG_CONFIG_FILES_H
#define SPANLOG_CONFIG_FILES_H

#include "src/config/settings.h"

#define FILES_MOST 2u
#define FILE_MOST_BYTES (256u << 10)

/* Where they are. Again only before the next process's first settings. */
void files_find(void);
size_t files_count(void);
/* The path of file i, absolute, valid for ever; NULL: there is no such file in the list. */
const char *files_path(size_t i);
/* Whether file i was there, and a regular file, when it was read last. */
bool files_was_read(size_t i);

/* Reads them all into the settings. Returns how many lines or files were refused. A file that is
 * not there is none, unless SPANLOG_CONFIG named it. */
size_t files_apply(struct settings *settings, const char *service);
/* Whether any is another, or there or not there, since files_apply. */
bool files_changed(void);

/* Reads one file into malloc'd memory with NUL behind it. Returns 0 or -errno: -EISDIR what is no
 * file, -EFBIG what is over FILE_MOST_BYTES. */
int file_read(const char *path, char **ret_text, size_t *ret_size);

#endif
