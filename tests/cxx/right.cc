// tests/cxx/right.cc: call sites where C++ has them and C has not.
#include <spanlog/spanlog.h>

#include <cstdint>
#include <string>

enum class Color : std::uint8_t { red, green };

inline void in_an_inline_function(const std::string &name) {
    spanlog_scope(sp, "inline", kv("name", name.c_str()));
    spanlog_info("inline", kv_n("name", name.data(), name.size()));
}

template <class T> void in_a_template(T value) {
    spanlog_scope(sp, "template", kv("value", value));
    spanlog_info("template", kv("value", value), kv("size", sizeof value));
    spanlog_infof("template %d", static_cast<int>(value));
}

class Worker {
  public:
    explicit Worker(int n) : n_(n) {
        spanlog_debug("constructed", kv("n", n_));
    }
    void works() const {
        auto lambda = [this](int i) {
            spanlog_info("lambda", kv("i", i + n_), kv("color", Color::green));
        };
        lambda(1);
        spanlog_event(&span_, "worked");
    }

  private:
    int n_;
    mutable spanlog_span span_{};
};

static spanlog_logger db = SPANLOG_LOGGER("db");

int main() {
    in_an_inline_function("name");
    in_a_template(1);
    in_a_template(2u);
    in_a_template(3.5);
    in_a_template(true);
    Worker(4).works();
    spanlog_info_to(db, "named", kv("k", nullptr == nullptr));
    try {
        spanlog_scope(sp, "throws");
        throw 1;
    } catch (int) {
        spanlog_warn("caught");
    }
}
