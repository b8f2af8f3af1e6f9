/* analyzer/render/traces_text.c: the list of traces for people:
 *
 *     TRACE    11-21 (UTC)  DURATION SPANS  LOGS SVC ERR  ROOT
 *     e266f103 10:30:45.001  41.20ms    17    25   6   -  gateway GET /checkout
 *
 * The date stands in the head when all traces have the same, else in each line.
 */
#include <stdio.h>
#include <string.h>

#include "formatters/time.h"
#include "src/analyzer/render/columns.h"
#include "src/analyzer/render/render.h"

static void put_count(struct spanlog_output *out, uint64_t count, size_t width) {
    char text[24];
    /* A number that is too long for its column still stands apart. */
    int size = snprintf(text, sizeof text, "%llu", (unsigned long long)count);
    if ((size_t)size >= width)
        spanlog_put(out, " ");
    spanlog_put_right(out, count ? text : "-", width);
}

#define NS_PER_DAY 86400000000000u

static bool same_day(const struct spanlog_traces *list) {
    for (size_t i = 1; i < list->count; i++)
        if (list->items[i].start_ns / NS_PER_DAY != list->items[0].start_ns / NS_PER_DAY)
            return false;
    return true;
}

/* "11-21 10:30:45.123", or without the date. */
static void put_start(struct spanlog_output *out, uint64_t ns, bool with_date) {
    char time[SPANLOG_RFC3339_SIZE];
    spanlog_put_rfc3339(time, ns);
    time[10] = ' ';
    spanlog_put_bytes(out, with_date ? time + 5 : time + 11, with_date ? 18 : 12);
}

static void put_row(const struct spanlog_trace_summary *trace, bool with_date,
                    const struct spanlog_look *look, struct spanlog_output *out) {
    char duration[24];
    const size_t before_root = with_date ? 58 : 52;
    spanlog_put_short_id(out, trace->low, trace->text);
    spanlog_put(out, " ");
    put_start(out, trace->start_ns, with_date);
    spanlog_format_duration(trace->duration_ns, duration);
    spanlog_put_right(out, duration, 9);
    put_count(out, trace->spans, 6);
    put_count(out, trace->logs, 6);
    put_count(out, trace->services, 4);
    if (trace->errors)
        spanlog_look_start(out, look, SPANLOG_LOOK_ERROR);
    put_count(out, trace->errors, 4);
    if (trace->errors)
        spanlog_look_stop(out, look);
    spanlog_put(out, "  ");
    size_t room = look->width > before_root + 14 ? look->width - before_root : 14;
    if (!trace->root.data) {
        spanlog_put(out, "(only logs)\n");
        return;
    }
    size_t used = spanlog_put_visible_cut(out, trace->service, room / 2, look->ascii);
    spanlog_put(out, " ");
    used += 1 + spanlog_put_visible_cut(out, trace->root, room - used - 1, look->ascii);
    if (trace->orphans && used + 10 <= room)
        spanlog_put(out, "  ORPHANS");
    spanlog_put(out, "\n");
}

void spanlog_render_traces(const struct spanlog_traces *list, const struct spanlog_look *look,
                           struct spanlog_output *out) {
    if (list->count == 0)
        return;
    spanlog_look_start(out, look, SPANLOG_LOOK_BOLD);
    bool with_date = !same_day(list);
    char date[SPANLOG_RFC3339_SIZE];
    spanlog_put_rfc3339(date, list->items[0].start_ns);
    spanlog_put(out, "TRACE    ");
    if (with_date)
        spanlog_put(out, "START (UTC)       ");
    else
        spanlog_put_bytes(out, date + 5, 5);
    spanlog_put(out, with_date ? "" : " (UTC) ");
    spanlog_put(out, " DURATION SPANS  LOGS SVC ERR  ROOT");
    spanlog_look_stop(out, look);
    spanlog_put(out, "\n");
    for (size_t i = 0; i < list->count; i++)
        put_row(&list->items[i], with_date, look, out);
    if (list->count < list->matching) {
        spanlog_put_number(out, list->matching - list->count);
        spanlog_put(out, " more traces match (--limit)\n");
    }
}
