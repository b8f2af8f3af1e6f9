// tests/fuzz/json_strict.h: the analyzer's reading of a line against two strict parsers.
//
//     JsonStrict strict;
//     std::string complaint = strict.compare(line);      empty: all agree
//     if (strict.accepted) ...
//
// Compared are: whether the line is taken at all; the sequence of keys; strings without their
// escapes; numbers as int64, uint64 or double; where a nested value begins and ends; and that
// spanlog_record_read, which has short cuts of its own, finds the same fields as a plain walk.
//
// Differences that RFC 8259 leaves room for, and how they are judged:
//   - a line is one object: other values are valid JSON, but no log line;
//   - nesting: the analyzer takes SPANLOG_JSON_DEPTH levels below the line's object;
//   - numbers: simdjson refuses what fits no uint64 or no finite double, RapidJSON exponents that
//     do not. The analyzer keeps the digits, and the line;
//   - half of a surrogate pair (\ud800): read as U+FFFD. The parsers are given \ufffd instead.
#ifndef SPANLOG_TESTS_JSON_STRICT_H
#define SPANLOG_TESTS_JSON_STRICT_H

#include <simdjson.h>
#include <string>
#include <string_view>

class JsonStrict {
  public:
    std::string compare(std::string_view line);
    bool accepted = false;

  private:
    std::string compare_values(std::string_view line, const std::string &ours);
    std::string compare_record(const char *line);
    simdjson::dom::parser parser;
};

#endif
