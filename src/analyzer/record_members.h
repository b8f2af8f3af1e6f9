/* analyzer/record_members.h: the members of a line's object into a record's raw values. For
 * record.c.
 *
 *     spanlog_record_members(reader, &walk, record);
 *     if (walk.problem) ...          else walk.at is behind the object
 */
#ifndef SPANLOG_ANALYZER_RECORD_MEMBERS_H
#define SPANLOG_ANALYZER_RECORD_MEMBERS_H

#include "src/analyzer/record.h"

void spanlog_record_members(struct spanlog_reader *reader, struct spanlog_json_walk *walk,
                            struct spanlog_record *record);

#endif
