/* tests/crash/json_check.h: is this text exactly one JSON object (RFC 8259, valid UTF-8)?
 *
 *     static void member(void *arg, struct json_part key, struct json_part value) { ... }
 *     bool good = json_check_object(line, line + size, member, arg);
 *
 * `member` is called for each member of the outermost object, in order, also when a later byte
 * turns out to be wrong. Values are as they stand in the text, strings with their quotes. Written
 * for the checkers of the crash tests and from nothing else, so that it shares no mistake with what
 * it judges.
 */
#ifndef SPANLOG_TESTS_CRASH_JSON_CHECK_H
#define SPANLOG_TESTS_CRASH_JSON_CHECK_H

#include <stdbool.h>
#include <stddef.h>

struct json_part {
    const char *data;
    size_t size;
};

typedef void (*json_member)(void *arg, struct json_part key, struct json_part value);

bool json_check_object(const char *text, const char *end, json_member member, void *arg);

#endif
