/* propagation/tracestate.c: see tracestate.h. https://www.w3.org/TR/trace-context-2/#tracestate */
#include "src/propagation/tracestate.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define PART_MAX 256u /* a key, and a value */
#define LONG_MEMBER 128u

struct member {
    const char *text;
    size_t key_size;
    size_t size; /* of "key=value" */
};

struct members {
    struct member list[TRACESTATE_MEMBERS];
    unsigned count;
};

static bool is_key_start(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_key(const char *key, size_t size) {
    if (size == 0 || size > PART_MAX || !is_key_start(key[0]))
        return false;
    for (size_t i = 1; i < size; i++) {
        if (!is_key_start(key[i]) && (key[i] == '\0' || strchr("_-*/@", key[i]) == NULL))
            return false;
    }
    return true;
}

/* Printable; a space may stand inside but not at the end. */
static bool is_value(const char *value, size_t size) {
    if (size == 0 || size > PART_MAX || value[size - 1] == ' ')
        return false;
    for (size_t i = 0; i < size; i++) {
        if (value[i] < ' ' || value[i] > '~' || value[i] == ',' || value[i] == '=')
            return false;
    }
    return true;
}

static const struct member *find(const struct members *m, const char *key, size_t size) {
    for (unsigned i = 0; i < m->count; i++) {
        if (m->list[i].key_size == size && memcmp(m->list[i].text, key, size) == 0)
            return &m->list[i];
    }
    return NULL;
}

static void take_out(struct members *m, unsigned index) {
    m->count--;
    memmove(&m->list[index], &m->list[index + 1], (m->count - index) * sizeof *m->list);
}

static bool add_member(struct members *m, const char *text, size_t size) {
    const char *equals = memchr(text, '=', size);
    size_t key_size = equals != NULL ? (size_t)(equals - text) : 0;
    if (equals == NULL || !is_key(text, key_size) || !is_value(equals + 1, size - key_size - 1))
        return false;
    if (find(m, text, key_size) != NULL)
        return true;
    if (m->count == TRACESTATE_MEMBERS)
        return false;
    m->list[m->count++] = (struct member){text, key_size, size};
    return true;
}

static bool split(const char *header, struct members *m) {
    m->count = 0;
    for (const char *at = header; *at != '\0';) {
        const char *start = at + strspn(at, " \t");
        size_t size = strcspn(start, ",");
        at = start + size + (start[size] == ',');
        while (size > 0 && (start[size - 1] == ' ' || start[size - 1] == '\t'))
            size--;
        if (size > 0 && !add_member(m, start, size))
            return false;
    }
    return true;
}

static size_t joined_size(const struct members *m) {
    size_t size = m->count;
    for (unsigned i = 0; i < m->count; i++)
        size += m->list[i].size;
    return size > 0 ? size - 1 : 0;
}

/* Drops whole members until the rest fits. */
static void fit(struct members *m) {
    for (unsigned i = m->count; i-- > 0 && joined_size(m) > TRACESTATE_MAX;) {
        if (m->list[i].size > LONG_MEMBER)
            take_out(m, i);
    }
    while (joined_size(m) > TRACESTATE_MAX)
        m->count--;
}

static void join(const struct members *m, char *to) {
    for (unsigned i = 0; i < m->count; i++) {
        if (i > 0)
            *to++ = ',';
        memcpy(to, m->list[i].text, m->list[i].size);
        to += m->list[i].size;
    }
    *to = '\0';
}

int tracestate_read(const char *header, char ret_text[TRACESTATE_MAX + 1]) {
    struct members m;
    ret_text[0] = '\0';
    if (!split(header, &m))
        return -EINVAL;
    fit(&m);
    join(&m, ret_text);
    return 0;
}

bool tracestate_find(const char *state, const char *key, const char **ret_value, size_t *ret_size) {
    struct members m;
    const struct member *member = split(state, &m) ? find(&m, key, strlen(key)) : NULL;
    if (member == NULL)
        return false;
    *ret_value = member->text + member->key_size + 1;
    *ret_size = member->size - member->key_size - 1;
    return true;
}

/* The new member goes in front; the last makes room for it. It is the one that is never too long:
 * both its parts together are shorter than the whole may be. */
static void put_first(struct members *m, const char *text, size_t key_size, size_t size) {
    if (m->count == TRACESTATE_MEMBERS)
        m->count--;
    memmove(&m->list[1], &m->list[0], m->count * sizeof *m->list);
    m->count++;
    m->list[0] = (struct member){text, key_size, size};
    size_t first = m->list[0].size;
    m->list[0].size = 0; /* of the others those go first that are long */
    while (m->count > 1 && joined_size(m) + first > TRACESTATE_MAX) {
        unsigned victim = m->count - 1;
        for (unsigned i = m->count - 1; i > 0; i--) {
            if (m->list[i].size > LONG_MEMBER) {
                victim = i;
                break;
            }
        }
        take_out(m, victim);
    }
    m->list[0].size = first;
}

int tracestate_set(char state[TRACESTATE_MAX + 1], const char *key, const char *value) {
    char text[2 * PART_MAX + 2], before[TRACESTATE_MAX + 1];
    size_t key_size = strlen(key), value_size = value != NULL ? strlen(value) : 0;
    struct members m;
    if (!is_key(key, key_size) || (value != NULL && !is_value(value, value_size)))
        return -EINVAL;
    memcpy(before, state, strlen(state) + 1);
    if (!split(before, &m))
        m.count = 0;
    const struct member *old = find(&m, key, key_size);
    if (old != NULL)
        take_out(&m, (unsigned)(old - m.list));
    if (value != NULL) {
        snprintf(text, sizeof text, "%s=%s", key, value);
        put_first(&m, text, key_size, key_size + 1 + value_size);
    }
    join(&m, state);
    return 0;
}
