/* core/redact.h: which values must not leave the process, and what stands in their place.
 *
 *     struct redact_rules rules;
 *     const char *wrong = redact_parse(&rules, "default,pin,value:AKIA????????????????");
 *     if (redact_key(&rules, "db.password", 11)) ...                      its value is masked
 *     size = redact_text(&rules, text, text_size, masked, sizeof masked);   0: nothing to mask
 *
 * A rule is one of
 *   WORDS          a key that ends with these words: "api_key" is about api_key, X-Api-Key, apiKey
 *                  and stripe.api_key2, not about api_key_count
 *   value:PATTERN  any text: '?' is one character of a word, '*' some of them, '\' takes the next
 *                  as it is. What stands before the first of these stays: "Bearer [REDACTED]".
 *   value:@card    numbers of payment cards (13 to 19 digits whose check digit is right)
 *   default        REDACT_DEFAULT
 *   none           nothing, for a list that has no rule
 *
 * Pure: no clock, no malloc, no I/O. A text takes time in proportion to its size.
 */
#ifndef SPANLOG_CORE_REDACT_H
#define SPANLOG_CORE_REDACT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REDACT_MASK "[REDACTED]"
#define REDACT_DEFAULT                                                                             \
    "password,passwd,passphrase,secret,token,authorization,cookie,api_key,apikey,access_key,"      \
    "secret_key,private_key,credential,credentials,value:Bearer ????????*,"                        \
    "value:eyJ????????*.eyJ????????*"

#define REDACT_MOST_KEYS 96u
#define REDACT_MOST_PATTERNS 16u
#define REDACT_KEY_SIZE 48u
#define REDACT_PATTERN_SIZE 64u

struct redact_key {
    uint8_t size;
    char words[REDACT_KEY_SIZE]; /* "api_key" */
};

struct redact_pattern {
    uint8_t count;                      /* of elements */
    uint8_t head;                       /* how many of them stay */
    uint8_t anchor;                     /* the one to look for first */
    uint8_t shortest;                   /* bytes that it needs */
    bool card;                          /* @card; nothing else is set */
    uint8_t kinds[REDACT_PATTERN_SIZE]; /* 0, '?' or '*' */
    char letters[REDACT_PATTERN_SIZE];
};

struct redact_rules {
    uint32_t key_count;
    uint32_t pattern_count;
    uint32_t last_letters; /* of the keys, a bit for each of a to z */
    uint32_t shortest;     /* texts below this have nothing to mask */
    bool cards;
    char anchors[REDACT_MOST_PATTERNS]; /* of the patterns but cards: a text without any is clean */
    uint32_t anchor_count;
    struct redact_key keys[REDACT_MOST_KEYS];
    struct redact_pattern patterns[REDACT_MOST_PATTERNS];
};

/* Reads a comma separated list. Returns NULL, or what is wrong with it. */
const char *redact_parse(struct redact_rules *ret_rules, const char *text);

/* The same without the rules. It takes half as many: of settings and of the program one list each,
 * which together have room. */
const char *redact_check(const char *text);

/* Whether the values of this key are masked, whatever they are. */
bool redact_key(const struct redact_rules *rules, const char *key, size_t size);

/* Writes the text with what the patterns find masked. Returns its size; 0: there is nothing to
 * mask; REDACT_NO_ROOM: there is, and it does not fit. */
#define REDACT_NO_ROOM SIZE_MAX
size_t redact_text(const struct redact_rules *rules, const char *text, size_t size, char *out,
                   size_t room);
/* The same of JSON: members with such keys, at any depth. */
size_t redact_json(const struct redact_rules *rules, const char *text, size_t size, char *out,
                   size_t room);

#endif
