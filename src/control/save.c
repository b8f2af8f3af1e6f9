/* control/save.c: see save.h. */
#include "src/control/save.h"

#include "src/config/settings.h"
#include "src/control/rules.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MOST_BYTES ((size_t)256 << 10)

int save_path(char *path, size_t size) {
    const char *asked = getenv("SPANLOG_CONFIG"), *config = getenv("XDG_CONFIG_HOME"),
               *home = getenv("HOME");
    int length;
    if (asked != NULL && asked[0] != '\0')
        length = snprintf(path, size, "%s", asked);
    else if (config != NULL && config[0] == '/')
        length = snprintf(path, size, "%s/spanlog/spanlog.conf", config);
    else if (home != NULL && home[0] == '/')
        length = snprintf(path, size, "%s/.config/spanlog/spanlog.conf", home);
    else
        return -ENOENT;
    return length >= 0 && (size_t)length < size ? 0 : -ENAMETOOLONG;
}

/* ---- the text ------------------------------------------------------------------------------- */

struct line {
    const char *start; /* without the blanks before it */
    size_t size;       /* without the newline and the blanks behind it */
    size_t from, to;   /* in the text, with the newline */
};

static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r';
}

static bool next_line(const char *text, size_t *at, struct line *ret_line) {
    if (text[*at] == '\0')
        return false;
    size_t size = strcspn(text + *at, "\n");
    ret_line->from = *at;
    ret_line->start = text + *at;
    *at += size + (text[*at + size] == '\n');
    ret_line->to = *at;
    while (size > 0 && is_blank(ret_line->start[0])) {
        ret_line->start++;
        size--;
    }
    while (size > 0 && is_blank(ret_line->start[size - 1]))
        size--;
    ret_line->size = size;
    return true;
}

/* "[ orders ]" is the head of orders. */
static bool is_head_of(const struct line *line, const char *section) {
    const char *name = line->start + 1;
    size_t size = line->size >= 2 ? line->size - 2 : 0;
    while (size > 0 && is_blank(*name)) {
        name++;
        size--;
    }
    while (size > 0 && is_blank(name[size - 1]))
        size--;
    return strlen(section) == size && memcmp(name, section, size) == 0;
}

/* The value of `name = value`; NULL: another line. */
static const char *value_of(const struct line *line, const char *name, size_t *ret_size) {
    size_t length = strlen(name), at = length;
    if (line->size <= length || memcmp(line->start, name, length) != 0)
        return NULL;
    while (at < line->size && is_blank(line->start[at]))
        at++;
    if (at == line->size || line->start[at] != '=')
        return NULL;
    for (at++; at < line->size && is_blank(line->start[at]);)
        at++;
    *ret_size = line->size - at;
    return line->start + at;
}

struct place {
    bool has_section;
    size_t from, to; /* what is replaced: the setting's line, or nothing at the section's end */
    char value[CONTROL_TEXT_SIZE]; /* that stands there */
};

/* Where the setting stands in its section, or where it is to be put: behind the section's last line
 * that is not blank. */
static void find_place(const char *text, const char *section, const char *name,
                       struct place *place) {
    struct line line;
    bool inside = section == NULL, stands = false;
    *place = (struct place){.has_section = inside};
    for (size_t at = 0; next_line(text, &at, &line);) {
        size_t size = 0;
        if (line.size > 0 && line.start[0] == '[') {
            inside = section != NULL && is_head_of(&line, section);
            place->has_section |= inside;
        }
        const char *value = inside ? value_of(&line, name, &size) : NULL;
        if (value != NULL)
            snprintf(place->value, sizeof place->value, "%.*s", (int)size, value);
        if (value != NULL || (inside && !stands && line.size > 0)) {
            place->from = value != NULL ? line.from : line.to;
            place->to = line.to;
            stands |= value != NULL;
        }
    }
    if (!place->has_section)
        place->from = place->to = strlen(text);
}

/* The new text; NULL: no memory. */
static char *put_in(const char *text, const struct place *place, const char *section,
                    const char *name, const char *value) {
    bool newline = place->from > 0 && text[place->from - 1] != '\n';
    size_t room =
        strlen(text) + strlen(name) + strlen(value) + (section != NULL ? strlen(section) : 0) + 16;
    char *made = malloc(room), head[200] = "";
    if (made == NULL)
        return NULL;
    if (!place->has_section)
        snprintf(head, sizeof head, "%s[%.150s]\n", place->from > 0 ? "\n" : "", section);
    snprintf(made, room, "%.*s%s%s%s = %s\n%s", (int)place->from, text, newline ? "\n" : "", head,
             name, value, text + place->to);
    return made;
}

/* ---- the file ------------------------------------------------------------------------------- */

/* The text, "" when there is no file; its mode. */
static int read_file(const char *path, char **ret_text, mode_t *ret_mode) {
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), error = 0;
    *ret_mode = 0644;
    *ret_text = calloc(1, MOST_BYTES + 1);
    if (*ret_text == NULL)
        error = -ENOMEM;
    else if (fd < 0)
        error = errno == ENOENT ? 0 : -errno;
    else if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))
        error = -EISDIR;
    else if ((uint64_t)status.st_size > MOST_BYTES)
        error = -EFBIG;
    else if (read(fd, *ret_text, (size_t)status.st_size) != status.st_size)
        error = -EIO;
    else
        *ret_mode = status.st_mode & 07777;
    if (fd >= 0)
        close(fd);
    return error;
}

static int make_directories(const char *path) {
    char part[PATH_MAX];
    snprintf(part, sizeof part, "%s", path);
    for (char *slash = strchr(part + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(part, 0755) != 0 && errno != EEXIST)
            return -errno;
        *slash = '/';
    }
    return 0;
}

static int write_file(const char *path, const char *text, mode_t mode) {
    char temporary[PATH_MAX];
    size_t size = strlen(text);
    int length = snprintf(temporary, sizeof temporary, "%s.XXXXXX", path);
    if (length < 0 || (size_t)length >= sizeof temporary)
        return -ENAMETOOLONG;
    int error = make_directories(path);
    int fd = error == 0 ? mkostemp(temporary, O_CLOEXEC) : -1;
    if (fd < 0)
        return error != 0 ? error : -errno;
    if (write(fd, text, size) != (ssize_t)size || fchmod(fd, mode) != 0 || fsync(fd) != 0)
        error = errno != 0 ? -errno : -EIO;
    close(fd);
    if (error == 0 && rename(temporary, path) != 0)
        error = -errno;
    if (error != 0)
        unlink(temporary);
    return error;
}

int save_setting(const char *path, const char *section, const char *name, const char *value) {
    char *text = NULL, *made = NULL, real[PATH_MAX];
    struct place place;
    mode_t mode;
    if (realpath(path, real) != NULL) /* a link stays one */
        path = real;
    int error = read_file(path, &text, &mode);
    if (error == 0) {
        find_place(text, section, name, &place);
        bool level = strcmp(name, "level") == 0, rule = strcmp(name, "sample_rules") == 0;
        if ((level || rule) && place.value[0] != '\0') {
            error = level ? rules_merge_levels(place.value, sizeof place.value, value)
                          : sample_rules_over(place.value, sizeof place.value, value);
            value = place.value;
        }
    }
    if (error == 0 && (made = put_in(text, &place, section, name, value)) == NULL)
        error = -ENOMEM;
    if (error == 0)
        error = write_file(path, made, mode);
    free(made);
    free(text);
    return error;
}
