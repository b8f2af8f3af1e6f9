/* analyzer/read/line_read.h: a line with everything in it, as formatters/line.h has it.
 *
 *     struct spanlog_record record;
 *     if (!spanlog_record_read(&reader, line, end, &record) &&
 *         spanlog_line_read(&reader, &record, line, &arena, &ret_line) == 0)
 *         dialect->write(&ret_line, out, out_end);
 *
 * Texts are decoded; they lie in the line itself or in the arena. Numbers with a point keep their
 * digits. A canonical line comes out of the json dialect as it went in.
 */
#ifndef SPANLOG_ANALYZER_READ_LINE_READ_H
#define SPANLOG_ANALYZER_READ_LINE_READ_H

#include "src/analyzer/base/arena.h"
#include "src/analyzer/read/record.h"

/* 0, or -ENOMEM. */
int spanlog_line_read(struct spanlog_reader *reader, const struct spanlog_record *record,
                      const char *line, struct spanlog_arena *arena, struct spanlog_line *ret);

/* An attribute's value; `text` is that of a string, decoded. What has no number of its own keeps
 * its bytes. */
void spanlog_line_read_value(const struct spanlog_json_value *value, struct spanlog_text text,
                             struct spanlog_value *ret);

/* The elements of a span's `events` and `links`, of values that were checked; NULL: there are none.
 * 0, or -ENOMEM. */
int spanlog_line_read_lists(struct spanlog_reader *reader, const struct spanlog_json_value *events,
                            const struct spanlog_json_value *links, struct spanlog_arena *arena,
                            struct spanlog_line *ret);

/* Keys are rendered as the json dialect has them: others, which reserve other names, need this
 * first. Events' keys are not rendered. */
void spanlog_line_forget_json(struct spanlog_line *line);

#endif
