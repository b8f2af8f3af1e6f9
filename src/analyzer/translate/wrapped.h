/* analyzer/translate/wrapped.h: lines inside lines: docker, CRI, journald, logcli, syslog.
 *
 *     if (spanlog_wrapped_is_partial(line, end))
 *         the next line of the same stream continues this one
 *
 * A runtime cuts long lines. The parts of one record are given to spanlog_translate together, with
 * the newlines between them, and are joined there.
 */
#ifndef SPANLOG_ANALYZER_TRANSLATE_WRAPPED_H
#define SPANLOG_ANALYZER_TRANSLATE_WRAPPED_H

#include "src/analyzer/translate/parts.h"

/* Cheap: looks at the tag of a CRI line, and at the end of docker's "log". */
bool spanlog_wrapped_is_partial(const char *line, const char *end);

/* Whether the dialect of that number (dialects.h) is one of the wrappers that are JSON. */
bool spanlog_is_wrapper(uint8_t dialect);
/* The memory's members are those of the first line; further parts stand between it and end. As
 * spanlog_translate_function. */
int spanlog_translate_json_wrapper(struct spanlog_translator *translator, uint8_t dialect,
                                   const char *line, const char *end);

/* journald's [104,105]: bytes that are no text. False for an array of anything else. */
bool spanlog_read_bytes(const struct spanlog_json_value *array, struct spanlog_arena *arena,
                        struct spanlog_text *ret);
/* The record whose members were just read: what our own output sent to journald. 1 or -ENOMEM. */
int spanlog_translate_own_journald(struct spanlog_translator *translator, const char *line,
                                   const char *end);

#endif
