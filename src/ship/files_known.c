/* ship/files_known.c: how far a file was sent that is seen for the first time; see files.h. It is
 * known by its inode, by what it begins with, or as what was made of one that was sent whole. */
#include "src/ship/files.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

struct spanlog_ship_position spanlog_ship_file_position(const struct spanlog_ship_file *file) {
    bool is_whole = file->done == file->at;
    return (struct spanlog_ship_position){
        .path = file->path,
        .device = file->device,
        .inode = file->inode,
        .offset = file->done,
        .print = file->print,
        .seen_s = (uint64_t)time(NULL),
        .packed_size = file->archive && is_whole ? file->archive->ended_size : 0,
        .whole_ns = is_whole ? file->whole_ns : 0};
}

/* What of the file was looked at, to find out which it is. */
struct look {
    char head[SPANLOG_SHIP_PRINT_SIZE];
    size_t head_size;
    uint64_t size, written_ns;
    bool is_same_inode;
};

/* Without what compressing adds. */
static size_t name_size(const char *path) {
    return strlen(path) - spanlog_ship_archive_ending(path);
}

/* Whether both are names of the same part, of which one may be compressed. One may be absolute. */
static bool is_same_part(const char *one, const char *other) {
    size_t size = name_size(one), other_size = name_size(other);
    const char *longer = size > other_size ? one : other;
    size_t least = size < other_size ? size : other_size, more = size + other_size - 2 * least;
    return memcmp(one + size - least, other + other_size - least, least) == 0 &&
           (more == 0 || longer[more - 1] == '/');
}

/* Compressed, or thinned, since it was sent whole: it keeps its name and the time at which it was
 * written last. */
static bool is_made_of(const struct spanlog_ship_file *file, const struct look *look,
                       const struct spanlog_ship_position *position) {
    return file->is_old && position->whole_ns && position->whole_ns == look->written_ns &&
           (file->archive || look->size <= position->offset || position->packed_size) &&
           is_same_part(file->path, position->path);
}

/* In a file that is shorter than it was, or of which lines were taken, no line need begin there. */
static bool may_go_on(const struct spanlog_ship_file *file, const struct look *look,
                      const struct spanlog_ship_position *position) {
    char before = 0;
    if (!spanlog_ship_print_holds(&position->print, look->head, look->head_size))
        return false;
    if (file->archive || position->offset == 0)
        return true;
    if (look->is_same_inode) /* perhaps in the middle of a line that is too long */
        return position->offset <= look->size;
    return position->offset == look->size ||
           (position->offset < look->size &&
            pread(file->fd, &before, 1, (off_t)position->offset - 1) == 1 && before == '\n');
}

static void take_position(struct spanlog_ship_files *files, struct spanlog_ship_file *file,
                          const struct look *look, size_t index, bool is_whole) {
    const struct spanlog_ship_position *position = &files->state->positions[index];
    file->at = position->offset;
    file->print = position->print;
    if (is_whole) {
        file->at = file->archive ? file->at : look->size;
        file->print = (struct spanlog_ship_print){0};
        spanlog_ship_print_extend(&file->print, look->head, look->head_size);
        file->whole_ns = look->written_ns;
    }
    if (file->archive)
        file->archive->ended_size = is_whole              ? look->size
                                    : look->is_same_inode ? position->packed_size
                                                          : 0;
    file->done = file->at;
    spanlog_ship_state_drop_position(files->state, index);
}

bool spanlog_ship_file_take_known(struct spanlog_ship_files *files, struct spanlog_ship_file *file,
                                  bool by_inode) {
    struct look look;
    struct stat st;
    if (files->state->position_count == 0 || fstat(file->fd, &st) < 0)
        return false;
    look.head_size = spanlog_ship_file_head(file, look.head);
    look.size = (uint64_t)st.st_size;
    look.written_ns = spanlog_ship_written_ns(&st);
    for (size_t i = 0; i < files->state->position_count; i++) {
        const struct spanlog_ship_position *position = &files->state->positions[i];
        look.is_same_inode = position->inode == file->inode && position->device == file->device;
        if (by_inode != look.is_same_inode)
            continue;
        bool is_whole = !by_inode && is_made_of(file, &look, position);
        if (!is_whole && !by_inode && position->print.size < SPANLOG_SHIP_PRINT_SURE)
            continue;
        if (!is_whole && !may_go_on(file, &look, position))
            continue;
        take_position(files, file, &look, i, is_whole);
        return true;
    }
    return false;
}
