/* analyzer/render/check_render.c: `spanlog check`, for people
 *
 *     ERRORS
 *       records_dropped         17  shop.jsonl:12  records of orders pid 711 are lost, as the log
 *                                   itself says: the ring was full
 *
 * and with --json a line for each finding:
 *
 *     {"kind":"orphan","count":2,"first_file":"shop.jsonl","first_line":12,"detail":"spans whose…"}
 */
#include <stdio.h>
#include <string.h>

#include "src/analyzer/render/check_render.h"

static void put_finding(const struct spanlog_finding *finding, const struct spanlog_look *look,
                        struct spanlog_output *out) {
    char text[48];
    spanlog_put(out, "  ");
    spanlog_put(out, spanlog_check_kind_names[finding->kind]);
    size_t size = strlen(spanlog_check_kind_names[finding->kind]);
    spanlog_put_repeat(out, " ", size < 21 ? 21 - size : 1);
    snprintf(text, sizeof text, "%llu", (unsigned long long)finding->count);
    spanlog_put_right(out, text, 7);
    spanlog_put(out, "  ");
    spanlog_put_visible(out, spanlog_text_of(finding->detail));
    if (finding->file && finding->kind != SPANLOG_CHECK_UNREADABLE_FILE) {
        spanlog_put(out, "\n");
        spanlog_put_repeat(out, " ", 32);
        spanlog_look_start(out, look, SPANLOG_LOOK_DIM);
        spanlog_put(out, finding->count > 1 && finding->kind != SPANLOG_CHECK_LAST_LINE
                             ? "first at "
                             : "at ");
        spanlog_put_visible(out, spanlog_text_of(finding->file));
        if (finding->line) {
            snprintf(text, sizeof text, ":%llu", (unsigned long long)finding->line);
            spanlog_put(out, text);
        }
        spanlog_look_stop(out, look);
    }
    spanlog_put(out, "\n");
}

static void put_summary(const struct spanlog_check *check, struct spanlog_output *out) {
    spanlog_put_thousands(out, check->lines);
    spanlog_put(out, check->lines == 1 ? " line, " : " lines, ");
    spanlog_put_thousands(out, check->spans);
    spanlog_put(out, check->spans == 1 ? " span, " : " spans, ");
    spanlog_put_thousands(out, check->traces);
    spanlog_put(out, check->traces == 1 ? " trace: " : " traces: ");
    uint64_t lost = 0;
    for (size_t i = 0; i < check->count; i++)
        if (check->findings[i].kind == SPANLOG_CHECK_RECORDS_DROPPED)
            lost += check->findings[i].count;
    if (lost) {
        spanlog_put_thousands(out, lost);
        spanlog_put(out, lost == 1 ? " record lost, " : " records lost, ");
    }
    bool wrong =
        check->of_severity[SPANLOG_SEVERITY_ERROR] || check->of_severity[SPANLOG_SEVERITY_WARNING];
    spanlog_put(out, wrong ? "something is wrong\n" : "nothing is wrong\n");
}

void spanlog_render_check(const struct spanlog_check *check, const struct spanlog_look *look,
                          struct spanlog_output *out) {
    static const char *const titles[] = {"ERRORS: lost, or contradicting itself",
                                         "WARNINGS: missing", "NOTES"};
    static const char *const styles[] = {SPANLOG_LOOK_ERROR, SPANLOG_LOOK_WARN, SPANLOG_LOOK_BOLD};
    for (int severity = 0; severity < SPANLOG_SEVERITIES; severity++) {
        if (check->of_severity[severity] == 0)
            continue;
        spanlog_look_start(out, look, styles[severity]);
        spanlog_put(out, titles[severity]);
        spanlog_look_stop(out, look);
        spanlog_put(out, "\n");
        for (size_t i = 0; i < check->count; i++)
            if ((int)check->findings[i].severity == severity)
                put_finding(&check->findings[i], look, out);
    }
    put_summary(check, out);
}

void spanlog_render_check_json(const struct spanlog_check *check, struct spanlog_output *out) {
    for (size_t i = 0; i < check->count; i++) {
        const struct spanlog_finding *finding = &check->findings[i];
        spanlog_put(out, "{\"kind\":\"");
        spanlog_put(out, spanlog_check_kind_names[finding->kind]);
        spanlog_put_json_count(out, "\",\"count\":", finding->count);
        spanlog_put_json_text(
            out, ",\"first_file\":", spanlog_text_of(finding->file ? finding->file : ""));
        spanlog_put_json_count(out, ",\"first_line\":", finding->line);
        spanlog_put_json_text(out, ",\"detail\":", spanlog_text_of(finding->detail));
        spanlog_put(out, "}\n");
    }
}
