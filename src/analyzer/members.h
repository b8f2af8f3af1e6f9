/* analyzer/members.h: the members of a line's object into a record's raw values. For record.c.
 *
 *     spanlog_members_read(reader, &walk, record);
 *     if (walk.problem) ...          else walk.at is behind the object
 */
#ifndef SPANLOG_ANALYZER_MEMBERS_H
#define SPANLOG_ANALYZER_MEMBERS_H

#include "src/analyzer/record.h"

void spanlog_members_read(struct spanlog_reader *reader, struct spanlog_json_walk *walk,
                          struct spanlog_record *record);

#endif
