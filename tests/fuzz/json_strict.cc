// tests/fuzz/json_strict.cc: see json_strict.h. What a parser has read becomes a string of tokens,
// the same for all of them: two readings are equal when these strings are.
#include "tests/fuzz/json_strict.h"

#include <rapidjson/error/en.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

extern "C" {
#include "formatters/number.h"
#include "src/analyzer/read/record.h"
}

namespace {

void put_text(std::string &out, char type, std::string_view text) {
    uint32_t size = static_cast<uint32_t>(text.size());
    out += type;
    out.append(reinterpret_cast<const char *>(&size), sizeof size);
    out += text;
}

template <class Number> void put_number(std::string &out, char type, Number value) {
    out += type;
    out.append(reinterpret_cast<const char *>(&value), sizeof value);
}

// The digits as the narrowest of int64, uint64 and double. False: out of range.
bool put_digits(std::string &out, std::string_view digits) {
    int64_t i;
    uint64_t u;
    double d;
    if (spanlog_read_i64(digits.data(), digits.size(), &i) == 0)
        return put_number(out, 'i', i), true;
    if (spanlog_read_u64(digits.data(), digits.size(), &u) == 0)
        return put_number(out, 'u', u), true;
    if (spanlog_read_double(digits.data(), digits.size(), &d) < 0)
        return put_text(out, '!', digits), true; // no number at all: equal to nothing
    put_number(out, 'd', d);
    return d - d == 0 && digits.find_first_of(".eE") != std::string_view::npos;
}

// ---- RapidJSON ------------------------------------------------------------------------------

struct Tokens {
    using Ch = char;
    std::string out;
    unsigned depth = 0, deepest = 0;
    bool in_range = true, is_object = false;

    bool Null() {
        return put("n");
    }
    bool Bool(bool value) {
        return put(value ? "t" : "f");
    }
    bool Int(int) {
        return false;
    } // numbers come as text
    bool Uint(unsigned) {
        return false;
    }
    bool Int64(int64_t) {
        return false;
    }
    bool Uint64(uint64_t) {
        return false;
    }
    bool Double(double) {
        return false;
    }
    bool RawNumber(const char *text, rapidjson::SizeType size, bool) {
        in_range &= put_digits(out, {text, size});
        return true;
    }
    bool String(const char *text, rapidjson::SizeType size, bool) {
        put_text(out, 's', {text, size});
        return true;
    }
    bool Key(const char *text, rapidjson::SizeType size, bool) {
        put_text(out, 'k', {text, size});
        return true;
    }
    bool StartObject() {
        is_object |= out.empty();
        return open("{");
    }
    bool StartArray() {
        return open("[");
    }
    bool EndObject(rapidjson::SizeType) {
        return close("}");
    }
    bool EndArray(rapidjson::SizeType) {
        return close("]");
    }

  private:
    bool put(const char *token) {
        out += token;
        return true;
    }
    bool open(const char *token) {
        deepest = std::max(deepest, ++depth);
        return put(token);
    }
    bool close(const char *token) {
        depth--;
        return put(token);
    }
};

// Empty, or why it is refused.
std::string read_rapidjson(std::string_view text, Tokens &tokens) {
    rapidjson::MemoryStream stream(text.data(), text.size());
    rapidjson::Reader reader;
    constexpr unsigned flags = rapidjson::kParseValidateEncodingFlag |
                               rapidjson::kParseIterativeFlag |
                               rapidjson::kParseNumbersAsStringsFlag;
    auto result = reader.Parse<flags>(stream, tokens);
    if (result.IsError())
        return rapidjson::GetParseError_En(result.Code());
    // To RapidJSON a NUL is the end of the text.
    return text.find('\0') == text.npos ? "" : "a NUL byte";
}

// ---- simdjson -------------------------------------------------------------------------------

// Not deeper than its parser goes, which is 1024 levels.
void put_element(std::string &out, simdjson::dom::element element) {
    using simdjson::dom::element_type;
    switch (element.type()) {
    case element_type::OBJECT:
        out += '{';
        for (auto member : simdjson::dom::object(element)) {
            put_text(out, 'k', member.key);
            put_element(out, member.value);
        }
        out += '}';
        break;
    case element_type::ARRAY:
        out += '[';
        for (auto child : simdjson::dom::array(element))
            put_element(out, child);
        out += ']';
        break;
    case element_type::INT64:
        put_number(out, 'i', int64_t(element));
        break;
    case element_type::UINT64:
        put_number(out, 'u', uint64_t(element));
        break;
    case element_type::DOUBLE:
        put_number(out, 'd', double(element));
        break;
    case element_type::STRING:
        put_text(out, 's', std::string_view(element));
        break;
    case element_type::BOOL:
        out += bool(element) ? 't' : 'f';
        break;
    case element_type::NULL_VALUE:
        out += 'n';
        break;
    }
}

// ---- the analyzer ---------------------------------------------------------------------------

std::string unescaped(const spanlog_json_value &value) {
    std::string text(value.begin, value.end);
    if (!value.escaped)
        return text;
    ssize_t size = spanlog_json_unescape(value.begin, text.size(), text.data());
    return size < 0 ? "(no string)" : text.substr(0, static_cast<size_t>(size));
}

// Half of a surrogate pair as \ufffd; all else as it is.
std::string without_halves(std::string_view line) {
    std::string text(line);
    auto unit = [&](size_t at) -> unsigned {
        unsigned value = 0;
        if (at + 6 > text.size() || text[at] != '\\' || text[at + 1] != 'u')
            return 0;
        for (size_t i = at + 2; i < at + 6; i++) {
            unsigned c = static_cast<unsigned char>(text[i]), digit = c - '0',
                     letter = (c | 32) - 'a';
            if (digit > 9 && letter > 5)
                return 0;
            value = value << 4 | (digit <= 9 ? digit : letter + 10);
        }
        return value;
    };
    for (size_t at = text.find('\\'); at < text.size(); at = text.find('\\', at)) {
        unsigned first = unit(at), second = unit(at + 6);
        bool high = first >> 10 == 0xd800 >> 10, low = first >> 10 == 0xdc00 >> 10;
        if (high && second >> 10 == 0xdc00 >> 10) {
            at += 12;
            continue;
        }
        if (high || low)
            text.replace(at, 6, "\\ufffd");
        at += first ? 6 : 2;
    }
    return text;
}

void put_value(std::string &out, const spanlog_json_value &value) {
    switch (value.type) {
    case SPANLOG_JSON_STRING:
        put_text(out, 's', unescaped(value));
        break;
    case SPANLOG_JSON_NUMBER:
        put_digits(out, {value.begin, static_cast<size_t>(value.end - value.begin)});
        break;
    case SPANLOG_JSON_TRUE:
        out += 't';
        break;
    case SPANLOG_JSON_FALSE:
        out += 'f';
        break;
    case SPANLOG_JSON_NULL:
        out += 'n';
        break;
    default: { // what lies between its brackets has been checked; read it with another's eyes
        Tokens tokens;
        std::string nested =
            without_halves({value.begin, static_cast<size_t>(value.end - value.begin)});
        std::string problem = read_rapidjson(nested, tokens);
        out += problem.empty() ? tokens.out : "(" + problem + ")";
    }
    }
}

const char *walk_line(const char *line, std::string &out) {
    spanlog_json_walk walk = {};
    spanlog_json_value key = {}, value = {};
    walk.at = line;
    out = "{";
    int more = spanlog_json_open(&walk);
    for (; more > 0; more = spanlog_json_next(&walk)) {
        if (!spanlog_json_member(&walk, &key, &value))
            return walk.problem;
        put_text(out, 'k', unescaped(key));
        put_value(out, value);
    }
    out += '}';
    if (more == 0)
        spanlog_json_close(&walk);
    return walk.problem;
}

std::string printable(std::string_view text) {
    std::string out;
    for (unsigned char c : text) {
        char code[8];
        snprintf(code, sizeof code, c < 0x20 || c >= 0x7f ? "\\x%02x" : "%c", c);
        out += code;
    }
    return out;
}

bool same_value(const spanlog_json_value &a, const spanlog_json_value &b) {
    return a.type == b.type && (a.type == SPANLOG_JSON_ABSENT ||
                                (a.begin == b.begin && a.end == b.end && a.escaped == b.escaped));
}

bool same_id(bool has, const spanlog_id &read, const spanlog_json_value &raw, unsigned digits) {
    spanlog_id id = {};
    bool expected =
        raw.type == SPANLOG_JSON_STRING &&
        spanlog_id_read({raw.begin, static_cast<uint32_t>(raw.end - raw.begin)}, digits, &id);
    return has == expected &&
           (!has || (id.high == read.high && id.low == read.low && id.opaque == read.opaque));
}

} // namespace

// The short cuts of record.c against a walk: the last of equal keys counts.
std::string JsonStrict::compare_record(const char *line) {
    static spanlog_reader reader;
    if (!reader.keys)
        spanlog_reader_init(&reader, 500);
    spanlog_record record;
    const char *problem = spanlog_record_read(&reader, line, &record);
    spanlog_json_walk walk = {};
    spanlog_json_value key = {}, value = {}, fields[SPANLOG_FIELD_COUNT] = {};
    walk.at = line;
    bool repeated = false;
    int more = spanlog_json_open(&walk);
    for (; more > 0 && spanlog_json_member(&walk, &key, &value); more = spanlog_json_next(&walk)) {
        std::string name = unescaped(key);
        for (unsigned i = 0; i < SPANLOG_FIELD_COUNT; i++)
            if (spanlog_dialect_json.keys[i] && name == spanlog_dialect_json.keys[i]) {
                repeated |= fields[i].type != SPANLOG_JSON_ABSENT;
                fields[i] = value;
            }
    }
    if (more == 0)
        spanlog_json_close(&walk);
    if (!problem != !walk.problem)
        return std::string("record: ") + (problem ? problem : "taken") +
               ", walk: " + (walk.problem ? walk.problem : "taken");
    if (problem)
        return "";
    for (unsigned i = 0; i < SPANLOG_FIELD_COUNT; i++)
        if (!same_value(record.raw[i], fields[i]))
            return std::string("another value of ") + spanlog_dialect_json.keys[i];
    if (record.end != walk.at)
        return "another end of the line";
    if (record.repeated != repeated)
        return "a repeated field was not noticed, or none was there";
    const spanlog_json_value &ts = fields[SPANLOG_FIELD_TS];
    uint64_t time_ns = 0;
    if (ts.type == SPANLOG_JSON_STRING &&
        !spanlog_time_read({ts.begin, static_cast<uint32_t>(ts.end - ts.begin)}, &time_ns))
        time_ns = 0;
    if (record.time_ns != time_ns)
        return "another time";
    if (!same_id(record.has_trace, record.trace, fields[SPANLOG_FIELD_TRACE_ID], 32))
        return "another trace id";
    if (!same_id(record.has_span, record.span, fields[SPANLOG_FIELD_SPAN_ID], 16))
        return "another span id";
    if (record.line_kind != SPANLOG_LINE_LOG &&
        !same_id(record.has_parent, record.parent, fields[SPANLOG_FIELD_PARENT_ID], 16))
        return "another parent id";
    return "";
}

std::string JsonStrict::compare_values(std::string_view line, const std::string &ours) {
    std::string text = without_halves(line);
    Tokens tokens;
    std::string refused = read_rapidjson(text, tokens);
    if (refused == rapidjson::GetParseError_En(rapidjson::kParseErrorNumberTooBig))
        return "";
    if (accepted !=
        (refused.empty() && tokens.is_object && tokens.deepest <= SPANLOG_JSON_DEPTH + 1))
        return "RapidJSON: " + (refused.empty() ? "taken" : refused);
    if (accepted && ours != tokens.out)
        return "RapidJSON read " + printable(tokens.out);
    simdjson::dom::element root;
    auto error = parser.parse(text.data(), text.size()).get(root);
    if (refused.empty() && !tokens.in_range && error == simdjson::NUMBER_ERROR)
        return "";
    if (refused.empty() != !error && tokens.deepest <= simdjson::DEFAULT_MAX_DEPTH)
        return std::string("RapidJSON against simdjson: ") + simdjson::error_message(error);
    if (accepted && error)
        return std::string("simdjson: ") + simdjson::error_message(error);
    std::string theirs;
    if (accepted)
        put_element(theirs, root);
    return accepted && ours != theirs ? "simdjson read " + printable(theirs) : "";
}

// `line` holds no newline.
std::string JsonStrict::compare(std::string_view line) {
    std::string padded(line), ours;
    padded += '\n';
    padded.append(SPANLOG_JSON_PADDING, '\0');
    const char *problem = walk_line(padded.data(), ours);
    accepted = !problem;
    std::string complaint = compare_record(padded.data());
    if (complaint.empty())
        complaint = compare_values(line, ours);
    if (complaint.empty())
        return "";
    return complaint + "\nspanlog: " + (problem ? problem : printable(ours)) +
           "\nline: " + printable(line);
}
