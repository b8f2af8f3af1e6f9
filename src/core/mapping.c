/* core/mapping.c: see mapping.h. */
#include "src/core/mapping.h"

#include <stddef.h>
#include <sys/mman.h>

void *mapping_anonymous(uint64_t size) {
    void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return at == MAP_FAILED ? NULL : at;
}

void *mapping_file(int fd, uint64_t offset, uint64_t size) {
    void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)offset);
    return at == MAP_FAILED ? NULL : at;
}

static void touch(uint8_t *base, uint64_t size) {
#ifdef MADV_POPULATE_WRITE
    if (madvise(base, size, MADV_POPULATE_WRITE) == 0)
        return;
#endif
    for (uint64_t at = 0; at < size; at += 4096) {
        volatile uint8_t *byte = base + at;
        *byte = *byte;
    }
}

void *mapping_ring(int fd, uint64_t offset, uint64_t head, uint64_t size) {
    int flags = fd >= 0 ? MAP_SHARED : MAP_SHARED | MAP_ANONYMOUS;
    uint8_t *base =
        mmap(NULL, head + 2 * size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (base == MAP_FAILED)
        return NULL;
    void *first = mmap(base, head + size, PROT_READ | PROT_WRITE, flags | MAP_FIXED, fd,
                       fd >= 0 ? (off_t)offset : 0);
    void *again = MAP_FAILED;
    if (first != MAP_FAILED && fd >= 0)
        again = mmap(base + head + size, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd,
                     (off_t)(offset + head));
    else if (first != MAP_FAILED) /* an old size of 0 makes a second mapping of shared pages */
        again = mremap(base + head, 0, size, MREMAP_MAYMOVE | MREMAP_FIXED, base + head + size);
    if (again == MAP_FAILED) {
        munmap(base, head + 2 * size);
        return NULL;
    }
    touch(base, head + 2 * size);
    return base;
}

void mapping_remove(void *address, uint64_t size) {
    if (address != NULL)
        munmap(address, size);
}
