/* analyzer/render/heat_text.c: latency over time for people, one map for each row of the stats:
 *
 *     gateway GET /checkout  1,000 spans  a column is 500.0ms
 *        50ms |      ·    ░        |
 *        20ms |░▒▓█▓▒░▒▓█▓▒░▒▓█▓▒░▒|
 *      errors |    ·     █         |
 *              10:30:45     10:30:55
 *              spans: █ 12+ ▓ 6+ ▒ 3+ ░ 2+ · 1+
 *
 * A line holds the spans of at most that latency, and more than the line below.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formatters/time.h"
#include "src/analyzer/render/columns.h"
#include "src/analyzer/render/questions.h"

#define MARGIN 10 /* in front of the map: "   500ms |" */

static const char *const unicode_glyphs[] = {" ", "·", "░", "▒", "▓", "█"};
static const char *const ascii_glyphs[] = {" ", ".", ":", "-", "=", "#"};

struct drawing {
    const struct spanlog_heat *heat;
    const struct spanlog_heat_map *map;
    const char *const *glyphs;
    struct spanlog_output *out;
    uint64_t most; /* of all fields of the map */
};

uint32_t spanlog_heat_room(const struct spanlog_look *look) {
    unsigned width = look->width < 40 ? 40 : look->width;
    return width - MARGIN - 1;
}

/* The first of each glyph but the blank and the dot: a half, a quarter … of the most. */
static uint64_t count_from(uint64_t most, unsigned glyph) {
    uint64_t from = most >> (6 - glyph);
    return from + (from << (6 - glyph) < most);
}

static unsigned glyph_of_count(uint64_t count, uint64_t most) {
    unsigned glyph = 5;
    if (count == 0)
        return 0;
    while (glyph > 1 && count < count_from(most, glyph))
        glyph--;
    return glyph;
}

static unsigned glyph_of_errors(uint64_t errors, uint64_t count) {
    static const unsigned from[] = {0, 0, 1, 5, 20, 50}; /* percent */
    unsigned glyph = 5;
    if (errors == 0)
        return 0;
    while (glyph > 1 && errors * 100 < count * from[glyph])
        glyph--;
    return glyph;
}

/* A line of the map; for each cell the glyph that `choose` finds. */
static void put_line(struct drawing *draw, uint32_t rung,
                     unsigned (*choose)(const struct drawing *draw,
                                        const struct spanlog_heat_cell *cell, uint32_t rung)) {
    uint32_t column = 0;
    spanlog_put(draw->out, " |");
    for (uint32_t i = 0; i < draw->map->cell_count; i++) {
        const struct spanlog_heat_cell *cell = &draw->map->cells[i];
        spanlog_put_repeat(draw->out, " ", cell->bucket - column);
        spanlog_put(draw->out, draw->glyphs[choose(draw, cell, rung)]);
        column = cell->bucket + 1;
    }
    spanlog_put_repeat(draw->out, " ", draw->heat->columns - column);
    spanlog_put(draw->out, "|");
}

static unsigned choose_count(const struct drawing *draw, const struct spanlog_heat_cell *cell,
                             uint32_t rung) {
    return glyph_of_count(spanlog_heat_count(draw->map, cell, rung), draw->most);
}

static unsigned choose_errors(const struct drawing *draw, const struct spanlog_heat_cell *cell,
                              uint32_t rung) {
    (void)draw;
    (void)rung;
    return glyph_of_errors(cell->tally->errors, cell->tally->count);
}

static void find_most(struct drawing *draw) {
    draw->most = 0;
    for (uint32_t i = 0; i < draw->map->cell_count; i++)
        for (uint32_t rung = 0; rung < draw->map->bound_count; rung++) {
            uint64_t count = spanlog_heat_count(draw->map, &draw->map->cells[i], rung);
            if (count > draw->most)
                draw->most = count;
        }
}

/* "15ms", "1.5us", "20s": rungs are round numbers. */
static void put_bound(struct spanlog_output *out, uint64_t ns) {
    static const char *const units[] = {"ns", "us", "ms", "s"};
    char text[24];
    double number = (double)ns;
    unsigned unit = 0;
    for (; unit < 3 && number >= 1000; unit++)
        number /= 1000;
    snprintf(text, sizeof text, "%.4g%s", number, units[unit]);
    spanlog_put_right(out, text, MARGIN - 2);
}

static void put_legend(struct drawing *draw) {
    struct spanlog_output *out = draw->out;
    char text[48];
    spanlog_put_repeat(out, " ", MARGIN);
    spanlog_put(out, "spans:");
    uint64_t above = UINT64_MAX;
    for (unsigned glyph = 5; glyph > 0; glyph--) {
        uint64_t from = glyph > 1 ? count_from(draw->most, glyph) : 1;
        if (from == above)
            continue;
        above = from;
        snprintf(text, sizeof text, " %s %llu+", draw->glyphs[glyph], (unsigned long long)from);
        spanlog_put(out, text);
    }
    spanlog_put(out, "\n");
}

static void put_error_legend(struct drawing *draw) {
    static const char *const shares[] = {"", " less\n", " 1%+", " 5%+", " 20%+", " 50%+"};
    spanlog_put(draw->out, "\n  errors, of the spans of a column:");
    for (unsigned glyph = 5; glyph > 0; glyph--) {
        spanlog_put(draw->out, " ");
        spanlog_put(draw->out, draw->glyphs[glyph]);
        spanlog_put(draw->out, shares[glyph]);
    }
}

/* The time of day at the left, and where there is room in the middle and at the right. */
static void put_axis(struct drawing *draw) {
    const struct spanlog_heat *heat = draw->heat;
    char text[SPANLOG_RFC3339_SIZE];
    bool fine = heat->bucket_ns * heat->columns < (uint64_t)60 * 1000000000;
    uint32_t size = fine ? 12 : 8, used = 0;
    spanlog_put_repeat(draw->out, " ", MARGIN);
    for (uint32_t at = 0; at + size <= heat->columns || at == 0; at += 2 * size) {
        spanlog_put_repeat(draw->out, " ", at - used);
        spanlog_put_rfc3339(text, heat->start_ns + at * heat->bucket_ns);
        spanlog_put_bytes(draw->out, text + 11, size);
        used = at + size;
    }
    spanlog_put(draw->out, "\n");
}

static void put_title(struct drawing *draw, const struct spanlog_look *look) {
    const struct spanlog_stats_row *row = draw->map->row;
    struct spanlog_text name = row->name.text.size ? row->name.text : SPANLOG_NO_TEXT;
    struct spanlog_output *out = draw->out;
    char text[24];
    spanlog_look_start(out, look, SPANLOG_LOOK_BOLD);
    spanlog_put_name_cut(out, row->name.service, name, look->width >= 64 ? look->width - 45 : 12,
                         look->ascii);
    spanlog_look_stop(out, look);
    spanlog_format_count(row->tally->count, text);
    spanlog_put(out, "  ");
    spanlog_put(out, text);
    spanlog_put(out, row->tally->count == 1 ? " span" : " spans");
    if (row->tally->errors) {
        spanlog_format_share(row->tally->errors, row->tally->count, text);
        spanlog_look_start(out, look, SPANLOG_LOOK_ERROR);
        spanlog_put(out, "  ");
        spanlog_put(out, text);
        spanlog_put(out, " errors");
        spanlog_look_stop(out, look);
    }
    if (look->width >= 64) {
        spanlog_put(out, "  p99 ");
        spanlog_format_duration(row->p99_ns, text);
        spanlog_put(out, text);
    }
    spanlog_put(out, "\n");
}

static void put_map(struct drawing *draw, const struct spanlog_look *look) {
    find_most(draw);
    put_title(draw, look);
    for (uint32_t rung = draw->map->bound_count; rung-- > 0;) {
        put_bound(draw->out, draw->map->bounds[rung]);
        put_line(draw, rung, choose_count);
        spanlog_put(draw->out, "\n");
    }
    if (draw->map->row->tally->errors) {
        spanlog_look_start(draw->out, look, SPANLOG_LOOK_ERROR);
        spanlog_put_right(draw->out, "errors", MARGIN - 2);
        put_line(draw, 0, choose_errors);
        spanlog_look_stop(draw->out, look);
        spanlog_put(draw->out, "\n");
    }
    put_axis(draw);
    put_legend(draw);
}

void spanlog_render_heat(const struct spanlog_heat *heat, const struct spanlog_stats *stats,
                         const struct spanlog_look *look, struct spanlog_output *out) {
    struct drawing draw = {
        .heat = heat, .glyphs = look->ascii ? ascii_glyphs : unicode_glyphs, .out = out};
    char length[24], date[SPANLOG_RFC3339_SIZE];
    bool errors = false;
    if (heat->count == 0)
        return;
    spanlog_format_duration(heat->bucket_ns, length);
    spanlog_put_rfc3339(date, heat->start_ns);
    spanlog_put_bytes(out, date, 10);
    spanlog_put(out, " (UTC), a column is ");
    spanlog_put(out, length);
    spanlog_put(out, "\n");
    for (size_t i = 0; i < heat->count; i++) {
        spanlog_put(out, "\n");
        draw.map = &heat->maps[i];
        put_map(&draw, look);
        errors |= stats->rows[i].tally->errors > 0;
    }
    if (errors)
        put_error_legend(&draw);
    if (stats->count < stats->matching) {
        spanlog_put(out, "\n");
        spanlog_put_number(out, stats->matching - stats->count);
        spanlog_put(out, " more (--limit)\n");
    }
    spanlog_put_estimated(out, heat->exact);
}
