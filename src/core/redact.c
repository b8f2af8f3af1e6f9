/* core/redact.c: the rules and the keys. See redact.h; texts: redact_text.c. */
#include "src/core/redact.h"

#include <string.h>
#include <strings.h>

#define CARD_SHORTEST 13u  /* digits */
#define KEY_LOOKED_AT 128u /* of a longer one the end */

static bool is_lower(char c) {
    return c >= 'a' && c <= 'z';
}

static bool is_upper(char c) {
    return c >= 'A' && c <= 'Z';
}

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/* ---- keys ------------------------------------------------------------------------------------ */

/* Whether a word begins at i: behind what is neither letter nor digit, and at the capital letters
 * of fooBar and FOOBar. Bytes beyond ASCII are letters. */
static bool begins_word(const char *key, size_t size, size_t i) {
    char before = key[i - 1], now = key[i];
    if (!is_upper(now))
        return false;
    return is_lower(before) || is_digit(before) ||
           (is_upper(before) && i + 1 < size && is_lower(key[i + 1]));
}

/* "X-Api-Key2" -> "x_api_key", from its end: the last byte is at words[REDACT_WORDS - 1]. */
#define REDACT_WORDS (2u * KEY_LOOKED_AT)
static size_t words_of(const char *key, size_t size, char words[REDACT_WORDS]) {
    size_t at = REDACT_WORDS;
    if (size > KEY_LOOKED_AT) {
        key += size - KEY_LOOKED_AT;
        size = KEY_LOOKED_AT;
    }
    for (size_t i = size; i-- > 0;) {
        char c = key[i];
        bool letter = is_lower(c) || is_upper(c) || is_digit(c) || (c & 0x80) != 0;
        if (at == REDACT_WORDS && (!letter || is_digit(c)))
            continue; /* numbers and marks at the end say nothing */
        if (letter)
            words[--at] = (char)(is_upper(c) ? c | 0x20 : c);
        if ((!letter || (i > 0 && begins_word(key, size, i))) && words[at] != '_')
            words[--at] = '_';
    }
    return REDACT_WORDS - at;
}

bool redact_key(const struct redact_rules *rules, const char *key, size_t size) {
    char buffer[REDACT_WORDS];
    if (rules->key_count == 0)
        return false;
    size_t used = words_of(key, size, buffer);
    if (used == 0)
        return false;
    const char *words = buffer + REDACT_WORDS - used;
    char last = buffer[REDACT_WORDS - 1];
    if (is_lower(last) && (rules->last_letters >> (last - 'a') & 1u) == 0)
        return false;
    for (uint32_t i = 0; i < rules->key_count; i++) {
        size_t one = rules->keys[i].size;
        if (one <= used && memcmp(words + used - one, rules->keys[i].words, one) == 0 &&
            (one == used || words[used - one - 1] == '_'))
            return true;
    }
    return false;
}

static const char *add_key(struct redact_rules *rules, const char *text, size_t size) {
    char buffer[REDACT_WORDS];
    size_t used = size <= KEY_LOOKED_AT ? words_of(text, size, buffer) : 0;
    const char *words = buffer + REDACT_WORDS - used;
    if (used > 0 && words[0] == '_') {
        words++;
        used--;
    }
    if (used == 0 || used > REDACT_KEY_SIZE)
        return "a key has 1 to 48 letters";
    if (rules->key_count == REDACT_MOST_KEYS)
        return "more than 96 keys";
    struct redact_key *key = &rules->keys[rules->key_count++];
    key->size = (uint8_t)used;
    memcpy(key->words, words, used);
    char last = words[used - 1];
    if (is_lower(last))
        rules->last_letters |= 1u << (last - 'a');
    return NULL;
}

/* ---- patterns -------------------------------------------------------------------------------- */

static void add_element(struct redact_pattern *pattern, uint8_t kind, char letter) {
    pattern->kinds[pattern->count] = kind;
    pattern->letters[pattern->count++] = letter;
}

/* How many plain characters stand in front; of these the rarest in ordinary texts is looked for. */
static void find_head(struct redact_pattern *pattern) {
    while (pattern->head < pattern->count && pattern->kinds[pattern->head] == 0)
        pattern->head++;
    for (uint8_t i = 0; i < pattern->head; i++) {
        char best = pattern->letters[pattern->anchor], c = pattern->letters[i];
        if ((is_lower(best) || best == ' ') && !is_lower(c) && c != ' ')
            pattern->anchor = i;
    }
}

static const char *check_pattern(const struct redact_pattern *pattern) {
    if (pattern->head < 2)
        return "a pattern begins with two plain characters or more";
    for (uint8_t i = 0; i + 1 < pattern->count; i++) {
        if (pattern->kinds[i] == '*' && pattern->kinds[i + 1] != 0)
            return "behind * comes a plain character or nothing";
    }
    return NULL;
}

static const char *add_pattern(struct redact_rules *rules, const char *text, size_t size) {
    struct redact_pattern pattern = {.count = 0};
    if (size > REDACT_PATTERN_SIZE)
        return "a pattern has at most 64 characters";
    if (rules->pattern_count == REDACT_MOST_PATTERNS)
        return "more than 16 patterns";
    pattern.card = size == 5 && memcmp(text, "@card", 5) == 0;
    for (size_t i = 0; i < size && !pattern.card; i++) {
        bool plain = text[i] == '\\' && i + 1 < size;
        i += plain;
        plain |= text[i] != '?' && text[i] != '*';
        add_element(&pattern, plain ? 0 : (uint8_t)text[i], text[i]);
    }
    find_head(&pattern);
    const char *wrong = pattern.card ? NULL : check_pattern(&pattern);
    if (wrong != NULL)
        return wrong;
    pattern.shortest = pattern.card ? CARD_SHORTEST : pattern.count;
    if (pattern.shortest < rules->shortest)
        rules->shortest = pattern.shortest;
    if (pattern.card)
        rules->cards = true;
    else
        rules->anchors[rules->anchor_count++] = pattern.letters[pattern.anchor];
    rules->patterns[rules->pattern_count++] = pattern;
    return NULL;
}

/* ---- the list -------------------------------------------------------------------------------- */

static bool is_word(const char *text, size_t size, const char *word) {
    return strlen(word) == size && strncasecmp(text, word, size) == 0;
}

/* The next rule of the list, without the blanks around it; NULL at the end. */
static const char *next_rule(const char **list, size_t *ret_size) {
    if (**list == '\0')
        return NULL;
    const char *start = *list + strspn(*list, " \t");
    const char *end = *list + strcspn(*list, ",");
    *list = end + (*end == ',');
    while (end > start && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    *ret_size = end > start ? (size_t)(end - start) : 0;
    return start;
}

static const char *add_rule(struct redact_rules *rules, const char *text, size_t size) {
    if (size == 0 || is_word(text, size, "none") || is_word(text, size, "default"))
        return NULL;
    if (size > 6 && memcmp(text, "value:", 6) == 0)
        return add_pattern(rules, text + 6, size - 6);
    if (memchr(text, ':', size) != NULL)
        return "a rule is a key or value:PATTERN";
    return add_key(rules, text, size);
}

static const char *add_list(struct redact_rules *rules, const char *list) {
    const char *wrong = NULL, *rule;
    size_t size;
    while (wrong == NULL && (rule = next_rule(&list, &size)) != NULL)
        wrong = add_rule(rules, rule, size);
    return wrong;
}

/* Wherever it stands, and how often, the default ones are in once. */
static bool names_default(const char *list) {
    const char *rule;
    size_t size;
    while ((rule = next_rule(&list, &size)) != NULL) {
        if (is_word(rule, size, "default"))
            return true;
    }
    return false;
}

const char *redact_parse(struct redact_rules *rules, const char *text) {
    memset(rules, 0, sizeof *rules);
    rules->shortest = UINT32_MAX;
    const char *wrong = names_default(text) ? add_list(rules, REDACT_DEFAULT) : NULL;
    return wrong != NULL ? wrong : add_list(rules, text);
}

const char *redact_check(const char *text) {
    struct redact_rules rules;
    const char *wrong = redact_parse(&rules, text);
    if (wrong != NULL)
        return wrong;
    if (rules.key_count > REDACT_MOST_KEYS / 2)
        return "more than 48 keys";
    return rules.pattern_count > REDACT_MOST_PATTERNS / 2 ? "more than 8 patterns" : NULL;
}
