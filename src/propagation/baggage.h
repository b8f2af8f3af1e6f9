/* propagation/baggage.h: W3C baggage, as text. Pure. https://www.w3.org/TR/baggage/
 *
 *     char baggage[BAGGAGE_MAX + 1];
 *     baggage_read("user = a%20b ;ttl=3, tenant=7", baggage);     "user=a%20b;ttl=3,tenant=7"
 *     baggage_get(baggage, "user", value, sizeof value);          "a b"
 *     baggage_set(baggage, "tenant", NULL);                       "user=a%20b;ttl=3"
 *
 * Values stay percent-encoded until they are asked for, so that what is passed on is what came.
 */
#ifndef SPANLOG_PROPAGATION_BAGGAGE_H
#define SPANLOG_PROPAGATION_BAGGAGE_H

#include <stddef.h>
#include <sys/types.h>

#define BAGGAGE_MAX 8192u
#define BAGGAGE_MEMBERS 180u

/* The members that are well formed and fit, without white space; of a key that is there twice the
 * last. Returns how many were left out. */
unsigned baggage_read(const char *header, char ret_text[BAGGAGE_MAX + 1]);
/* A key's value, decoded into at most size - 1 bytes and NUL; bad UTF-8 and NUL become U+FFFD.
 * Returns the whole value's size, as snprintf does, or -ENOENT. */
ssize_t baggage_get(const char *baggage, const char *key, char *ret_value, size_t size);
/* Adds or replaces a member, encoding the value; NULL takes it out. Returns 0, -EINVAL for a key
 * that is no token, -E2BIG when it does not fit; then nothing is changed. */
int baggage_set(char baggage[BAGGAGE_MAX + 1], const char *key, const char *value);

#endif
