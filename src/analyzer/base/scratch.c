/* analyzer/base/scratch.c: see scratch.h. */
#include "src/analyzer/base/scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

const char *spanlog_scratch_folder(void) {
    const char *wanted = getenv("TMPDIR");
    return wanted && *wanted ? wanted : "/tmp";
}

/* Without a name from the start where the file system can do that. */
int spanlog_scratch_open(void) {
    char path[4096];
    int fd = open(spanlog_scratch_folder(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL))
        return fd < 0 ? -errno : fd;
    if ((size_t)snprintf(path, sizeof path, "%s/spanlog-XXXXXX", spanlog_scratch_folder()) >=
        sizeof path)
        return -ENAMETOOLONG;
    fd = mkostemp(path, O_CLOEXEC);
    if (fd < 0)
        return -errno;
    unlink(path);
    return fd;
}
