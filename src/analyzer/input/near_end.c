/* analyzer/input/near_end.c: see near_end.h. Reads from the end backwards, a piece at a time. */
#include "src/analyzer/input/near_end.h"

#include <string.h>
#include <unistd.h>

#include "src/analyzer/input/scan.h"

#define PIECE_SIZE 65536

uint64_t spanlog_near_end(int fd, uint64_t size, uint64_t lines) {
    char piece[PIECE_SIZE];
    uint64_t at = size, begin = size, newlines = 0;
    while (at > 0 && begin - at <= SPANLOG_LINE_SIZE_MAX) {
        uint64_t from = at > sizeof piece ? at - sizeof piece : 0;
        ssize_t got = pread(fd, piece, (size_t)(at - from), (off_t)from);
        const char *newline, *end = piece + (got > 0 ? got : 0);
        while ((newline = memrchr(piece, '\n', (size_t)(end - piece))) != NULL) {
            begin = from + (uint64_t)(newline + 1 - piece);
            if (newlines++ == lines)
                return begin;
            end = newline;
        }
        at = from;
    }
    return at == 0 ? 0 : begin;
}
