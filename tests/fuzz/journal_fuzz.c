/* tests/fuzz/journal_fuzz.c: recovery of a journal that anybody may have written.
 *
 *     $ journal_seeds.py library_seed_writer corpus/     journals of a process that was killed
 *     $ journal_fuzz corpus/
 *
 * A journal is megabytes of zeros with a few bytes between: the input is a list of what is not
 * zero, each piece 4 bytes of offset in units of 4, 2 bytes of size (both little-endian) and the
 * bytes. The first 4 bytes of the input are the file's size in KiB. Where the recovered lines go is
 * not fuzzed: it could become any file of this machine.
 */
#include "src/back/recover.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define MOST_KIB 4096u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t image[MOST_KIB * 1024];
static char directory[] = "/tmp/journal-fuzz-XXXXXX";
static char journal_path[64], outputs[128], log_path[64];

static void remove_directory(void) {
    rmdir(directory);
}

static void prepare(void) {
    if (journal_path[0] != '\0')
        return;
    if (mkdtemp(directory) == NULL)
        abort();
    atexit(remove_directory);
    snprintf(journal_path, sizeof journal_path, "%s/x.journal", directory);
    snprintf(log_path, sizeof log_path, "%s/log.jsonl", directory);
    snprintf(outputs, sizeof outputs, "trace:json+file:%s", log_path);
}

static size_t build_image(const uint8_t *data, size_t size) {
    uint32_t whole, offset;
    uint16_t piece;
    memcpy(&whole, data, 4);
    size_t file_size = (size_t)(whole % (MOST_KIB + 1)) * 1024;
    memset(image, 0, sizeof image);
    for (size_t at = 4; at + 6 <= size;) {
        memcpy(&offset, data + at, 4);
        memcpy(&piece, data + at + 4, 2);
        at += 6;
        size_t place = (size_t)offset * 4;
        if (piece > size - at || place > sizeof image - piece)
            break;
        memcpy(image + place, data + at, piece);
        at += piece;
    }
    struct journal_header *header = (struct journal_header *)(void *)image;
    memset(header->outputs, 0, sizeof header->outputs);
    header->outputs_now = 0;
    strcpy(header->outputs[0], outputs);
    return file_size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct recover_result result;
    prepare();
    if (size < 4)
        return 0;
    size_t file_size = build_image(data, size);
    int fd = open(journal_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, image, file_size) != (ssize_t)file_size)
        abort();
    close(fd);
    recover_journal(journal_path, false, 0, &result);
    unlink(log_path);
    unlink(journal_path);
    return 0;
}
