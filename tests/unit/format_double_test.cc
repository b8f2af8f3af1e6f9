// tests/unit/format_double_test.cc: doubles and floats against three oracles: std::to_chars
// (shortest digits), strtod (the same bits again) and printf with 1 to 17 digits (nothing shorter
// exists).
extern "C" {
#include "tests/unit/format_test.h"

#include "formatters/number.h"
#include "formatters/pow10.h"
}

#include <charconv>
#include <cfenv>
#include <cfloat>
#include <cmath>
#include <cstdlib>
#include <string>

#ifndef SPANLOG_FEWER // of the random values
#define SPANLOG_FEWER 1
#endif

namespace {

struct Digits { // without leading or trailing zeros; value = 0.DIGITS * 10^exponent
    std::string digits;
    int exponent;
    bool operator==(const Digits &o) const {
        return digits == o.digits && exponent == o.exponent;
    }
    std::string text() const {
        return "0." + digits + "e" + std::to_string(exponent);
    }
};

Digits digits_of(const std::string &text) {
    Digits d{"", 0};
    size_t i = text[0] == '-', e = text.find('e');
    bool after_point = false;
    for (; i < text.size() && i != e; i++) {
        if (text[i] == '.') {
            after_point = true;
            continue;
        }
        d.exponent += !after_point;
        d.digits += text[i];
    }
    if (e != std::string::npos)
        d.exponent += std::stoi(text.substr(e + 1));
    while (!d.digits.empty() && d.digits[0] == '0') {
        d.digits.erase(0, 1);
        d.exponent--;
    }
    while (!d.digits.empty() && d.digits.back() == '0')
        d.digits.pop_back();
    if (d.digits.empty())
        d.exponent = 0;
    return d;
}

std::string put(double v) {
    char out[SPANLOG_NUMBER_MAX];
    return std::string(out, spanlog_put_double(out, v));
}
std::string put(float v) {
    char out[SPANLOG_NUMBER_MAX];
    return std::string(out, spanlog_put_float(out, v));
}

template <class T> std::string shortest(T v) {
    char out[64];
    return std::string(out,
                       std::to_chars(out, out + sizeof out, v, std::chars_format::scientific).ptr);
}

double from_bits(uint64_t bits) {
    double v;
    memcpy(&v, &bits, 8);
    return v;
}
uint64_t to_bits(double v) {
    uint64_t bits;
    memcpy(&bits, &v, 8);
    return bits;
}

// Strict grammar of a JSON number.
bool is_json_number(const std::string &t) {
    size_t i = t[0] == '-';
    auto digits = [&] {
        size_t from = i;
        while (i < t.size() && t[i] >= '0' && t[i] <= '9')
            i++;
        return i > from;
    };
    if (i < t.size() && t[i] == '0')
        i++;
    else if (!digits())
        return false;
    if (i < t.size() && t[i] == '.' && (++i, !digits()))
        return false;
    if (i < t.size() && t[i] == 'e') {
        i++;
        if (i < t.size() && (t[i] == '+' || t[i] == '-'))
            i++;
        if (!digits())
            return false;
    }
    return i == t.size();
}

template <class T> void check(T v) {
    std::string text = put(v);
    Digits mine = digits_of(text), theirs = digits_of(shortest(v));
    if (!(mine == theirs) || !is_json_number(text) || text.size() > 27)
        fail_msg("%a: wrote \"%s\", shortest is %s", static_cast<double>(v), text.c_str(),
                 shortest(v).c_str());
}

void check_read(const std::string &text) {
    double mine = 0, theirs = strtod(text.c_str(), nullptr);
    int rc = spanlog_read_double(text.data(), text.size(), &mine);
    if (rc != 0 || to_bits(mine) != to_bits(theirs))
        fail_msg("\"%s\": read %a (rc %d), strtod %a", text.c_str(), mine, rc, theirs);
}

void check_round_trip(double v) {
    check(v);
    std::string text = put(v);
    double back = 0;
    if (to_bits(strtod(text.c_str(), nullptr)) != to_bits(v))
        fail_msg("%a: strtod(\"%s\") is another", v, text.c_str());
    if (spanlog_read_double(text.data(), text.size(), &back) != 0 || to_bits(back) != to_bits(v))
        fail_msg("%a: reading \"%s\" gave %a", v, text.c_str(), back);
}

double random_finite(uint64_t *seed) {
    double v;
    do
        v = from_bits(next_random(seed));
    while (!std::isfinite(v));
    return v;
}

void random_bits_are_shortest_and_read_back(void **) {
    uint64_t seed = 11;
    for (int i = 0; i < 1000000 / SPANLOG_FEWER; i++)
        check_round_trip(random_finite(&seed));
}

void short_decimals_are_shortest_and_read_back(void **) {
    static const double scales[] = {1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e9, 1e12};
    uint64_t seed = 12;
    for (int i = 0; i < 1000000 / SPANLOG_FEWER; i++) {
        double v = static_cast<double>(next_magnitude(&seed)) / scales[next_random(&seed) % 10];
        check_round_trip(v);
        check_round_trip(std::nextafter(v, 0.0)); // neighbours must not be mistaken for them
        if (i % 4 == 0)
            check_round_trip(std::nextafter(v, INFINITY));
    }
}

void integers_up_to_2_to_the_53_are_plain(void **) {
    uint64_t seed = 13;
    char expected[64];
    for (int i = 0; i < 300000 / SPANLOG_FEWER; i++) {
        uint64_t n = next_magnitude(&seed) >> 11;
        snprintf(expected, sizeof expected, "%llu", static_cast<unsigned long long>(n));
        assert_string_equal(put(static_cast<double>(n)).c_str(), expected);
    }
}

void binades_and_their_neighbours_are_shortest(void **) {
    for (int e = -1074; e <= 1023; e++) {
        double v = std::ldexp(1.0, e);
        check_round_trip(v);
        check_round_trip(std::nextafter(v, 0.0));
        check_round_trip(std::nextafter(v, INFINITY));
    }
    for (int e = -324; e <= 308; e++)
        check_round_trip(strtod(("1e" + std::to_string(e)).c_str(), nullptr));
}

void subnormals_are_shortest(void **) {
    uint64_t seed = 14;
    for (uint64_t bits = 1; bits < 3000; bits++)
        check_round_trip(from_bits(bits));
    for (int i = 0; i < 100000 / SPANLOG_FEWER; i++)
        check_round_trip(from_bits(next_random(&seed) >> 12 >> next_random(&seed) % 50));
}

void no_fewer_digits_would_do(void **) {
    uint64_t seed = 15;
    char text[64];
    for (int i = 0; i < 30000 / SPANLOG_FEWER; i++) {
        double v = random_finite(&seed);
        int digits = 1;
        for (; digits < 17; digits++) {
            snprintf(text, sizeof text, "%.*e", digits - 1, v);
            if (strtod(text, nullptr) == v)
                break;
        }
        int mine = static_cast<int>(digits_of(put(v)).digits.size());
        if (mine > digits)
            fail_msg("%a: %d digits in %s, %d suffice", v, mine, put(v).c_str(), digits);
    }
}

void floats_are_shortest_as_floats(void **) {
    uint64_t seed = 16;
    assert_string_equal(put(0.1f).c_str(), "0.1");
    assert_string_equal(put(16777216.0f).c_str(), "16777216");
    for (int i = 0; i < 2000000 / SPANLOG_FEWER; i++) {
        uint32_t bits = static_cast<uint32_t>(next_random(&seed));
        float v;
        memcpy(&v, &bits, 4);
        if (!std::isfinite(v))
            continue;
        check(v);
        std::string text = put(v);
        if (i % 8 == 0 && strtof(text.c_str(), nullptr) != v)
            fail_msg("%a: strtof(\"%s\") is another", static_cast<double>(v), text.c_str());
    }
}

void numbers_look_as_in_javascript(void **) {
    const struct {
        double value;
        const char *text;
    } known[] = {{0.0, "0"},
                 {-0.0, "-0"},
                 {1.2, "1.2"},
                 {45.25, "45.25"},
                 {100, "100"},
                 {-3, "-3"},
                 {0.1 + 0.2, "0.30000000000000004"},
                 {1e300, "1e+300"},
                 {1e21, "1e+21"},
                 {1e20, "100000000000000000000"},
                 {1.5e-7, "1.5e-7"},
                 {0.000001, "0.000001"},
                 {0.0000015, "0.0000015"},
                 {123456789.125, "123456789.125"},
                 {5e-324, "5e-324"},
                 {DBL_MAX, "1.7976931348623157e+308"},
                 {9007199254740993.0, "9007199254740992"},
                 {0.1, "0.1"},
                 {1e9 + 0.5, "1000000000.5"},
                 {2.5e-5, "0.000025"}};
    for (const auto &k : known)
        assert_string_equal(put(k.value).c_str(), k.text);
}

void values_that_are_no_numbers_are_words(void **) {
    assert_string_equal(put(NAN).c_str(), "NaN");
    assert_string_equal(put(-NAN).c_str(), "NaN");
    assert_string_equal(put(INFINITY).c_str(), "Infinity");
    assert_string_equal(put(-INFINITY).c_str(), "-Infinity");
    assert_string_equal(put(-static_cast<float>(INFINITY)).c_str(), "-Infinity");
}

void the_rounding_mode_changes_nothing(void **) {
    static const int modes[] = {FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO};
    uint64_t seed = 17;
    for (int i = 0; i < 200000 / SPANLOG_FEWER; i++) {
        double v =
            i % 2 ? static_cast<double>(next_magnitude(&seed) >> 20) / 1000 : random_finite(&seed);
        std::string expected = put(v);
        fesetround(modes[i % 3]);
        std::string text = put(v);
        double back = 0;
        spanlog_read_double(text.data(), text.size(), &back);
        fesetround(FE_TONEAREST);
        assert_string_equal(text.c_str(), expected.c_str());
        assert_int_equal(to_bits(back), to_bits(v));
    }
}

void decimal_texts_of_any_length_read_as_strtod_does(void **) {
    uint64_t seed = 18;
    for (int i = 0; i < 300000 / SPANLOG_FEWER; i++) {
        std::string text = next_random(&seed) % 4 ? "" : "-";
        int whole = static_cast<int>(next_random(&seed) % 25) + 1;
        text += static_cast<char>('1' + next_random(&seed) % 9);
        for (int d = 1; d < whole; d++)
            text += static_cast<char>('0' + next_random(&seed) % 10);
        if (next_random(&seed) % 2) {
            text += '.';
            for (uint64_t d = next_random(&seed) % 25 + 1; d; d--)
                text += static_cast<char>('0' + next_random(&seed) % 10);
        }
        if (next_random(&seed) % 2)
            text += "e" + std::to_string(static_cast<int>(next_random(&seed) % 700) - 350);
        check_read(text);
    }
}

// The exact middle between two doubles, written out in full, and a hair to either side of it.
void middles_between_doubles_go_to_the_even_one(void **) {
    uint64_t seed = 19;
    for (int i = 0; i < 3000; i++) {
        uint64_t bits = next_random(&seed) & 0x7FFFFFFFFFFFFFFF;
        if (i % 3 == 0)
            bits >>= next_random(&seed) % 62;
        double v = from_bits(bits), w = from_bits(bits + 1);
        if (!std::isfinite(v) || !std::isfinite(w))
            continue;
        char text[2048];
        // x87's 64 bits of mantissa hold the middle exactly.
        int n = snprintf(text, sizeof text, "%.1100Lf", (static_cast<long double>(v) + w) / 2);
        std::string middle(text, static_cast<size_t>(n));
        check_read(middle);
        check_read(middle + "0000000000");
        check_read(middle + "0000000001");
        middle.erase(middle.find_last_not_of('0') + 1);
        if (middle.back() == '.')
            middle.pop_back();
        check_read(middle);
        if (middle.find('.') != std::string::npos) {
            middle.back() = static_cast<char>(middle.back() - 1);
            check_read(middle + "9");
            check_read(middle + "99999999999999999999999999999");
        }
    }
}

void extreme_exponents_give_zero_or_infinity(void **) {
    for (const char *text :
         {"1e400", "-1e400", "1e-400", "0e999999999999", "1e999999999999999999",
          "1e-999999999999999999", "2.4703282292062327e-324", "2.4703282292062328e-324",
          "1.7976931348623158e308", "1.7976931348623159e308", "0.0000", "-0.0", "123e-320"})
        check_read(text);
    std::string zeros(5000, '0');
    check_read("0." + zeros + "1e5001");
    check_read("1" + zeros + "e-5000");
    check_read("0." + zeros + "123456789012345678901234567890e5001");
}

void what_is_no_json_number_is_refused(void **) {
    for (const char *text : {"", "-", "+1", "01", "1.", ".5", "1e", "1e+", "0x10", "1 ", " 1",
                             "NaN", "Infinity", "1.2.3", "--1", "1_000", "1e5x", "-.5", "1,5"}) {
        double v = 7;
        assert_int_equal(spanlog_read_double(text, strlen(text), &v), -22);
    }
}

} // namespace

int main() {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_bits_are_shortest_and_read_back),
        cmocka_unit_test(short_decimals_are_shortest_and_read_back),
        cmocka_unit_test(integers_up_to_2_to_the_53_are_plain),
        cmocka_unit_test(binades_and_their_neighbours_are_shortest),
        cmocka_unit_test(subnormals_are_shortest),
        cmocka_unit_test(no_fewer_digits_would_do),
        cmocka_unit_test(floats_are_shortest_as_floats),
        cmocka_unit_test(numbers_look_as_in_javascript),
        cmocka_unit_test(values_that_are_no_numbers_are_words),
        cmocka_unit_test(the_rounding_mode_changes_nothing),
        cmocka_unit_test(decimal_texts_of_any_length_read_as_strtod_does),
        cmocka_unit_test(middles_between_doubles_go_to_the_even_one),
        cmocka_unit_test(extreme_exponents_give_zero_or_infinity),
        cmocka_unit_test(what_is_no_json_number_is_refused),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
