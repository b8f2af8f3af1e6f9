/* cli/exec_finish.c: what `spanlog exec` does when its command has ended: processes below it that
 * were killed (OOM included) have left lines in their journals. See exec.h.
 *
 * Who was below us no journal says. Taken are those whose process began after us, in this boot; of
 * an init, all. Lines for a stream come out on ours only when their process was our own child.
 */
#include "src/cli/exec.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/back/recover.h"
#include "src/core/process.h"

#define PATIENCE_MS 500 /* for an output that does not take its lines */

/* The head of a journal. recover_journal checks the whole; this only asks whose it is. */
struct head {
    uint32_t pid;
    uint64_t start_time;
    bool to_stream;
    bool same_boot;
};

static bool read_head(const char *path, struct head *head) {
    const struct journal_header *own = process.journal.header;
    struct journal_header *there = malloc(sizeof *there);
    size_t size = offsetof(struct journal_header, host);
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    bool read = fd >= 0 && there != NULL && own != NULL &&
                pread(fd, there, size, 0) == (ssize_t)size &&
                memcmp(there->magic, JOURNAL_MAGIC, sizeof there->magic) == 0 &&
                there->version == JOURNAL_VERSION;
    if (read) {
        const char *outputs = journal_outputs(there);
        there->outputs[0][JOURNAL_TEXT_SIZE - 1] = there->outputs[1][JOURNAL_TEXT_SIZE - 1] = '\0';
        *head = (struct head){
            .pid = there->pid,
            .start_time = there->start_time,
            .to_stream = strstr(outputs, "+stdout") != NULL || strstr(outputs, "+stderr") != NULL,
            .same_boot = memcmp(there->boot_id, own->boot_id, sizeof own->boot_id) == 0};
    }
    if (fd >= 0)
        close(fd);
    free(there);
    return read;
}

static bool was_our_child(const struct exec_child *child, uint32_t pid) {
    bool found = (pid_t)pid == child->pid;
    for (uint32_t i = 0; i < child->reaped_count && i < EXEC_MOST_REAPED; i++)
        found = found || (pid_t)pid == child->reaped[i];
    return found;
}

static bool is_ours(const struct exec_child *child, const struct head *head) {
    if (head->to_stream && !was_our_child(child, head->pid))
        return false;
    return getpid() == 1 ||
           (head->same_boot && head->start_time >= process.journal.header->start_time);
}

static void tell_result(const struct recover_result *result) {
    if (result->error == -EAGAIN || result->error == -ENOENT)
        return; /* alive, or finished by somebody else */
    if (result->error != 0)
        spanlog_warn("log of a dead process not finished", kv("dead.service", result->service),
                     kv("dead.pid", result->pid), kv("error", strerror(-result->error)),
                     kv("journal", result->journal));
    else
        spanlog_warn("log of a dead process finished", kv("dead.service", result->service),
                     kv("dead.pid", result->pid), kv("records", result->records),
                     kv("spans_abandoned", result->spans_abandoned));
}

static void finish_one(const struct exec_child *child, const char *path) {
    struct recover_result result;
    struct head head;
    if (!read_head(path, &head) || !is_ours(child, &head))
        return;
    recover_journal(path, false, PATIENCE_MS, &result);
    tell_result(&result);
}

void exec_finish_logs(const struct exec_child *child) {
    char place[400], path[700];
    spanlog_flush(2000); /* our own back may be at it for its predecessors */
    if (journal_directory(getenv("SPANLOG_JOURNAL_DIR"), false, place, sizeof place) != 0)
        return;
    DIR *entries = opendir(place);
    if (entries == NULL)
        return;
    for (struct dirent *entry; (entry = readdir(entries)) != NULL;) {
        size_t size = strlen(entry->d_name), suffix = strlen(JOURNAL_SUFFIX);
        if (size <= suffix || strcmp(entry->d_name + size - suffix, JOURNAL_SUFFIX) != 0 ||
            journal_is_own(entry->d_name))
            continue;
        snprintf(path, sizeof path, "%s/%s", place, entry->d_name);
        finish_one(child, path);
    }
    closedir(entries);
}
