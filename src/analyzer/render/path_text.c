/* analyzer/render/path_text.c: `spanlog path` for people, a tree, and `--folded`:
 *
 *     critical paths of 1000 traces, 39.82s in all
 *        TIME    SELF   SELF TIME  WORST     PATH
 *      100.0%    4.2%       1.67s  0000c34b  gateway GET /checkout
 *       60.1%   10.0%       3.98s  1f0c22a0  ├ gateway orders/place
 *
 *     gateway GET /checkout;gateway orders/place 3980000000
 */
#include <stdio.h>
#include <stdlib.h>

#include "src/analyzer/render/columns.h"
#include "src/analyzer/render/questions.h"

#define FIXED 38        /* columns in front of the tree */
#define FIXED_NARROW 17 /* without SELF TIME and WORST */
#define WIDE 60
#define LINES_MAX 200 /* unless --limit says something else */
#define DRAWN_MAX 64

struct drawing {
    const struct spanlog_path *paths;
    const struct spanlog_look *look;
    const struct spanlog_branches *branches;
    struct spanlog_output *out;
    unsigned width, fixed;
    bool more[DRAWN_MAX + 1]; /* at this depth another sibling follows */
    uint32_t limit;
    uint64_t least_ns;
    uint64_t hidden;
    uint64_t hidden_ns;
};

static bool is_shown(const struct drawing *draw, uint32_t number) {
    const struct spanlog_path_entry *entry = &draw->paths->list[number];
    return entry->rank < draw->limit && entry->inclusive_ns >= draw->least_ns;
}

/* Returns the columns used. */
static size_t put_branch(struct drawing *draw, uint32_t depth, bool last, size_t room) {
    char number[24];
    if (depth == 0)
        return 0;
    if (depth > DRAWN_MAX || 4 * (size_t)depth > room) {
        snprintf(number, sizeof number, "(%u) ", depth);
        spanlog_put(draw->out, number);
        return 4 + (depth > 9) + (depth > 99);
    }
    for (uint32_t level = 1; level < depth; level++)
        spanlog_put(draw->out, draw->more[level] ? draw->branches->line : draw->branches->blank);
    spanlog_put(draw->out, last ? draw->branches->last : draw->branches->branch);
    draw->more[depth] = !last;
    return 2 * (size_t)depth;
}

static void put_entry(struct drawing *draw, uint32_t number, bool last) {
    const struct spanlog_path_entry *entry = &draw->paths->list[number];
    struct spanlog_text name = entry->operation.size ? entry->operation : SPANLOG_NO_TEXT;
    if (entry->is_rest)
        name = SPANLOG_TEXT("(deeper calls, all together)");
    spanlog_put_share_cell(draw->out, entry->inclusive_ns, draw->paths->total_ns, 7);
    spanlog_put_share_cell(draw->out, entry->exclusive_ns, draw->paths->total_ns, 8);
    if (draw->width >= WIDE) {
        spanlog_put_duration_cell(draw->out, entry->exclusive_ns, 11);
        spanlog_put(draw->out, "  ");
        spanlog_put_short_id(draw->out, entry->worst_low, entry->worst_text);
    }
    spanlog_put(draw->out, "  ");
    size_t room = draw->width - draw->fixed;
    size_t used = put_branch(draw, entry->depth, last, room);
    room = room > used + 8 ? room - used : 8;
    spanlog_put_name_cut(draw->out, entry->service, name, room, draw->look->ascii);
    spanlog_put(draw->out, "\n");
}

static uint32_t next_shown(struct drawing *draw, uint32_t at) {
    for (; at != SPANLOG_PATH_NONE && !is_shown(draw, at); at = draw->paths->list[at].next) {
        draw->hidden++;
        draw->hidden_ns += draw->paths->list[at].inclusive_ns;
    }
    return at;
}

static bool has_shown(const struct drawing *draw, uint32_t at) {
    for (; at != SPANLOG_PATH_NONE; at = draw->paths->list[at].next)
        if (is_shown(draw, at))
            return true;
    return false;
}

static void draw_tree(struct drawing *draw) {
    const struct spanlog_path_entry *list = draw->paths->list;
    uint32_t at = next_shown(draw, draw->paths->first_root);
    while (at != SPANLOG_PATH_NONE) {
        put_entry(draw, at, !has_shown(draw, list[at].next));
        uint32_t next = next_shown(draw, list[at].first_child);
        while (next == SPANLOG_PATH_NONE && at != SPANLOG_PATH_NONE) {
            next = next_shown(draw, list[at].next);
            at = list[at].parent;
        }
        at = next;
    }
}

void spanlog_render_path(const struct spanlog_path *paths, const struct spanlog_look *look,
                         struct spanlog_output *out) {
    struct drawing draw = {.paths = paths,
                           .look = look,
                           .branches = spanlog_branches_of(look),
                           .out = out,
                           .limit = LINES_MAX,
                           .least_ns = paths->total_ns / 200};
    char text[24];
    if (paths->count == 0)
        return;
    draw.width = look->width < 40 ? 40 : look->width;
    draw.fixed = draw.width < WIDE ? FIXED_NARROW : FIXED;
    if (paths->limit) {
        draw.limit = paths->limit < UINT32_MAX ? (uint32_t)paths->limit : UINT32_MAX;
        draw.least_ns = 0;
    }
    spanlog_look_start(out, look, SPANLOG_LOOK_BOLD);
    spanlog_put(out, paths->traces == 1 ? "critical path of " : "critical paths of ");
    spanlog_put_number(out, paths->traces);
    spanlog_put(out, paths->traces == 1 ? " trace, " : " traces, ");
    spanlog_format_duration(paths->total_ns, text);
    spanlog_put(out, text);
    spanlog_put(out, paths->traces == 1 ? "\n" : " in all\n");
    spanlog_put(out, draw.width < WIDE ? "   TIME    SELF  PATH"
                                       : "   TIME    SELF  SELF TIME  WORST     PATH");
    spanlog_look_stop(out, look);
    spanlog_put(out, "\n");
    draw_tree(&draw);
    if (draw.hidden) {
        spanlog_put_share_cell(out, draw.hidden_ns, paths->total_ns, 7);
        spanlog_put_repeat(out, " ", draw.fixed - 7);
        spanlog_put(out, draw.hidden == 1 ? "1 more branch" : "");
        if (draw.hidden > 1) {
            spanlog_put_number(out, draw.hidden);
            spanlog_put(out, " more branches");
        }
        spanlog_put(out, paths->limit ? " (--limit)\n" : ", less than 0.5% each (--limit N)\n");
    }
}

/* ---- folded stacks ------------------------------------------------------------------------ */

/* A stack's frames are parted by `;`, and the line ends its stack. */
static void put_frame(struct spanlog_output *out, const struct spanlog_path_entry *entry) {
    size_t begin = out->size;
    spanlog_put_visible(out, entry->service);
    spanlog_put(out, entry->service.size ? " " : "");
    spanlog_put_visible(out, entry->operation.size ? entry->operation : SPANLOG_NO_TEXT);
    for (size_t i = begin; i < out->size; i++)
        if (out->data[i] == ';')
            out->data[i] = ',';
}

void spanlog_render_path_folded(const struct spanlog_path *paths, struct spanlog_output *out) {
    struct spanlog_output frames = {.fd = -1}; /* one stack: put_frame looks back */
    for (size_t i = 0; i < paths->ordered; i++) {
        uint32_t way[SPANLOG_PATH_DEPTH_MAX + 1], steps = 0;
        for (uint32_t at = paths->order[i]; at != SPANLOG_PATH_NONE; at = paths->list[at].parent)
            way[steps++] = at;
        frames.size = 0;
        while (steps-- > 0) {
            put_frame(&frames, &paths->list[way[steps]]);
            spanlog_put(&frames, steps ? ";" : " ");
        }
        spanlog_put_bytes(out, frames.data, frames.size);
        spanlog_put_number(out, paths->list[paths->order[i]].exclusive_ns);
        spanlog_put(out, "\n");
    }
    out->error = out->error ? out->error : frames.error;
    free(frames.data);
}
