/* tests/fuzz/index_fuzz.c: any bytes as a sidecar index.
 *
 *     index_fuzz corpus/ -max_total_time=60
 *
 * The checksum is put right first, or nothing would get past it. What is then accepted may mark any
 * pieces, but only such as it says are indexed, and its names must end.
 */
#include <stdlib.h>

#include "src/analyzer/index/index.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void put_right(struct spanlog_index_header *header, size_t size) {
    header->checksum = 0;
    uint64_t sum = spanlog_index_checksum(0, header, sizeof *header);
    header->checksum = spanlog_index_checksum(sum, header + 1, size - sizeof *header);
}

/* The bits are as many as the pieces, and in a block of their own: a wrong one would be noticed. */
static void use(const struct spanlog_index *index, const char *text, size_t size) {
    uint32_t pieces = spanlog_index_pieces(index);
    if (pieces > 1u << 20)
        return;
    uint64_t *bits = calloc(pieces / 64 + 1, sizeof *bits);
    if (!bits)
        abort();
    spanlog_index_mark(index, text, size, bits);
    if (bits[pieces / 64] >> pieces % 64)
        abort();
    free(bits);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct spanlog_index index;
    const char *why;
    char *copy = malloc(size ? size : 1);
    if (!copy)
        abort();
    memcpy(copy, data, size);
    if (size >= sizeof(struct spanlog_index_header)) {
        struct spanlog_index_header *header = (struct spanlog_index_header *)(void *)copy;
        memcpy(header->magic, "SPXTRACE", 8);
        header->version = 1;
        header->piece_size = SPANLOG_INDEX_PIECE;
        /* Most sizes would not fit. */
        size_t room = (size - sizeof *header) / sizeof(struct spanlog_index_entry);
        header->head_count %= room + 1;
        header->tail_count = (uint32_t)(room - header->head_count);
        header->names_size = (uint32_t)(size - sizeof *header - 8 * room);
        put_right(header, size);
    }
    if (spanlog_index_check(&index, copy, size, &why) == 0) {
        const char *end = index.names + index.header->names_size;
        for (const char *name = index.names; name < end; name += strlen(name) + 1)
            ;
        use(&index, "01a1fda890089f5228efe333b266f103", 32);
        use(&index, "b266f103", 8);
        use(&index, "01a1", 4);
        use(&index, (const char *)data, size < 16 ? size : 16);
    }
    free(copy);
    return 0;
}
