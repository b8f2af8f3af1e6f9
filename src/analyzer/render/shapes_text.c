/* analyzer/render/shapes_text.c: `spanlog shapes` for people, each with the tree of its example:
 *
 *     1000 traces  2 shapes
 *
 *      90.0%  900 traces  p50 31.26ms  11 spans  3 with errors  e.g. 0000c34b  shape 5f2a0c…
 *       gateway GET /checkout s
 *       ├ gateway orders/place c
 *       └ gateway cache.get ×12
 */
#include <stdio.h>

#include "src/analyzer/render/columns.h"
#include "src/analyzer/render/questions.h"

#define INDENT 9
#define DRAWN_MAX 64

static void put_counted(struct spanlog_output *out, uint64_t count, const char *one) {
    spanlog_put(out, "  ");
    spanlog_put_number(out, count);
    spanlog_put(out, " ");
    spanlog_put(out, one);
    spanlog_put(out, count == 1 ? "" : "s");
}

/* Whether no later line is its sibling. */
static bool is_last(const struct spanlog_shape_example *example, uint32_t line) {
    uint32_t depth = example->lines[line].depth;
    for (uint32_t i = line + 1; i < example->line_count && example->lines[i].depth >= depth; i++)
        if (example->lines[i].depth == depth)
            return false;
    return true;
}

static void put_line(const struct spanlog_shapes *shapes,
                     const struct spanlog_shape_example *example, uint32_t number,
                     bool more[DRAWN_MAX + 1], const struct spanlog_look *look,
                     struct spanlog_output *out) {
    static const char *const kinds[] = {"", " s", " c", " P", " C"};
    const struct spanlog_shape_line *line = &example->lines[number];
    const struct spanlog_branches *branches = spanlog_branches_of(look);
    const struct spanlog_name *name = &shapes->all->names.list[line->name];
    struct spanlog_text service = spanlog_strings_text(&shapes->all->services, name->service);
    struct spanlog_text operation = spanlog_strings_text(&shapes->all->operations, name->operation);
    char fold[24] = "";
    uint32_t drawn = line->depth < DRAWN_MAX ? line->depth : DRAWN_MAX;
    spanlog_put_repeat(out, " ", INDENT);
    for (uint32_t level = 1; level < drawn; level++)
        spanlog_put(out, more[level] ? branches->line : branches->blank);
    if (drawn) {
        more[drawn] = !is_last(example, number);
        spanlog_put(out, more[drawn] ? branches->branch : branches->last);
    }
    if (line->fold > 1)
        snprintf(fold, sizeof fold, look->ascii ? " x%u" : " ×%u", line->fold);
    size_t used = INDENT + 2 * (size_t)drawn + 14;
    size_t room = look->width > used + 20 ? look->width - used : 20;
    spanlog_put_name_cut(out, service, operation.size ? operation : SPANLOG_NO_TEXT, room,
                         look->ascii);
    spanlog_put(out, kinds[line->kind < 5 ? line->kind : 0]);
    spanlog_put(out, fold);
    spanlog_put(out, line->is_orphan ? "  ORPHAN\n" : "\n");
}

static void put_shape(const struct spanlog_shapes *shapes, const struct spanlog_shape *shape,
                      const struct spanlog_look *look, struct spanlog_output *out) {
    const struct spanlog_shape_example *example = shape->example;
    bool more[DRAWN_MAX + 1] = {false};
    char text[24];
    spanlog_put(out, "\n");
    spanlog_look_start(out, look, SPANLOG_LOOK_BOLD);
    spanlog_put_share_cell(out, shape->tally->count, shapes->traces, 7);
    put_counted(out, shape->tally->count, "trace");
    spanlog_look_stop(out, look);
    spanlog_put(out, "  p50 ");
    spanlog_format_duration(shape->p50_ns, text);
    spanlog_put(out, text);
    if (shape->tally->errors) {
        spanlog_look_start(out, look, SPANLOG_LOOK_ERROR);
        spanlog_put(out, "  ");
        spanlog_put_number(out, shape->tally->errors);
        spanlog_put(out, " with errors");
        spanlog_look_stop(out, look);
    }
    put_counted(out, example->spans, "span");
    spanlog_put(out, "  e.g. ");
    spanlog_put_short_id(out, example->low, example->text);
    if (look->width >= 100) {
        spanlog_put(out, "  shape ");
        spanlog_put_hex_id(out, shape->hash);
    }
    spanlog_put(out, "\n");
    for (uint32_t i = 0; i < example->line_count; i++)
        put_line(shapes, example, i, more, look, out);
    if (example->is_cut) {
        spanlog_put_repeat(out, " ", INDENT);
        spanlog_put(out, "more: spanlog trace ");
        spanlog_put_short_id(out, example->low, example->text);
        spanlog_put(out, "\n");
    }
}

void spanlog_render_shapes(const struct spanlog_shapes *shapes, const struct spanlog_look *look,
                           struct spanlog_output *out) {
    if (shapes->count == 0)
        return;
    spanlog_put_number(out, shapes->traces);
    spanlog_put(out, shapes->traces == 1 ? " trace" : " traces");
    put_counted(out, shapes->matching, "shape");
    spanlog_put(out, "\n");
    for (size_t i = 0; i < shapes->count; i++)
        put_shape(shapes, &shapes->list[i], look, out);
    if (shapes->count < shapes->matching) {
        spanlog_put(out, "\n");
        spanlog_put_number(out, shapes->matching - shapes->count);
        spanlog_put(out, " more (--limit)\n");
    }
    spanlog_put_estimated(out, shapes->exact);
}
