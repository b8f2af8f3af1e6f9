/* core/mapping.h: memory for the journal's segments. Each returns NULL when there is none. */
#ifndef SPANLOG_CORE_MAPPING_H
#define SPANLOG_CORE_MAPPING_H

#include <stdint.h>

void *mapping_anonymous(uint64_t size);
void *mapping_file(int fd, uint64_t offset, uint64_t size);
/* `head` bytes, then `size` bytes twice in a row; all of it touched, so that the first records meet
 * no page fault. fd < 0: private memory. */
void *mapping_ring(int fd, uint64_t offset, uint64_t head, uint64_t size);
void mapping_remove(void *address, uint64_t size);

#endif
