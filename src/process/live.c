/* process/live.c: the settings that may change while the process runs: those that it was started
 * with, and over them the live rules of its journal's control area.
 *
 *   base       as loaded, or as reloaded since
 *   in_force   the base and the rules; looked at and changed under the lock of front/sites.h
 */
#include "src/process/process.h"

#include "src/back/back.h"
#include "src/config/exports.h"
#include "src/control/publish.h"
#include "src/core/tell.h"
#include "src/front/sample.h"
#include "src/front/sites.h"

#include <stdio.h>
#include <string.h>

static struct settings base, in_force;
static bool has_base;
static struct publish_rules rules; /* a forked child has its parent's */

static uint8_t level_of(const struct level_place *place, bool *ret_exact) {
    return settings_level_of(&in_force, place, ret_exact);
}

/* The threads of the program read them as they are. */
static void take_values(void) {
    uint32_t events = in_force.include_events ? in_force.max_events : 0;
    uint32_t links = in_force.include_links ? in_force.max_links : 0;
    uint8_t lowest = in_force.output_count > 0 ? settings_lowest_level(&in_force) : LEVEL_OFF;
    __atomic_store_n(&process.drop_when_full, in_force.drop_when_full, __ATOMIC_RELAXED);
    __atomic_store_n(&process.random_trace_ids, in_force.random_trace_ids, __ATOMIC_RELAXED);
    __atomic_store_n(&process.block_ns, (int64_t)in_force.block_ms * 1000000, __ATOMIC_RELAXED);
    __atomic_store_n(&process.max_attributes, in_force.max_attributes, __ATOMIC_RELAXED);
    __atomic_store_n(&process.max_events, events, __ATOMIC_RELAXED);
    __atomic_store_n(&process.max_links, links, __ATOMIC_RELAXED);
    __atomic_store_n(&process.lowest_level, lowest, __ATOMIC_RELAXED);
}

static void take(const void *settings) {
    in_force = *(const struct settings *)settings;
    take_values();
}

/* What must not leave the process, from the back's next pass on. The list that holds is left as it
 * is: if we die in the middle, recovery needs it. Inside take_control or back_call. */
static void take_redact(const char *list) {
    struct redact_lists *lists = &process.journal.header->redact;
    uint32_t next = lists->changes + 1;
    if (strcmp(lists->lists[lists->changes & 1], list) == 0)
        return;
    snprintf(lists->lists[next & 1], sizeof lists->lists[0], "%s", list);
    __atomic_store_n(&lists->changes, next, __ATOMIC_RELEASE);
}

void process_apply(const struct settings *settings) {
    sites_change(take, settings);
    struct sampler_setting sampler = settings_sampler(settings);
    sample_publish(&sampler); /* out of memory: the one before stays */
    back_take_levels(settings);
    take_redact(process_redact_list(settings));
}

/* The configuration files have changed: whether the base is another. Or somebody has something to
 * say. */
static bool read_settings(void) {
    process_follow_tell();
    return settings_reload(&base);
}

static void copy_outputs(struct settings *to, const struct settings *from) {
    memcpy(to->named, from->named, sizeof to->named);
    to->named_count = from->named_count;
    memcpy(to->outputs, from->outputs, sizeof to->outputs);
    to->output_count = from->output_count;
    memcpy(to->outputs_text, from->outputs_text, sizeof to->outputs_text);
    memcpy(to->exports, from->exports, sizeof to->exports);
    to->export_count = from->export_count;
    memcpy(to->otlp_endpoint, from->otlp_endpoint, sizeof to->otlp_endpoint);
    memcpy(to->jaeger_endpoint, from->jaeger_endpoint, sizeof to->jaeger_endpoint);
    memcpy(to->zipkin_endpoint, from->zipkin_endpoint, sizeof to->zipkin_endpoint);
    memcpy(to->loki_endpoint, from->loki_endpoint, sizeof to->loki_endpoint);
}

/* What cannot be had is said once; it is tried again at each change. "": all is had. */
static char refused[JOURNAL_TEXT_SIZE], refused_why[200];

static void refuse(struct settings *next, const char *why) {
    char asked[sizeof refused];
    outputs_format(next->named, next->named_count, asked, sizeof asked);
    if (asked[0] == '\0') /* of exporters alone */
        strcpy(asked, "none");
    snprintf(refused_why, sizeof refused_why, "%s", why);
    if (strcmp(refused, asked) != 0) {
        strcpy(refused, asked);
        tell("output = %.300s: %s; the outputs stay as they are", refused, why);
    }
    copy_outputs(next, &in_force);
}

/* Whether network outputs that are asked for now had to be left out, which has been said. At a
 * start the process goes on with the others; while it runs that would take away what it has. */
static bool lacks_spool(const struct settings *next) {
    char asked[JOURNAL_TEXT_SIZE], now[JOURNAL_TEXT_SIZE];
    bool network = in_force.export_count > 0;
    for (uint32_t i = 0; i < next->named_count; i++)
        network |= export_is_network(next->named[i].sink);
    outputs_format(next->named, next->named_count, asked, sizeof asked);
    outputs_format(in_force.named, in_force.named_count, now, sizeof now);
    return next->no_spool && network && (in_force.export_count > 0 || strcmp(asked, now) != 0);
}

/* False: they have to wait for those before them. */
static bool take_outputs(struct settings *next) {
    const char *why =
        lacks_spool(next) ? "there is no spool for network outputs" : process_follow_refuses(next);
    if (why != NULL)
        refuse(next, why);
    int error = back_take_outputs(next);
    if (error == 0 && why == NULL)
        refused[0] = '\0';
    if (error == 0)
        process_follow_start(next, true);
    else if (error == -EAGAIN)
        copy_outputs(next, &in_force);
    else
        refuse(next, strerror(-error));
    return error != -EAGAIN;
}

static uint64_t take_control(void) {
    static struct settings next; /* one back at a time */
    struct control *control = &process.journal.header->control;
    uint64_t until = publish_read(&rules, control, &base, &next);
    bool taken = take_outputs(&next);
    process_apply(&next);
    publish_state(control, &next, refused, refused_why);
    if (!taken)
        return until;
    __atomic_add_fetch(&control->counts.changes, 1, __ATOMIC_RELAXED);
    __atomic_store_n(&control->taken, rules.generation, __ATOMIC_SEQ_CST);
    futex_wake_shared(&control->taken);
    return until;
}

/* Under the start lock. */
static const char *redact_more;
static int redact_error;

static void add_redact(void) {
    redact_error = process_redact_add(redact_more);
    if (redact_error == 0)
        take_redact(process_redact_list(&in_force));
}

int process_live_redact(const char *rules_more) {
    redact_more = rules_more;
    int error = back_call(add_redact);
    return error != 0 ? error : redact_error;
}

void process_live_resume(struct settings *settings) {
    if (!has_base)
        return;
    *settings = base;
    copy_outputs(settings, &in_force);
}

void process_live_start(const struct settings *settings) {
    if (has_base) /* a forked child; its parent may have been it before any record */
        copy_outputs(&in_force, settings);
    else
        base = in_force = *settings;
    has_base = true;
    process.level_of = level_of;
    process.take_control = take_control;
    process.read_settings = read_settings;
    take_values();
    struct sampler_setting sampler = settings_sampler(&in_force);
    sample_publish(&sampler);
}

void process_live_inherit(const struct journal_header *from) {
    struct control *to = &process.journal.header->control;
    if (from != NULL) {
        memcpy(to->rules, from->control.rules, sizeof to->rules);
        to->generation = from->control.generation;
    }
    publish_state(to, &in_force, refused, refused_why);
}
