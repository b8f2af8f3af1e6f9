/* analyzer/render/columns.h: the cells of tables for people.
 *
 *     spanlog_put_text_cell(&out, name, 30, ascii);       padded, or cut with `…`
 *     spanlog_put_count_cell(&out, 12, 7);                "     12"; "-" for 0; "12.3M"
 *     spanlog_put_duration_cell(&out, ns, 9);             "  12.59ms"
 *     spanlog_put_share_cell(&out, part, whole, 7);       "  12.3%"
 */
#ifndef SPANLOG_ANALYZER_RENDER_COLUMNS_H
#define SPANLOG_ANALYZER_RENDER_COLUMNS_H

#include "src/analyzer/render/look.h"

/* What stands for an empty service, operation or value. */
#define SPANLOG_NO_TEXT SPANLOG_TEXT("(none)")

void spanlog_put_text_cell(struct spanlog_output *out, struct spanlog_text text, size_t width,
                           bool ascii);
void spanlog_put_count_cell(struct spanlog_output *out, uint64_t count, size_t width);
void spanlog_put_duration_cell(struct spanlog_output *out, uint64_t ns, size_t width);
void spanlog_put_share_cell(struct spanlog_output *out, uint64_t part, uint64_t whole,
                            size_t width);
/* "1234567", "12.3M": at most 7 characters. */
void spanlog_format_count(uint64_t count, char out[24]);
/* "12.3%", "100%", "<0.1%", "-": at most 5 characters. */
void spanlog_format_share(uint64_t part, uint64_t whole, char out[24]);
/* "0.25", "12.3", "1234", "12.3k": per second. */
void spanlog_format_rate(double rate, char out[24]);

/* "service operation", the service cut first, down to a third. Returns the columns used. */
size_t spanlog_put_name_cut(struct spanlog_output *out, struct spanlog_text service,
                            struct spanlog_text operation, size_t room, bool ascii);
/* The last 8 characters of a trace's id: what people type. */
void spanlog_put_short_id(struct spanlog_output *out, uint64_t low, const char *text);

/* Red, when there is something to see. */
void spanlog_put_error_cell(struct spanlog_output *out, const struct spanlog_look *look,
                            uint64_t errors, size_t width);

/* In front of a line of a tree: of each of `depth` levels, whether another sibling follows. */
struct spanlog_branches {
    const char *branch, *last, *line, *blank;
};
const struct spanlog_branches *spanlog_branches_of(const struct spanlog_look *look);

#endif
