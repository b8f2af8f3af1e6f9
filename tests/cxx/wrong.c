/* clang-format off */
/* tests/cxx/wrong.c: uses that must not compile. Read by headers_test.py: each block is a comment
 * "NAME: words of C compilers' messages; C++: words of C++ compilers'", then the statement. */

/* a struct as a value: _Generic; C++: spanlog::detail::value|incomplete type */
struct s v = {1}; spanlog_info("m", kv("k", v));

/* a pointer to a struct as a value: _Generic; C++: spanlog::detail::value|incomplete type */
struct s v = {1}; spanlog_info("m", kv("k", &v));

/* a forgotten kv: must_be_written_kv|must_come_from_kv|kv; C++: must_be_written_kv|must_come_from_kv|kv */
spanlog_info("m", n);

/* a forgotten kv behind a good one: must_be_written_kv|must_come_from_kv|kv; C++: must_be_written_kv|must_come_from_kv|kv */
spanlog_info("m", kv("a", 1), text);

/* seventeen fields: at_most_16_fields; C++: at_most_16_fields */
spanlog_info("m", kv("a", 1), kv("b", 1), kv("c", 1), kv("d", 1), kv("e", 1), kv("f", 1), kv("g", 1), kv("h", 1), kv("i", 1), kv("j", 1), kv("k", 1), kv("l", 1), kv("m", 1), kv("n", 1), kv("o", 1), kv("p", 1), kv("q", 1));

/* a message that is no literal: expected|before; C++: expected|before|unable */
spanlog_info(text, kv("a", 1));

/* a key that is no literal: expected|before; C++: expected|before|unable */
spanlog_info("m", kv(text, 1));

/* a printf format that is no literal: expected|before; C++: expected|before|unable */
spanlog_infof(text, n);

/* a printf argument of a wrong type: format; C++: format */
spanlog_infof("%s", n);

/* a printf argument too few: format; C++: format */
spanlog_infof("%d %d", n);

/* a scope with a struct: _Generic; C++: spanlog::detail::value|incomplete type */
struct s v = {1}; spanlog_scope(sp, "op", kv("k", v));

/* a goto into a scope: jump|goto|crosses|bypass; C++: jump|goto|crosses|bypass */
_Pragma("GCC diagnostic error \"-Wjump-misses-init\"") if (n) goto inside; spanlog_scope(sp, "op"); inside: (void)sp;

