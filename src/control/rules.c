/* control/rules.c: see rules.h. */
#include "src/control/rules.h"

#include "src/config/settings.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A text that grows up to its size; what does not fit makes it full. */
struct page {
    char text[CONTROL_TEXT_SIZE + 1];
    size_t used;
    bool full;
};

static void put_line(struct page *page, const char *line, size_t size) {
    if (size + 1 > CONTROL_TEXT_SIZE - page->used) {
        page->full = true;
        return;
    }
    memcpy(page->text + page->used, line, size);
    page->used += size;
    page->text[page->used++] = '\n';
    page->text[page->used] = '\0';
}

/* Whether the line is `name = ...`; *ret_value what is behind it. */
static bool is_about(const char *line, size_t size, const char *name, const char **ret_value) {
    size_t length = strlen(name);
    if (size < length + 3 || memcmp(line, name, length) != 0 ||
        memcmp(line + length, " = ", 3) != 0)
        return false;
    *ret_value = line + length + 3;
    return true;
}

/* ---- levels --------------------------------------------------------------------------------- */

/* Of "db=debug" that is "db", of "debug" nothing. */
static size_t directive_key(const char *directive, size_t size) {
    const char *equals = memchr(directive, '=', size);
    return equals != NULL ? (size_t)(equals - directive) : 0;
}

static bool has_key(const char *directives, const char *key, size_t key_size) {
    for (const char *at = directives; *at != '\0';) {
        size_t size = strcspn(at, ",");
        if (directive_key(at, size) == key_size && memcmp(at, key, key_size) == 0)
            return true;
        at += size + (at[size] == ',');
    }
    return false;
}

int rules_merge_levels(char *value, size_t size, const char *more) {
    char merged[CONTROL_TEXT_SIZE];
    size_t used = 0;
    for (int side = 0; side < 2; side++) {
        const char *at = side == 0 ? value : more;
        while (*at != '\0') {
            size_t length = strcspn(at, ",");
            bool replaced = side == 0 && has_key(more, at, directive_key(at, length));
            if (!replaced && used + length + 2 > sizeof merged)
                return -E2BIG;
            if (!replaced)
                used += (size_t)snprintf(merged + used, sizeof merged - used, "%s%.*s",
                                         used > 0 ? "," : "", (int)length, at);
            at += length + (at[length] == ',');
        }
    }
    if (used >= size)
        return -E2BIG;
    memcpy(value, merged, used);
    value[used] = '\0';
    return 0;
}

/* ---- sets ----------------------------------------------------------------------------------- */

struct edit {
    const char *remove; /* rules about it go; "": none, NULL: all */
    uint64_t now;
    uint64_t expiry;   /* of the set being read */
    size_t last_start; /* of the last set's lines in the page */
    uint64_t last_expiry;
    bool has_last;
};

/* A head is written only before a line of its set, and not twice in a row. */
static void begin_set(struct page *page, struct edit *edit, uint64_t expiry) {
    char head[32];
    if (edit->has_last && edit->last_expiry == expiry)
        return;
    int size = snprintf(head, sizeof head, "@%" PRIu64, expiry);
    put_line(page, head, (size_t)size);
    edit->last_start = page->used;
    edit->last_expiry = expiry;
    edit->has_last = true;
}

static void copy_line(struct page *page, struct edit *edit, const char *line, size_t size) {
    const char *value;
    if (size > 0 && line[0] == '@') {
        edit->expiry = strtoull(line + 1, NULL, 10);
        return;
    }
    bool gone = edit->expiry != 0 && edit->expiry <= edit->now;
    bool removed = edit->remove == NULL || is_about(line, size, edit->remove, &value);
    if (gone || removed || size == 0)
        return;
    begin_set(page, edit, edit->expiry);
    put_line(page, line, size);
}

static void copy_rules(struct page *page, struct edit *edit, const char *text) {
    while (*text != '\0') {
        size_t size = strcspn(text, "\n");
        copy_line(page, edit, text, size);
        text += size + (text[size] == '\n');
    }
}

/* Takes the first line about `name` out of the last set. False: there is none. */
static bool take_out(struct page *page, size_t start, const char *name,
                     char value[CONTROL_TEXT_SIZE]) {
    for (size_t at = start; at < page->used;) {
        size_t size = strcspn(page->text + at, "\n");
        const char *found;
        if (is_about(page->text + at, size, name, &found)) {
            snprintf(value, CONTROL_TEXT_SIZE, "%.*s", (int)(page->text + at + size - found),
                     found);
            memmove(page->text + at, page->text + at + size + 1, page->used - at - size);
            page->used -= size + 1;
            return true;
        }
        at += size + 1;
    }
    return false;
}

/* One value over another, where a setting is a list of rules; any other is replaced. */
static int lay_over(char value[CONTROL_TEXT_SIZE], const char *name, const char *more) {
    if (strcmp(name, "level") == 0)
        return rules_merge_levels(value, CONTROL_TEXT_SIZE, more);
    if (strcmp(name, "sample_rules") == 0)
        return sample_rules_over(value, CONTROL_TEXT_SIZE, more);
    int size = snprintf(value, CONTROL_TEXT_SIZE, "%s", more);
    return (size_t)size < CONTROL_TEXT_SIZE ? 0 : -E2BIG;
}

int rules_add(char text[CONTROL_TEXT_SIZE + 1], uint64_t now, uint64_t expiry, const char *name,
              const char *value) {
    char joined[CONTROL_TEXT_SIZE] = "", one[CONTROL_TEXT_SIZE], line[CONTROL_TEXT_SIZE + 64];
    struct page page = {.used = 0};
    struct edit edit = {.now = now, .remove = ""};
    copy_rules(&page, &edit, text);
    begin_set(&page, &edit, expiry);
    while (take_out(&page, edit.last_start, name, one)) /* several where a set between has gone */
        if (lay_over(joined, name, one) != 0)
            return -E2BIG;
    if (lay_over(joined, name, value) != 0)
        return -E2BIG;
    int size = snprintf(line, sizeof line, "%s = %s", name, joined);
    if ((size_t)size >= sizeof line)
        return -E2BIG;
    put_line(&page, line, (size_t)size);
    if (page.full)
        return -E2BIG;
    memcpy(text, page.text, page.used + 1);
    return 0;
}

void rules_remove(char text[CONTROL_TEXT_SIZE + 1], uint64_t now, const char *name) {
    struct page page = {.used = 0};
    struct edit edit = {.now = now, .remove = name};
    copy_rules(&page, &edit, text);
    memcpy(text, page.text, page.used + 1);
}
