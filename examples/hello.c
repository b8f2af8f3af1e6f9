/* hello: the smallest program. Build it with `cc hello.c -lspanlog`. */
#include <spanlog/spanlog.h>
int main(void) {
    spanlog_info("hello, world", kv("answer", 42));
}
