// tests/bench/anchor_simdjson.cc: the list of traces as one would make it with simdjson, on one
// thread.
//
//     anchor_simdjson ondemand FILE     checks only what is asked for, besides UTF-8
//     anchor_simdjson dom FILE          checks all of every line, as spanlog does
//
// It prints traces, spans, lines and the sum of all durations, which can be compared with what
// spanlog finds. It knows what a canonical line says and nothing more: no other dialects, no trees,
// no duplicates; at the first bad line it ends.
#include <simdjson.h>

#include <charconv>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

using namespace simdjson;

namespace {

struct Id {
    uint64_t high, low;
    bool operator==(const Id &other) const {
        return high == other.high && low == other.low;
    }
};

struct Hash {
    size_t operator()(const Id &id) const {
        return id.low * 0x9e3779b97f4a7c15u >> 7;
    }
};

struct Trace {
    uint64_t begin = UINT64_MAX, end = 0;
    uint32_t spans = 0, logs = 0, errors = 0;
    uint64_t services = 0; // bits
    std::string root;
};

uint64_t hex(std::string_view text) {
    uint64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value, 16);
    return value;
}

// "2026-11-21T10:30:45.002601352Z"; the date part is remembered.
uint64_t nanoseconds(std::string_view text) {
    static std::string second;
    static uint64_t second_ns;
    if (text.size() != 30)
        return 0;
    if (text.substr(0, 19) != second) {
        std::tm time = {};
        second = text.substr(0, 19);
        strptime(second.c_str(), "%Y-%m-%dT%H:%M:%S", &time);
        second_ns = static_cast<uint64_t>(timegm(&time)) * 1000000000u;
    }
    uint64_t fraction = 0;
    std::from_chars(text.data() + 20, text.data() + 29, fraction);
    return second_ns + fraction;
}

struct Line {
    std::string_view trace, parent, operation, message, service, level, status;
    uint64_t start = 0;
    double duration_ms = -1;
};

// Value: of the On Demand interface or of the DOM, which have the same names.
template <class Value> void take(std::string_view key, Value value, Line &line) {
    if (key == "trace_id")
        line.trace = value.get_string();
    else if (key == "parent_id")
        line.parent = value.get_string();
    else if (key == "operation")
        line.operation = value.get_string();
    else if (key == "msg")
        line.message = value.get_string();
    else if (key == "service")
        line.service = value.get_string();
    else if (key == "level")
        line.level = value.get_string();
    else if (key == "status")
        line.status = value.get_string();
    else if (key == "start")
        line.start = nanoseconds(value.get_string());
    else if (key == "duration_ms")
        line.duration_ms = value.get_double();
}

std::unordered_map<Id, Trace, Hash> traces;
std::unordered_map<std::string, unsigned> services;

void add(const Line &line) {
    if (line.trace.size() != 32)
        return;
    Trace &trace = traces[{hex(line.trace.substr(0, 16)), hex(line.trace.substr(16))}];
    auto service = services.try_emplace(std::string(line.service), services.size()).first->second;
    trace.services |= uint64_t(1) << (service & 63);
    if (line.duration_ms < 0 || line.message != "span completed") {
        trace.logs++;
        return;
    }
    uint64_t end = line.start + static_cast<uint64_t>(line.duration_ms * 1e6 + 0.5);
    trace.begin = std::min(trace.begin, line.start);
    trace.end = std::max(trace.end, end);
    trace.spans++;
    trace.errors += line.status == "error" || line.level == "error";
    if (line.parent.empty())
        trace.root = line.operation;
}

// Whole lines in batches, so that the file need not lie in memory.
class Batches {
  public:
    explicit Batches(const char *path) : file(fopen(path, "rb")), buffer(SIZE + SIMDJSON_PADDING) {
    }
    ~Batches() {
        if (file)
            fclose(file);
    }
    std::string_view next() {
        memmove(buffer.data(), buffer.data() + used, have - used);
        have -= used;
        have += file ? fread(buffer.data() + have, 1, SIZE - have, file) : 0;
        used = std::string_view(buffer.data(), have).rfind('\n') + 1;
        return {buffer.data(), used};
    }

  private:
    static constexpr size_t SIZE = 4 << 20;
    FILE *file;
    std::vector<char> buffer;
    size_t have = 0, used = 0;
};

uint64_t read_on_demand(Batches &batches) {
    ondemand::parser parser;
    uint64_t lines = 0;
    for (std::string_view batch = batches.next(); !batch.empty(); batch = batches.next()) {
        auto stream = parser.iterate_many(batch.data(), batch.size(), batch.size());
        for (auto document : stream.value()) {
            Line line;
            for (auto field : document.get_object()) {
                std::string_view key = field.unescaped_key();
                take(key, field.value().value(), line);
            }
            add(line);
            lines++;
        }
    }
    return lines;
}

uint64_t read_dom(Batches &batches) {
    dom::parser parser;
    uint64_t lines = 0;
#ifdef SIMDJSON_THREADS_ENABLED
    parser.threaded = false;
#endif
    for (std::string_view batch = batches.next(); !batch.empty(); batch = batches.next()) {
        dom::document_stream stream = parser.parse_many(batch.data(), batch.size(), batch.size());
        for (auto document : stream) {
            Line line;
            for (auto field : dom::object(document))
                take(field.key, field.value, line);
            add(line);
            lines++;
        }
    }
    return lines;
}

} // namespace

int main(int argc, char **argv) {
    if (argc != 3)
        return 2;
    Batches batches(argv[2]);
    bool dom = std::string_view(argv[1]) == "dom";
    uint64_t lines = dom ? read_dom(batches) : read_on_demand(batches), spans = 0, sum_us = 0;
    for (const auto &entry : traces) {
        spans += entry.second.spans;
        if (entry.second.spans)
            sum_us += (entry.second.end - entry.second.begin) / 1000;
    }
    printf("traces %zu\nspans %" PRIu64 "\nlines %" PRIu64 "\nduration_us %" PRIu64 "\n",
           traces.size(), spans, lines, sum_us);
    return 0;
}
