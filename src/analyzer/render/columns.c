/* analyzer/render/columns.c: see columns.h. */
#include "src/analyzer/render/columns.h"

#include <stdio.h>
#include <string.h>

void spanlog_format_count(uint64_t count, char out[24]) {
    static const char units[] = "MGTPE";
    double number = (double)count / 1e6;
    size_t unit = 0;
    if (count < 10000000) {
        snprintf(out, 24, "%llu", (unsigned long long)count);
        return;
    }
    while (number >= 999.95) {
        number /= 1000;
        unit++;
    }
    snprintf(out, 24, "%.1f%c", number, units[unit]);
}

void spanlog_format_share(uint64_t part, uint64_t whole, char out[24]) {
    double percent = whole ? 100 * (double)part / (double)whole : 0;
    if (part == 0)
        snprintf(out, 24, "-");
    else if (percent < 0.1)
        snprintf(out, 24, "<0.1%%");
    else if (part < whole && percent >= 99.95) /* not quite all */
        snprintf(out, 24, "99.9%%");
    else
        snprintf(out, 24, percent >= 99.95 ? "%.0f%%" : "%.1f%%", percent);
}

void spanlog_format_rate(double rate, char out[24]) {
    static const char units[] = " kMGTPE";
    size_t unit = 0;
    if (rate < 9999.5) {
        snprintf(out, 24, rate >= 999.5 ? "%.0f" : rate >= 9.995 ? "%.1f" : "%.2f", rate);
        return;
    }
    while (rate >= 999.95 && unit < 6) {
        rate /= 1000;
        unit++;
    }
    snprintf(out, 24, "%.1f%c", rate, units[unit]);
}

void spanlog_put_text_cell(struct spanlog_output *out, struct spanlog_text text, size_t width,
                           bool ascii) {
    size_t used = spanlog_put_visible_cut(out, text, width, ascii);
    spanlog_put_repeat(out, " ", used < width ? width - used : 0);
}

void spanlog_put_count_cell(struct spanlog_output *out, uint64_t count, size_t width) {
    char text[24];
    spanlog_format_count(count, text);
    spanlog_put_right(out, count ? text : "-", width);
}

void spanlog_put_duration_cell(struct spanlog_output *out, uint64_t ns, size_t width) {
    char text[24];
    spanlog_format_duration(ns, text);
    spanlog_put_right(out, text, width);
}

void spanlog_put_share_cell(struct spanlog_output *out, uint64_t part, uint64_t whole,
                            size_t width) {
    char text[24];
    spanlog_format_share(part, whole, text);
    spanlog_put_right(out, text, width);
}

void spanlog_put_error_cell(struct spanlog_output *out, const struct spanlog_look *look,
                            uint64_t errors, size_t width) {
    if (errors)
        spanlog_look_start(out, look, SPANLOG_LOOK_ERROR);
    spanlog_put_count_cell(out, errors, width);
    if (errors)
        spanlog_look_stop(out, look);
}

size_t spanlog_put_name_cut(struct spanlog_output *out, struct spanlog_text service,
                            struct spanlog_text operation, size_t room, bool ascii) {
    size_t wide = 0;
    if (service.size) {
        /* The operation says more: the service gives way first, down to a third. */
        size_t wanted = spanlog_visible_width(operation) + 1;
        size_t least = room / 3 > 0 ? room / 3 : 1;
        size_t most = wanted < room && room - wanted > least ? room - wanted : least;
        wide = spanlog_put_visible_cut(out, service, most, ascii);
        spanlog_put(out, " ");
        wide++;
    }
    if (wide < room)
        wide += spanlog_put_visible_cut(out, operation, room - wide, ascii);
    return wide;
}

void spanlog_put_short_id(struct spanlog_output *out, uint64_t low, const char *text) {
    char id[24];
    if (text) {
        size_t size = strlen(text);
        size_t width =
            spanlog_put_visible_cut(out, (struct spanlog_text){text, (uint32_t)size}, 8, true);
        spanlog_put_repeat(out, " ", 8 - width);
        return;
    }
    snprintf(id, sizeof id, "%08x", (unsigned)(low & 0xffffffffu));
    spanlog_put(out, id);
}

const struct spanlog_branches *spanlog_branches_of(const struct spanlog_look *look) {
    static const struct spanlog_branches unicode = {"├ ", "└ ", "│ ", "  "};
    static const struct spanlog_branches ascii = {"|-", "`-", "| ", "  "};
    return look->ascii ? &ascii : &unicode;
}
