/* analyzer/tail_hosts.c: on which hosts the processes run whose logs are followed; see tail.h. */
#include "src/analyzer/tail_parts.h"

#include <errno.h>
#include <stdlib.h>

static void free_host(struct spanlog_found_host *host) {
    free((void *)(uintptr_t)host->service.data);
    free((void *)(uintptr_t)host->host.data);
    *host = (struct spanlog_found_host){0};
}

static struct spanlog_text copy_of(const char *data, size_t size) {
    return (struct spanlog_text){strndup(data, size), (uint32_t)size};
}

/* A pid of the same file that came again is another process: the last one counts. */
static struct spanlog_found_host *place_of(struct spanlog_tail *tail, uint32_t source, uint32_t pid,
                                           struct spanlog_text service) {
    for (uint32_t i = 0; i < tail->host_count; i++) {
        struct spanlog_found_host *known = &tail->hosts[i];
        if (known->source == source && known->pid == pid &&
            spanlog_text_equal(known->service, service)) {
            free_host(known);
            return known;
        }
    }
    if (tail->host_count < SPANLOG_TAIL_HOSTS_MAX)
        return &tail->hosts[tail->host_count++];
    free_host(&tail->hosts[0]);
    memmove(tail->hosts, tail->hosts + 1, (SPANLOG_TAIL_HOSTS_MAX - 1) * sizeof *tail->hosts);
    return &tail->hosts[SPANLOG_TAIL_HOSTS_MAX - 1];
}

int spanlog_tail_note_host(struct spanlog_tail *tail, const struct spanlog_record *record) {
    const struct spanlog_json_value *host = &record->raw[SPANLOG_FIELD_HOST];
    uint32_t pid = spanlog_record_number(record, SPANLOG_FIELD_PID);
    uint32_t source = tail->lines.chunk->source;
    if (host->type != SPANLOG_JSON_STRING || host->escaped || !record->service.data ||
        !spanlog_record_says(record, "process started"))
        return 0;
    if (!tail->hosts)
        tail->hosts = calloc(SPANLOG_TAIL_HOSTS_MAX, sizeof *tail->hosts);
    if (!tail->hosts)
        return -ENOMEM;
    struct spanlog_found_host *place = place_of(tail, source, pid, record->service);
    *place = (struct spanlog_found_host){
        .source = source,
        .pid = pid,
        .service = copy_of(record->service.data, record->service.size),
        .host = copy_of(host->begin, (size_t)(host->end - host->begin))};
    if (place->service.data && place->host.data)
        return 0;
    free_host(place);
    return -ENOMEM;
}

void spanlog_tail_free_hosts(struct spanlog_tail *tail) {
    for (uint32_t i = 0; i < tail->host_count; i++)
        free_host(&tail->hosts[i]);
    free(tail->hosts);
}
