/* config/mistakes.h: what is wrong with settings is said once, and again only when the value is
 * another, though files and live rules are read anew at every change.
 *
 *     static struct mistakes mistakes;
 *     mistakes_begin(&mistakes);                     a reading
 *     if (mistake_is_new("/etc/x.conf", "level", "loud"))
 *         tell(...)
 *     mistakes_end();
 */
#ifndef SPANLOG_CONFIG_MISTAKES_H
#define SPANLOG_CONFIG_MISTAKES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MISTAKES_KNOWN 64u /* more are said again */

/* Those of the reading before and of this one, as hashes. All zeros: none yet. */
struct mistakes {
    uint64_t before[MISTAKES_KNOWN], now[MISTAKES_KNOWN];
    uint32_t before_count, now_count;
};

/* One reading at a time. Without one every mistake is new. */
void mistakes_begin(struct mistakes *of);
void mistakes_end(void);
/* Whether the reading before did not have it. Lines do not count: they move. */
bool mistake_is_new(const char *where, const char *name, const char *value);
/* How many were new so far. */
size_t mistakes_count(void);

#endif
