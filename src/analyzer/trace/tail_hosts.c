/* analyzer/trace/tail_hosts.c: on which hosts the processes run whose logs are followed; see
 * tail.h. */
#include "src/analyzer/trace/tail_parts.h"

#include <errno.h>
#include <stdlib.h>

static void free_host(struct spanlog_found_host *host) {
    free((void *)(uintptr_t)host->service.data);
    free((void *)(uintptr_t)host->host.data);
}

static struct spanlog_text copy_of(const char *data, size_t size) {
    return (struct spanlog_text){strndup(data, size), (uint32_t)size};
}

/* Where it goes. A pid of the same file that came again is another process: the last one counts. */
static struct spanlog_found_host *place_of(struct spanlog_tail *tail,
                                           const struct spanlog_found_host *host) {
    for (uint32_t i = 0; i < tail->host_count; i++)
        if (tail->hosts[i].source == host->source && tail->hosts[i].pid == host->pid &&
            spanlog_text_equal(tail->hosts[i].service, host->service))
            return &tail->hosts[i];
    if (tail->host_count < SPANLOG_TAIL_HOSTS_MAX)
        return &tail->hosts[tail->host_count++];
    return &tail->hosts[tail->host_turn++ % SPANLOG_TAIL_HOSTS_MAX];
}

int spanlog_tail_note_host(struct spanlog_tail *tail, const struct spanlog_record *record) {
    const struct spanlog_json_value *host = &record->raw[SPANLOG_FIELD_HOST];
    if (host->type != SPANLOG_JSON_STRING || host->escaped || !record->service.data ||
        !spanlog_record_says(record, "process started"))
        return 0;
    if (!tail->hosts)
        tail->hosts = calloc(SPANLOG_TAIL_HOSTS_MAX, sizeof *tail->hosts);
    if (!tail->hosts)
        return -ENOMEM;
    struct spanlog_found_host fresh = {
        .source = tail->lines.chunk->source,
        .pid = spanlog_record_number(record, SPANLOG_FIELD_PID),
        .service = copy_of(record->service.data, record->service.size),
        .host = copy_of(host->begin, (size_t)(host->end - host->begin))};
    if (!fresh.service.data || !fresh.host.data) {
        free_host(&fresh);
        return -ENOMEM;
    }
    struct spanlog_found_host *place = place_of(tail, &fresh);
    free_host(place);
    *place = fresh;
    return 0;
}

void spanlog_tail_free_hosts(struct spanlog_tail *tail) {
    for (uint32_t i = 0; i < tail->host_count; i++)
        free_host(&tail->hosts[i]);
    free(tail->hosts);
}
