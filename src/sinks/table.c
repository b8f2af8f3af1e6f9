/* sinks/table.c: the sinks by name. */
#include "src/sinks/sink.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct sink_type *const types[] = {&sink_stdout, &sink_stderr, &sink_file,
                                                &sink_memory, &sink_syslog, &sink_journald};

int sink_open(struct sink *sink, const char *type, const char *target, const char *line_start) {
    memset(sink, 0, sizeof *sink);
    sink->fd = -1;
    sink->line_start = line_start;
    snprintf(sink->target, sizeof sink->target, "%s", target);
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (strcmp(types[i]->name, type) == 0)
            sink->type = types[i];
    }
    return sink->type != NULL ? 0 : -ENOENT;
}
