// tests/fuzz/json_strict_fuzz.cc: any bytes as a line, read by three parsers; see json_strict.h.
//
//     json_strict_fuzz corpus/ -max_total_time=60
#include "tests/fuzz/json_strict.h"

#include <cstdio>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static JsonStrict strict;
    std::string_view line(reinterpret_cast<const char *>(data), size);
    if (size > 65536 || line.find('\n') != line.npos)
        return 0;
    std::string complaint = strict.compare(line);
    if (!complaint.empty()) {
        fprintf(stderr, "%s\n", complaint.c_str());
        abort();
    }
    return 0;
}
