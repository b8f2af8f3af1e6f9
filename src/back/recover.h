/* back/recover.h: writing what dead processes left in their journals.
 *
 * Recovery continues the dead back's work on a copy of the journal, with every checkpoint written
 * through to the file: killed itself, it can be taken up again. The file is removed when all is
 * out.
 */
#ifndef SPANLOG_BACK_RECOVER_H
#define SPANLOG_BACK_RECOVER_H

#include "src/back/drain.h"

struct recover_result {
    char service[128];
    uint32_t pid;
    uint64_t records;
    uint64_t spans_abandoned;
    char file[512]; /* the first output's path, or its sink's name */
    int error;      /* 0, or what stands in the way; the journal is kept then */
    char journal[512];
};

/* One journal; a sink that does not take its lines is tried again for patience_ms. Returns 0,
 * -EAGAIN when its process lives (or another recovery has it), -errno. streams_to_stdout: what went
 * to any stream comes out on stdout. */
int recover_journal(const char *path, bool streams_to_stdout, int patience_ms,
                    struct recover_result *ret_result);

/* Every journal of the directory (NULL: the default), of one service (NULL: all); `seen` is called
 * for each that was dead. Returns the number of those that could not be finished, or -errno. */
int recover_directory(const char *directory, const char *service, bool streams_to_stdout,
                      int patience_ms, void (*seen)(const struct recover_result *result, void *arg),
                      void *arg);

/* What a starting service does for its predecessors. Returns the records written. */
uint64_t recover_service(const struct settings *settings);

#endif
