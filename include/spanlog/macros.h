/* spanlog/macros.h: how `spanlog_info("text", kv("key", value), ...)` becomes one call.
 *
 * Included by spanlog.h; nothing here is for direct use. Names with two underscores are
 * exported for these macros only and may change with any release.
 *
 * In C and C++ alike `kv(k, v)` expands to the tuple `(k, tag, v)`. A statement walks its
 * tuples three times: the keys are glued into one string literal, the types into one 64-bit
 * constant (4 bits a field), the values into an array of 8-byte slots. Keys and types are
 * static: a call site costs one flag check, the stores of its slots, and one call.
 */
#ifndef SPANLOG_MACROS_H
#define SPANLOG_MACROS_H

#include <stddef.h>
#include <stdint.h>
#ifdef __cplusplus
#include <type_traits>
#else
#include <stdbool.h>
#endif

#if defined(__GNUC__)
#define SPANLOG__API __attribute__((visibility("default")))
#define SPANLOG__RARE(x) __builtin_expect(!!(x), 0)
#define SPANLOG__LIKELY(x) __builtin_expect(!!(x), 1)
/* Not rare, but the way without a jump is to be the one where it is false; or where x is y. */
#if __GNUC__ >= 9 || (defined(__clang__) && __clang_major__ >= 11)
#define SPANLOG__ASIDE(x) __builtin_expect_with_probability(!!(x), 1, 0.4)
#define SPANLOG__MOSTLY(x, y) __builtin_expect_with_probability(x, y, 0.6)
#else
#define SPANLOG__ASIDE(x) (x)
#define SPANLOG__MOSTLY(x, y) (x)
#endif
#if __has_attribute(fallthrough)
#define SPANLOG__FALLTHROUGH __attribute__((fallthrough))
#else
#define SPANLOG__FALLTHROUGH ((void)0)
#endif
#define SPANLOG__INLINE static inline __attribute__((always_inline, unused))
#define SPANLOG__PRINTF(f, a) __attribute__((format(printf, f, a)))
#else
#error "spanlog needs gcc or clang (GNU C99, C11 or C++17)"
#endif

/* What a slot holds. Four bits each in spanlog__site.types; 0 ends the list. */
#define SPANLOG__T_INT 1u    /* slot.i */
#define SPANLOG__T_UINT 2u   /* slot.u */
#define SPANLOG__T_BOOL 3u   /* slot.u, 0 or 1 */
#define SPANLOG__T_DOUBLE 4u /* slot.d */
#define SPANLOG__T_FLOAT 5u  /* slot.d, written with the digits that a float needs */
#define SPANLOG__T_PTR 6u    /* slot.u, written as "0x7f..." */
#define SPANLOG__T_ERRNO 7u  /* slot.i, written as "ENOENT: No such file or directory" */
#define SPANLOG__T_STR 8u    /* slot.p, ends with NUL */
#define SPANLOG__T_STRN 9u   /* slot.p, a struct spanlog__bytes */
#define SPANLOG__T_HEX 10u   /* slot.p, a struct spanlog__bytes, written as hex */
#define SPANLOG__T_JSON 11u  /* slot.p, ends with NUL; validated before it is written */

union spanlog__slot {
    int64_t i;
    uint64_t u;
    double d;
    const void *p;
};

struct spanlog__bytes {
    const void *data;
    size_t size;
};

/* What a call site is. */
#define SPANLOG__FORM_LOG 0   /* message and fields */
#define SPANLOG__FORM_LOGF 1  /* printf */
#define SPANLOG__FORM_SPAN 2  /* spanlog_scope, spanlog_begin */
#define SPANLOG__FORM_SET 3   /* spanlog_set */
#define SPANLOG__FORM_EVENT 4 /* spanlog_event */

/* `kind` of a printf site that asks for formatting at the call: its format may be another each
 * time. */
#define SPANLOG__PRINTF_AT_CALL 1

#define SPANLOG__STATE_OFF 0u
#define SPANLOG__STATE_ON 1u
#define SPANLOG__STATE_NEW 2u      /* not registered yet: the first call does it */
#define SPANLOG__STATE_EXACT 3u    /* on, whichever named logger it is used with */
#define SPANLOG__STATE_NEW_KEPT 4u /* as NEW, in memory that is never given back */
#define SPANLOG__STATE_WAITS 5u    /* below its level: written only with a trace that is kept */

/* One call site. Static, written once at its first call. */
struct spanlog__site {
    uint32_t state;
    uint32_t id;
    const char *text; /* message, format, operation or event name */
    const char *keys; /* count keys, each ended by NUL */
    const char *file;
    const char *logger; /* NULL: the folder of file */
    uint64_t types;
    uint32_t line;
    uint8_t level;
    uint8_t form;
    uint8_t count;
    uint8_t kind; /* spanlog_kind of a span */
};

#ifdef SPANLOG_LOGGER_NAME
#define SPANLOG__LOGGER_NAME SPANLOG_LOGGER_NAME
#else
#define SPANLOG__LOGGER_NAME NULL
#endif

/* ---- values ---------------------------------------------------------------------------- */

SPANLOG__INLINE union spanlog__slot spanlog__slot_i(int64_t v) {
    union spanlog__slot s;
    s.i = v;
    return s;
}
SPANLOG__INLINE union spanlog__slot spanlog__slot_u(uint64_t v) {
    union spanlog__slot s;
    s.u = v;
    return s;
}
SPANLOG__INLINE union spanlog__slot spanlog__slot_d(double v) {
    union spanlog__slot s;
    s.d = v;
    return s;
}
SPANLOG__INLINE union spanlog__slot spanlog__slot_ld(long double v) {
    return spanlog__slot_d((double)v);
}
SPANLOG__INLINE union spanlog__slot spanlog__slot_p(const void *v) {
    union spanlog__slot s;
    s.p = v;
    return s;
}

#ifdef __cplusplus

namespace spanlog {
namespace detail {
/* clang-format off */
template <class T, class = void> struct value; /* a value of this type cannot be a field */
template <class T> struct value<T, typename std::enable_if<std::is_integral<T>::value && std::is_signed<T>::value>::type> {
    static constexpr uint64_t type = SPANLOG__T_INT;
    static union spanlog__slot slot(T v) { return spanlog__slot_i(v); }
};
template <class T> struct value<T, typename std::enable_if<std::is_integral<T>::value && std::is_unsigned<T>::value && !std::is_same<T, bool>::value>::type> {
    static constexpr uint64_t type = SPANLOG__T_UINT;
    static union spanlog__slot slot(T v) { return spanlog__slot_u(v); }
};
template <class T> struct value<T, typename std::enable_if<std::is_enum<T>::value>::type> : value<typename std::underlying_type<T>::type> {
    static union spanlog__slot slot(T v) { return value<typename std::underlying_type<T>::type>::slot(static_cast<typename std::underlying_type<T>::type>(v)); }
};
template <> struct value<bool> {
    static constexpr uint64_t type = SPANLOG__T_BOOL;
    static union spanlog__slot slot(bool v) { return spanlog__slot_u(v ? 1u : 0u); }
};
template <> struct value<double> {
    static constexpr uint64_t type = SPANLOG__T_DOUBLE;
    static union spanlog__slot slot(double v) { return spanlog__slot_d(v); }
};
template <> struct value<long double> {
    static constexpr uint64_t type = SPANLOG__T_DOUBLE;
    static union spanlog__slot slot(long double v) { return spanlog__slot_ld(v); }
};
template <> struct value<float> {
    static constexpr uint64_t type = SPANLOG__T_FLOAT;
    static union spanlog__slot slot(float v) { return spanlog__slot_d(static_cast<double>(v)); }
};
template <class T> struct value<T *, typename std::enable_if<sizeof(T) == 1 && std::is_integral<T>::value>::type> {
    static constexpr uint64_t type = SPANLOG__T_STR;
    static union spanlog__slot slot(const T *v) { return spanlog__slot_p(v); }
};
/* clang-format on */
template <class T> using decayed = typename std::decay<T>::type; /* C++11 has no decay_t */
template <int N> struct slots { union spanlog__slot v[N]; };
SPANLOG__INLINE const void *bytes(const struct spanlog__bytes &b) {
    return &b;
}
} // namespace detail
} // namespace spanlog

#define SPANLOG__VALUE(v) ::spanlog::detail::value<::spanlog::detail::decayed<decltype(v)>>
#define SPANLOG__TYPE(v) (SPANLOG__VALUE(v)::type)
#define SPANLOG__SLOT(v) (SPANLOG__VALUE(v)::slot(v))
#define SPANLOG__BYTES(p, n)                                                                       \
    spanlog__slot_p(::spanlog::detail::bytes(spanlog__bytes{p, static_cast<size_t>(n)}))
#define SPANLOG__SLOTS(n, ...) (::spanlog::detail::slots<(n) + ((n) == 0)>{{__VA_ARGS__}}.v)

#else

#define SPANLOG__TYPE(v)                                                                           \
    __extension__ _Generic((v),                                                                    \
        _Bool: SPANLOG__T_BOOL,                                                                    \
        char: SPANLOG__T_INT,                                                                      \
        signed char: SPANLOG__T_INT,                                                               \
        short: SPANLOG__T_INT,                                                                     \
        int: SPANLOG__T_INT,                                                                       \
        long: SPANLOG__T_INT,                                                                      \
        long long: SPANLOG__T_INT,                                                                 \
        unsigned char: SPANLOG__T_UINT,                                                            \
        unsigned short: SPANLOG__T_UINT,                                                           \
        unsigned int: SPANLOG__T_UINT,                                                             \
        unsigned long: SPANLOG__T_UINT,                                                            \
        unsigned long long: SPANLOG__T_UINT,                                                       \
        float: SPANLOG__T_FLOAT,                                                                   \
        double: SPANLOG__T_DOUBLE,                                                                 \
        long double: SPANLOG__T_DOUBLE,                                                            \
        char *: SPANLOG__T_STR,                                                                    \
        const char *: SPANLOG__T_STR,                                                              \
        unsigned char *: SPANLOG__T_STR,                                                           \
        const unsigned char *: SPANLOG__T_STR,                                                     \
        signed char *: SPANLOG__T_STR,                                                             \
        const signed char *: SPANLOG__T_STR)
/* A cast to the type of the member that takes such a value, and then to the union: compilers get
 * through that faster than through a function and a second list of types. What is no value at all
 * was refused by SPANLOG__TYPE already. */
#define SPANLOG__SLOT(v)                                                                           \
    __extension__(union spanlog__slot)(__typeof__(SPANLOG__MEMBER(__builtin_classify_type(v))))(v)
#define SPANLOG__CLASS_POINTER 5 /* arrays too */
#define SPANLOG__CLASS_REAL 8
#define SPANLOG__MEMBER(c)                                                                         \
    __builtin_choose_expr((c) == SPANLOG__CLASS_POINTER, (const void *)0,                          \
                          __builtin_choose_expr((c) == SPANLOG__CLASS_REAL, 0.0, (int64_t)0))
#define SPANLOG__BYTES(p, n) spanlog__slot_p(&(const struct spanlog__bytes){(p), (size_t)(n)})
#define SPANLOG__SLOTS(n, ...) ((const union spanlog__slot[(n) + ((n) == 0)]){__VA_ARGS__})

#endif

/* What stands in a tuple behind its key: a tag and the arguments, not yet expanded, so that the
 * walks have little to carry. TAG_type and TAG_slot make of them what the site and the array need.
 */
#define spanlog__value_type(v) SPANLOG__TYPE(v)
#define spanlog__value_slot(v) SPANLOG__SLOT(v)
#define spanlog__text_type(p, n) SPANLOG__T_STRN
#define spanlog__text_slot(p, n) SPANLOG__BYTES(p, n)
#define spanlog__hex_type(p, n) SPANLOG__T_HEX
#define spanlog__hex_slot(p, n) SPANLOG__BYTES(p, n)
#define spanlog__pointer_type(p) SPANLOG__T_PTR
#define spanlog__pointer_slot(p) spanlog__slot_u((uint64_t)(uintptr_t)(const void *)(p))
#define spanlog__error_type(n) SPANLOG__T_ERRNO
#define spanlog__error_slot(n) spanlog__slot_i(n)
#define spanlog__json_type(p) SPANLOG__T_JSON
#define spanlog__json_slot(p) spanlog__slot_p(p)

/* ---- walking the tuples ---------------------------------------------------------------- */

/* A field that is not written kv(...) leaves one of these names in the error message. */
#define spanlog_fields_must_be_written_kv_key_value(k, tag, ...) "" k "\0"
#define spanlog_field_type_must_come_from_kv(k, tag, ...) (uint64_t)(tag##_type(__VA_ARGS__))
#define spanlog_field_value_must_come_from_kv(k, tag, ...) tag##_slot(__VA_ARGS__),

#define SPANLOG__COUNT(...)                                                                        \
    SPANLOG__COUNT_(__VA_ARGS__, at_most_16_fields, at_most_16_fields, at_most_16_fields,          \
                    at_most_16_fields, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0,   \
                    ~)
#define SPANLOG__COUNT_(m, a, b, c, d, e, f, g, h, i, j, k, l, n, o, p, q, r, s, t, u, count, ...) \
    count
/* `none` for three arguments, `some` for more. */
#define SPANLOG__BEYOND_3(...)                                                                     \
    SPANLOG__BEYOND_3_(__VA_ARGS__, some, some, some, some, some, some, some, some, some, some,    \
                       some, some, some, some, some, some, none, ~, ~, ~)
#define SPANLOG__BEYOND_3_(x, y, z, a, b, c, d, e, f, g, h, i, j, k, l, n, o, p, q, answer, ...)   \
    answer
#define SPANLOG__FIRST(...) SPANLOG__FIRST_(__VA_ARGS__, ~)
#define SPANLOG__FIRST_(m, ...) m
#define SPANLOG__CAT(a, b) SPANLOG__CAT_(a, b)
#define SPANLOG__CAT_(a, b) a##b

#define SPANLOG__K spanlog_fields_must_be_written_kv_key_value
#define SPANLOG__KEYS(n, ...) SPANLOG__CAT(SPANLOG__KEY_, n)(__VA_ARGS__, ~)
#define SPANLOG__KEY_0(m, ...) ""
#define SPANLOG__KEY_at_most_16_fields(...) spanlog_at_most_16_fields
#define SPANLOG__KEY_1(m, a, ...) SPANLOG__K a
#define SPANLOG__KEY_2(m, a, b, ...) SPANLOG__K a SPANLOG__K b
#define SPANLOG__KEY_3(m, a, b, c, ...) SPANLOG__K a SPANLOG__K b SPANLOG__K c
#define SPANLOG__KEY_4(m, a, b, c, d, ...) SPANLOG__K a SPANLOG__K b SPANLOG__K c SPANLOG__K d
#define SPANLOG__KEY_5(m, a, b, c, d, e, ...)                                                      \
    SPANLOG__K a SPANLOG__K b SPANLOG__K c SPANLOG__K d SPANLOG__K e
#define SPANLOG__KEY_6(m, a, b, c, d, e, f, ...)                                                   \
    SPANLOG__K a SPANLOG__K b SPANLOG__K c SPANLOG__K d SPANLOG__K e SPANLOG__K f
#define SPANLOG__KEY_7(m, a, b, c, d, e, f, g, ...)                                                \
    SPANLOG__K a SPANLOG__K b SPANLOG__K c SPANLOG__K d SPANLOG__K e SPANLOG__K f SPANLOG__K g
#define SPANLOG__KEY_8(m, a, b, c, d, e, f, g, h, ...)                                             \
    SPANLOG__K a SPANLOG__K b SPANLOG__K c SPANLOG__K d SPANLOG__K e SPANLOG__K f SPANLOG__K g     \
        SPANLOG__K h
#define SPANLOG__KEY_9(m, a, b, c, d, e, f, g, h, i, ...)                                          \
    SPANLOG__K a SPANLOG__K b SPANLOG__K c SPANLOG__K d SPANLOG__K e SPANLOG__K f SPANLOG__K g     \
        SPANLOG__K h SPANLOG__K i
#define SPANLOG__KEY_10(m, a, b, c, d, e, f, g, h, i, j, ...)                                      \
    SPANLOG__K a SPANLOG__K b SPANLOG__K c SPANLOG__K d SPANLOG__K e SPANLOG__K f SPANLOG__K g     \
        SPANLOG__K h SPANLOG__K i SPANLOG__K j
#define SPANLOG__KEY_11(m, a, b, c, d, e, f, g, h, i, j, k, ...)                                   \
    SPANLOG__K a SPANLOG__K b SPANLOG__K c SPANLOG__K d SPANLOG__K e SPANLOG__K f SPANLOG__K g     \
        SPANLOG__K h SPANLOG__K i SPANLOG__K j SPANLOG__K k
#define SPANLOG__KEY_12(m, a, b, c, d, e, f, g, h, i, j, k, l, ...)                                \
    SPANLOG__K a SPANLOG__K b SPANLOG__K c SPANLOG__K d SPANLOG__K e SPANLOG__K f SPANLOG__K g     \
        SPANLOG__K h SPANLOG__K i SPANLOG__K j SPANLOG__K k SPANLOG__K l
#define SPANLOG__KEY_13(m, a, b, c, d, e, f, g, h, i, j, k, l, n, ...)                             \
    SPANLOG__K a SPANLOG__K b SPANLOG__K c SPANLOG__K d SPANLOG__K e SPANLOG__K f SPANLOG__K g     \
        SPANLOG__K h SPANLOG__K i SPANLOG__K j SPANLOG__K k SPANLOG__K l SPANLOG__K n
#define SPANLOG__KEY_14(m, a, b, c, d, e, f, g, h, i, j, k, l, n, o, ...)                          \
    SPANLOG__K a SPANLOG__K b SPANLOG__K c SPANLOG__K d SPANLOG__K e SPANLOG__K f SPANLOG__K g     \
        SPANLOG__K h SPANLOG__K i SPANLOG__K j SPANLOG__K k SPANLOG__K l SPANLOG__K n SPANLOG__K o
#define SPANLOG__KEY_15(m, a, b, c, d, e, f, g, h, i, j, k, l, n, o, p, ...)                       \
    SPANLOG__K a SPANLOG__K b SPANLOG__K c SPANLOG__K d SPANLOG__K e SPANLOG__K f SPANLOG__K g     \
        SPANLOG__K h SPANLOG__K i SPANLOG__K j SPANLOG__K k SPANLOG__K l SPANLOG__K n SPANLOG__K o \
            SPANLOG__K p
#define SPANLOG__KEY_16(m, a, b, c, d, e, f, g, h, i, j, k, l, n, o, p, q, ...)                    \
    SPANLOG__K a SPANLOG__K b SPANLOG__K c SPANLOG__K d SPANLOG__K e SPANLOG__K f SPANLOG__K g     \
        SPANLOG__K h SPANLOG__K i SPANLOG__K j SPANLOG__K k SPANLOG__K l SPANLOG__K n SPANLOG__K o \
            SPANLOG__K p SPANLOG__K q

#define SPANLOG__T spanlog_field_type_must_come_from_kv
#define SPANLOG__TYPES(n, ...) SPANLOG__CAT(SPANLOG__TYPE_, n)(__VA_ARGS__, ~)
#define SPANLOG__TYPE_0(m, ...) 0u
#define SPANLOG__TYPE_at_most_16_fields(...) spanlog_at_most_16_fields
#define SPANLOG__TYPE_1(m, a, ...) (SPANLOG__T a)
#define SPANLOG__TYPE_2(m, a, b, ...) (SPANLOG__T a | SPANLOG__T b << 4)
#define SPANLOG__TYPE_3(m, a, b, c, ...) (SPANLOG__T a | SPANLOG__T b << 4 | SPANLOG__T c << 8)
#define SPANLOG__TYPE_4(m, a, b, c, d, ...)                                                        \
    (SPANLOG__T a | SPANLOG__T b << 4 | SPANLOG__T c << 8 | SPANLOG__T d << 12)
#define SPANLOG__TYPE_5(m, a, b, c, d, e, ...)                                                     \
    (SPANLOG__T a | SPANLOG__T b << 4 | SPANLOG__T c << 8 | SPANLOG__T d << 12 | SPANLOG__T e << 16)
#define SPANLOG__TYPE_6(m, a, b, c, d, e, f, ...)                                                  \
    (SPANLOG__T a | SPANLOG__T b << 4 | SPANLOG__T c << 8 | SPANLOG__T d << 12 |                   \
     SPANLOG__T e << 16 | SPANLOG__T f << 20)
#define SPANLOG__TYPE_7(m, a, b, c, d, e, f, g, ...)                                               \
    (SPANLOG__T a | SPANLOG__T b << 4 | SPANLOG__T c << 8 | SPANLOG__T d << 12 |                   \
     SPANLOG__T e << 16 | SPANLOG__T f << 20 | SPANLOG__T g << 24)
#define SPANLOG__TYPE_8(m, a, b, c, d, e, f, g, h, ...)                                            \
    (SPANLOG__T a | SPANLOG__T b << 4 | SPANLOG__T c << 8 | SPANLOG__T d << 12 |                   \
     SPANLOG__T e << 16 | SPANLOG__T f << 20 | SPANLOG__T g << 24 | SPANLOG__T h << 28)
#define SPANLOG__TYPE_9(m, a, b, c, d, e, f, g, h, i, ...)                                         \
    (SPANLOG__T a | SPANLOG__T b << 4 | SPANLOG__T c << 8 | SPANLOG__T d << 12 |                   \
     SPANLOG__T e << 16 | SPANLOG__T f << 20 | SPANLOG__T g << 24 | SPANLOG__T h << 28 |           \
     SPANLOG__T i << 32)
#define SPANLOG__TYPE_10(m, a, b, c, d, e, f, g, h, i, j, ...)                                     \
    (SPANLOG__T a | SPANLOG__T b << 4 | SPANLOG__T c << 8 | SPANLOG__T d << 12 |                   \
     SPANLOG__T e << 16 | SPANLOG__T f << 20 | SPANLOG__T g << 24 | SPANLOG__T h << 28 |           \
     SPANLOG__T i << 32 | SPANLOG__T j << 36)
#define SPANLOG__TYPE_11(m, a, b, c, d, e, f, g, h, i, j, k, ...)                                  \
    (SPANLOG__T a | SPANLOG__T b << 4 | SPANLOG__T c << 8 | SPANLOG__T d << 12 |                   \
     SPANLOG__T e << 16 | SPANLOG__T f << 20 | SPANLOG__T g << 24 | SPANLOG__T h << 28 |           \
     SPANLOG__T i << 32 | SPANLOG__T j << 36 | SPANLOG__T k << 40)
#define SPANLOG__TYPE_12(m, a, b, c, d, e, f, g, h, i, j, k, l, ...)                               \
    (SPANLOG__T a | SPANLOG__T b << 4 | SPANLOG__T c << 8 | SPANLOG__T d << 12 |                   \
     SPANLOG__T e << 16 | SPANLOG__T f << 20 | SPANLOG__T g << 24 | SPANLOG__T h << 28 |           \
     SPANLOG__T i << 32 | SPANLOG__T j << 36 | SPANLOG__T k << 40 | SPANLOG__T l << 44)
#define SPANLOG__TYPE_13(m, a, b, c, d, e, f, g, h, i, j, k, l, n, ...)                            \
    (SPANLOG__T a | SPANLOG__T b << 4 | SPANLOG__T c << 8 | SPANLOG__T d << 12 |                   \
     SPANLOG__T e << 16 | SPANLOG__T f << 20 | SPANLOG__T g << 24 | SPANLOG__T h << 28 |           \
     SPANLOG__T i << 32 | SPANLOG__T j << 36 | SPANLOG__T k << 40 | SPANLOG__T l << 44 |           \
     SPANLOG__T n << 48)
#define SPANLOG__TYPE_14(m, a, b, c, d, e, f, g, h, i, j, k, l, n, o, ...)                         \
    (SPANLOG__T a | SPANLOG__T b << 4 | SPANLOG__T c << 8 | SPANLOG__T d << 12 |                   \
     SPANLOG__T e << 16 | SPANLOG__T f << 20 | SPANLOG__T g << 24 | SPANLOG__T h << 28 |           \
     SPANLOG__T i << 32 | SPANLOG__T j << 36 | SPANLOG__T k << 40 | SPANLOG__T l << 44 |           \
     SPANLOG__T n << 48 | SPANLOG__T o << 52)
#define SPANLOG__TYPE_15(m, a, b, c, d, e, f, g, h, i, j, k, l, n, o, p, ...)                      \
    (SPANLOG__T a | SPANLOG__T b << 4 | SPANLOG__T c << 8 | SPANLOG__T d << 12 |                   \
     SPANLOG__T e << 16 | SPANLOG__T f << 20 | SPANLOG__T g << 24 | SPANLOG__T h << 28 |           \
     SPANLOG__T i << 32 | SPANLOG__T j << 36 | SPANLOG__T k << 40 | SPANLOG__T l << 44 |           \
     SPANLOG__T n << 48 | SPANLOG__T o << 52 | SPANLOG__T p << 56)
#define SPANLOG__TYPE_16(m, a, b, c, d, e, f, g, h, i, j, k, l, n, o, p, q, ...)                   \
    (SPANLOG__T a | SPANLOG__T b << 4 | SPANLOG__T c << 8 | SPANLOG__T d << 12 |                   \
     SPANLOG__T e << 16 | SPANLOG__T f << 20 | SPANLOG__T g << 24 | SPANLOG__T h << 28 |           \
     SPANLOG__T i << 32 | SPANLOG__T j << 36 | SPANLOG__T k << 40 | SPANLOG__T l << 44 |           \
     SPANLOG__T n << 48 | SPANLOG__T o << 52 | SPANLOG__T p << 56 | SPANLOG__T q << 60)

#define SPANLOG__V spanlog_field_value_must_come_from_kv
#define SPANLOG__VALUES(n, ...) SPANLOG__CAT(SPANLOG__VALUE_, n)(__VA_ARGS__, ~)
#define SPANLOG__VALUE_0(m, ...) spanlog__slot_i(0)
#define SPANLOG__VALUE_at_most_16_fields(...)
#define SPANLOG__VALUE_1(m, a, ...) SPANLOG__V a
#define SPANLOG__VALUE_2(m, a, b, ...) SPANLOG__V a SPANLOG__V b
#define SPANLOG__VALUE_3(m, a, b, c, ...) SPANLOG__V a SPANLOG__V b SPANLOG__V c
#define SPANLOG__VALUE_4(m, a, b, c, d, ...) SPANLOG__V a SPANLOG__V b SPANLOG__V c SPANLOG__V d
#define SPANLOG__VALUE_5(m, a, b, c, d, e, ...)                                                    \
    SPANLOG__V a SPANLOG__V b SPANLOG__V c SPANLOG__V d SPANLOG__V e
#define SPANLOG__VALUE_6(m, a, b, c, d, e, f, ...)                                                 \
    SPANLOG__V a SPANLOG__V b SPANLOG__V c SPANLOG__V d SPANLOG__V e SPANLOG__V f
#define SPANLOG__VALUE_7(m, a, b, c, d, e, f, g, ...)                                              \
    SPANLOG__V a SPANLOG__V b SPANLOG__V c SPANLOG__V d SPANLOG__V e SPANLOG__V f SPANLOG__V g
#define SPANLOG__VALUE_8(m, a, b, c, d, e, f, g, h, ...)                                           \
    SPANLOG__V a SPANLOG__V b SPANLOG__V c SPANLOG__V d SPANLOG__V e SPANLOG__V f SPANLOG__V g     \
        SPANLOG__V h
#define SPANLOG__VALUE_9(m, a, b, c, d, e, f, g, h, i, ...)                                        \
    SPANLOG__V a SPANLOG__V b SPANLOG__V c SPANLOG__V d SPANLOG__V e SPANLOG__V f SPANLOG__V g     \
        SPANLOG__V h SPANLOG__V i
#define SPANLOG__VALUE_10(m, a, b, c, d, e, f, g, h, i, j, ...)                                    \
    SPANLOG__V a SPANLOG__V b SPANLOG__V c SPANLOG__V d SPANLOG__V e SPANLOG__V f SPANLOG__V g     \
        SPANLOG__V h SPANLOG__V i SPANLOG__V j
#define SPANLOG__VALUE_11(m, a, b, c, d, e, f, g, h, i, j, k, ...)                                 \
    SPANLOG__V a SPANLOG__V b SPANLOG__V c SPANLOG__V d SPANLOG__V e SPANLOG__V f SPANLOG__V g     \
        SPANLOG__V h SPANLOG__V i SPANLOG__V j SPANLOG__V k
#define SPANLOG__VALUE_12(m, a, b, c, d, e, f, g, h, i, j, k, l, ...)                              \
    SPANLOG__V a SPANLOG__V b SPANLOG__V c SPANLOG__V d SPANLOG__V e SPANLOG__V f SPANLOG__V g     \
        SPANLOG__V h SPANLOG__V i SPANLOG__V j SPANLOG__V k SPANLOG__V l
#define SPANLOG__VALUE_13(m, a, b, c, d, e, f, g, h, i, j, k, l, n, ...)                           \
    SPANLOG__V a SPANLOG__V b SPANLOG__V c SPANLOG__V d SPANLOG__V e SPANLOG__V f SPANLOG__V g     \
        SPANLOG__V h SPANLOG__V i SPANLOG__V j SPANLOG__V k SPANLOG__V l SPANLOG__V n
#define SPANLOG__VALUE_14(m, a, b, c, d, e, f, g, h, i, j, k, l, n, o, ...)                        \
    SPANLOG__V a SPANLOG__V b SPANLOG__V c SPANLOG__V d SPANLOG__V e SPANLOG__V f SPANLOG__V g     \
        SPANLOG__V h SPANLOG__V i SPANLOG__V j SPANLOG__V k SPANLOG__V l SPANLOG__V n SPANLOG__V o
#define SPANLOG__VALUE_15(m, a, b, c, d, e, f, g, h, i, j, k, l, n, o, p, ...)                     \
    SPANLOG__V a SPANLOG__V b SPANLOG__V c SPANLOG__V d SPANLOG__V e SPANLOG__V f SPANLOG__V g     \
        SPANLOG__V h SPANLOG__V i SPANLOG__V j SPANLOG__V k SPANLOG__V l SPANLOG__V n SPANLOG__V o \
            SPANLOG__V p
#define SPANLOG__VALUE_16(m, a, b, c, d, e, f, g, h, i, j, k, l, n, o, p, q, ...)                  \
    SPANLOG__V a SPANLOG__V b SPANLOG__V c SPANLOG__V d SPANLOG__V e SPANLOG__V f SPANLOG__V g     \
        SPANLOG__V h SPANLOG__V i SPANLOG__V j SPANLOG__V k SPANLOG__V l SPANLOG__V n SPANLOG__V o \
            SPANLOG__V p SPANLOG__V q

/* ---- the statements -------------------------------------------------------------------- */

/* A static site; `...` is the text and its fields. */
#define SPANLOG__SITE(name, level, form, kind, ...)                                                \
    SPANLOG__SITE_(name, level, form, kind, SPANLOG__COUNT(__VA_ARGS__), __VA_ARGS__)
#define SPANLOG__SITE_(name, level, form, kind, n, ...)                                            \
    static struct spanlog__site name = {SPANLOG__STATE_NEW,                                        \
                                        0,                                                         \
                                        "" SPANLOG__FIRST(__VA_ARGS__) "",                         \
                                        SPANLOG__KEYS(n, __VA_ARGS__),                             \
                                        __FILE__,                                                  \
                                        SPANLOG__LOGGER_NAME,                                      \
                                        SPANLOG__TYPES(n, __VA_ARGS__),                            \
                                        __LINE__,                                                  \
                                        level,                                                     \
                                        form,                                                      \
                                        n,                                                         \
                                        kind}
#define SPANLOG__ARGUMENTS(...) SPANLOG__ARGUMENTS_(SPANLOG__COUNT(__VA_ARGS__), __VA_ARGS__)
#define SPANLOG__ARGUMENTS_(n, ...) SPANLOG__SLOTS(n, SPANLOG__VALUES(n, __VA_ARGS__))

#define SPANLOG__STATE(site) __atomic_load_n(&(site).state, __ATOMIC_RELAXED)
/* Does `...` where the site is on, which is asked before any argument is evaluated. Off is one
 * comparison and no jump: what is on is laid aside by the compiler, where a jump is nothing beside
 * the work. A switch has fewer ways through it than two conditions: less to compile, less code. */
#define SPANLOG__IF_ON(site, ...)                                                                  \
    switch (SPANLOG__MOSTLY(SPANLOG__STATE(site), SPANLOG__STATE_OFF)) {                           \
    case SPANLOG__STATE_OFF:                                                                       \
        break;                                                                                     \
    default:                                                                                       \
        if (!spanlog__ready(&(site)))                                                              \
            break;                                                                                 \
        SPANLOG__FALLTHROUGH;                                                                      \
    case SPANLOG__STATE_ON:                                                                        \
        __VA_ARGS__;                                                                               \
    }
#define SPANLOG__IF_ON_TO(logger, site)                                                            \
    if (SPANLOG__STATE(site) != SPANLOG__STATE_OFF && spanlog__ready_to(&(logger), &(site)))

#define SPANLOG__LOG(level, ...) SPANLOG__LOG_(level, SPANLOG__COUNT(__VA_ARGS__), __VA_ARGS__)
#define SPANLOG__LOG_(level, n, ...)                                                               \
    do {                                                                                           \
        SPANLOG__SITE_(spanlog__site_, level, SPANLOG__FORM_LOG, 0, n, __VA_ARGS__);               \
        SPANLOG__IF_ON(spanlog__site_,                                                             \
                       spanlog__log(&spanlog__site_, SPANLOG__ARGUMENTS_(n, __VA_ARGS__)));        \
    } while (0)

#define SPANLOG__LOG_TO(level, logger, ...)                                                        \
    do {                                                                                           \
        SPANLOG__SITE(spanlog__site_, level, SPANLOG__FORM_LOG, 0, __VA_ARGS__);                   \
        SPANLOG__IF_ON_TO(logger, spanlog__site_)                                                  \
        spanlog__log_to(&(logger), &spanlog__site_, SPANLOG__ARGUMENTS(__VA_ARGS__));              \
    } while (0)

#define SPANLOG__LOGF(level, ...)                                                                  \
    do {                                                                                           \
        SPANLOG__SITE_(spanlog__site_, level, SPANLOG__FORM_LOGF, 0, 0, __VA_ARGS__);              \
        SPANLOG__IF_ON(spanlog__site_, spanlog__logf(NULL, &spanlog__site_, __VA_ARGS__));         \
    } while (0)

#define SPANLOG__LOGF_TO(level, logger, ...)                                                       \
    do {                                                                                           \
        SPANLOG__SITE_(spanlog__site_, level, SPANLOG__FORM_LOGF, 0, 0, __VA_ARGS__);              \
        SPANLOG__IF_ON_TO(logger, spanlog__site_)                                                  \
        spanlog__logf(&(logger), &spanlog__site_, __VA_ARGS__);                                    \
    } while (0)

/* Only enabled calls count. The counter is shared by all threads. */
#define SPANLOG__EVERY(level, n, ...)                                                              \
    do {                                                                                           \
        SPANLOG__SITE(spanlog__site_, level, SPANLOG__FORM_LOG, 0, __VA_ARGS__);                   \
        static uint64_t spanlog__count_;                                                           \
        SPANLOG__IF_ON(spanlog__site_,                                                             \
                       if (spanlog__due(&spanlog__count_, (uint64_t)(n)))                          \
                           spanlog__log(&spanlog__site_, SPANLOG__ARGUMENTS(__VA_ARGS__)));        \
    } while (0)

SPANLOG__INLINE bool spanlog__due(uint64_t *count, uint64_t n) {
    if (n == 0) /* once */
        return __atomic_load_n(count, __ATOMIC_RELAXED) == 0 &&
               __atomic_exchange_n(count, 1, __ATOMIC_RELAXED) == 0;
    return __atomic_fetch_add(count, 1, __ATOMIC_RELAXED) % n == 0;
}

#endif
