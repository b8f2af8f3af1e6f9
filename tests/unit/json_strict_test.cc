// tests/unit/json_strict_test.cc: log lines, damaged in every way, read by three parsers.
//
//     json_strict_test                     600,000 lines, the same in each run
//     json_strict_test 5000000 [SEED]      more of them
//
// Prints how many lines were taken and refused, and the first on which the parsers disagree.
#include "tests/fuzz/json_strict.h"

#include <cstdio>
#include <cstdlib>
#include <vector>

namespace {

uint64_t state;

uint64_t random_below(uint64_t limit) {
    uint64_t z = (state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (z ^ (z >> 31)) % limit;
}

const std::vector<std::string> seeds = {
    R"({"ts":"2026-11-21T10:30:45.123456789Z","level":"info","msg":"cache miss","service":"orders","trace_id":"0af7651916cd43dd8448eb211c80319c","span_id":"00f067aa0ba902b7","trace_flags":"01","logger":"db","src":"src/db.c:42","pid":711,"tid":713,"key":"user:7","hits":3})",
    R"({"ts":"2026-11-21T10:30:45.123456789Z","level":"error","msg":"span completed","service":"orders","trace_id":"0af7651916cd43dd8448eb211c80319c","span_id":"00f067aa0ba902b7","parent_id":"00f067aa0ba902b8","trace_flags":"01","operation":"db.query","kind":"client","start":"2026-11-21T10:30:45.078256789Z","duration_ms":45.2,"status":"error","status_code":500,"error":"timeout","src":"src/db.c:42","pid":711,"tid":713,"events":[{"ts":"2026-11-21T10:30:45.1Z","name":"retry","n":1}],"links":[]})",
    R"({"ts":"2026-11-21T10:30:45.123Z","level":"INFO","msg":"span completed","trace_id":"abc123def4567890","span_id":"1122334455667788","parent_id":"","operation":"checkout","duration_ms":12.5,"service":"gateway","status_code":200})",
    R"({"level":"warn","hits":-12.5e-3,"tid":1,"ok":true,"no":false,"none":null,"msg":"a \"quoted\" \\ \/ \b\f\n\r\t \u00e9\ud83d\ude00 text","ts":"2026-11-21T10:30:45+01:00"})",
    R"({"msg":"größe 日本語 😀 ≤ é","service":"müsli","trace_id":"0AF7651916CD43DD8448EB211C80319C","a":[1,[2,{"b":[[],{}]}],"x"],"b":{"c":{"d":"\u0041\ud800x"}},"big":18446744073709551615,"low":-9223372036854775808})",
    R"( { "ts" : "2026-11-21T10:30:45.5Z" , "level":17, "msg" : "" , "m\u0073g":"again","trace\u005fid":"x","numbers" : [ 0 , -0 , 0.0 , 1e5 , 1E+5 , 1.7976931348623157e308 , 5e-324 , 123456789012345678901234567890 ] } )",
    R"({"trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","span_id":"00f067aa0ba902b7","trace_id":"0","ts":1,"level":null,"msg":["a"],"service":{"name":"x"},"error":false})",
    R"({})",
    R"({"":""})",
    R"([{"a":1}])",
};

// What is likely to matter, put in somewhere.
const std::vector<std::string> tokens = {
    "\"",
    "\\",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    " ",
    "\t",
    "\r",
    "\"\"",
    "\\u",
    "\\u0000",
    "\\ud800",
    "\\udc00",
    "\\ud83d\\ude00",
    "\\uD83D",
    "\\n",
    "\\x",
    "\\\"",
    "\\\\",
    "\\/",
    "true",
    "false",
    "null",
    "tru",
    "nul",
    "0",
    "-0",
    "-",
    "1",
    "01",
    "1.",
    ".5",
    "1e",
    "1e+",
    "1E5",
    "1e400",
    "-1e400",
    "1e-400",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775809",
    "18446744073709551616",
    "0.1",
    "2.2250738585072014e-308",
    "12345678",
    "123456789012345",
    "1234567890123456",
    "99999999.999999",
    std::string(1, '\0'),
    "\x01",
    "\x1f",
    "\x7f",
    "\x80",
    "\xbf",
    "\xc0\x80",
    "\xc1\xbf",
    "\xc2\x80",
    "\xc2",
    "\xdf\xbf",
    "\xe0\x9f\xbf",
    "\xe0\xa0\x80",
    "\xed\x9f\xbf",
    "\xed\xa0\x80",
    "\xef\xbf\xbf",
    "\xef\xbb\xbf",
    "\xf0\x8f\xbf\xbf",
    "\xf0\x90\x80\x80",
    "\xf4\x8f\xbf\xbf",
    "\xf4\x90\x80\x80",
    "\xf5\x80\x80\x80",
    "\xff",
    "\xe2\x82",
    "\"trace_id\":",
    "\"ts\":\"\",",
    ",\"msg\":\"x\"",
    "{\"a\":[",
    "]}",
    "[[[[[[[[",
    "]]]]]]]]",
    ",\"a\":1",
    "\"span_id\":\"0\",",
    "//",
    "/**/",
    "NaN",
    "Infinity",
    "'",
};

size_t place(const std::string &line) {
    return random_below(line.size() + 1);
}

void mutate(std::string &line) {
    const std::string &token = tokens[random_below(tokens.size())];
    const std::string &other = seeds[random_below(seeds.size())];
    size_t at = place(line), from = place(other);
    switch (random_below(8)) {
    case 0:
        line.insert(at, token);
        break;
    case 1:
        line.replace(at, random_below(4), token);
        break;
    case 2:
        line.erase(at, 1 + random_below(3));
        break;
    case 3:
        line.replace(at, random_below(30), line.substr(place(line), random_below(30)));
        break;
    case 4:
        line.insert(at, other.substr(from, random_below(60)));
        break;
    case 5:
        line.resize(at);
        break;
    case 6:
        if (at < line.size())
            line[at] = static_cast<char>(random_below(256));
        break;
    default: { // a value for a value: most of these stay valid
        size_t colon = line.find(':', at);
        if (colon < line.size())
            line.replace(colon + 1, line.find_first_of(",}", colon) - colon - 1, token);
    }
    }
}

std::string next_line() {
    std::string line = seeds[random_below(seeds.size())];
    for (uint64_t left = random_below(4); left > 0; left--)
        mutate(line);
    // Blanks in front move every byte to another place in a block of 16.
    line.insert(0, random_below(8) ? 0 : random_below(33), ' ');
    if (random_below(2000) == 0) { // nesting around the limit
        size_t depth = 190 + random_below(20);
        line = "{\"a\":" + std::string(depth, '[') + std::string(depth, ']') + "}";
    }
    for (size_t at; (at = line.find('\n')) != line.npos;)
        line.erase(at, 1);
    return line;
}

} // namespace

int main(int argc, char **argv) {
    uint64_t count = argc > 1 ? strtoull(argv[1], nullptr, 10) : 600000, taken = 0;
    JsonStrict strict;
    state = argc > 2 ? strtoull(argv[2], nullptr, 10) : 4;
    for (uint64_t i = 0; i < count; i++) {
        std::string complaint = strict.compare(next_line());
        if (!complaint.empty()) {
            printf("line %llu\n%s\n", static_cast<unsigned long long>(i), complaint.c_str());
            return 1;
        }
        taken += strict.accepted;
    }
    printf("%llu lines, %llu taken, %llu refused\n", static_cast<unsigned long long>(count),
           static_cast<unsigned long long>(taken), static_cast<unsigned long long>(count - taken));
    // Both kinds must be there, or nothing is shown.
    return taken < count / 10 || taken > count - count / 10;
}
