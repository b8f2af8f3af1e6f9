/* tests/bench/bench_spdlog.cpp: spdlog's asynchronous logger at the same work, for comparison.
 *
 *     bench_spdlog calls /tmp/x                 ns a call: tight bursts, paced; 1 and 2 threads
 *     bench_spdlog sustained /tmp/x 400000      ns and CPU seconds a record, memory
 *
 * The line has the fields that ours has, put together by spdlog's own format; nothing is escaped.
 * Queue of 8192, one thread behind it, blocking when full: spdlog's defaults.
 */
#include "measure.h"

#include <spdlog/async.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/spdlog.h>

#include <cstring>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace {

constexpr int burst = 2000, bursts = 30, paced_batch = 20, paced_batches = 2000, pause_us = 20;
std::shared_ptr<spdlog::logger> logger;

void open_logger(const char *path) {
    logger = spdlog::basic_logger_mt<spdlog::async_factory>("bench", path, true);
    logger->set_pattern(R"({"ts":"%Y-%m-%dT%H:%M:%S.%FZ","level":"%l","msg":"%v)");
}

/* Until the queue is empty; what the thread still writes then is one record. */
void drain() {
    while (spdlog::thread_pool()->queue_size() > 0)
        std::this_thread::yield();
}

void log_record(int i) {
    logger->info(
        R"(cache miss","service":"{}","trace_id":"{:016x}{:016x}","span_id":"{:016x}","trace_flags":"{:02x}","logger":"{}","src":"{}:{}","pid":{},"tid":{},"key":"{}","peer":"{}","hits":{},"ms":{}}})",
        "bench_drain", 0x193500000004bf9u, 0xa3ce929d0e0e473u, 0xf067aa0ba902b7u, 3, "bench",
        "tests/bench/bench_drain.c", 42, 71123, 71125, "user:7", "10.20.30.40", i, 1.25);
}

void sample(double *samples, int count) {
    for (int i = 0; i < count; i++) {
        uint64_t start = ticks_fenced();
        log_record(i);
        samples[i] = double(ticks_fenced() - start);
    }
}

void time_bursts(const char *name, int threads) {
    std::vector<double> samples(size_t(threads) * bursts * burst);
    for (int round = 0; round < bursts; round++) {
        std::vector<std::thread> workers;
        for (int t = 0; t < threads; t++)
            workers.emplace_back(sample, &samples[(size_t(t) * bursts + round) * burst], burst);
        for (auto &worker : workers)
            worker.join();
        drain();
    }
    report_distribution(name, samples.data(), samples.size(), fence_overhead());
}

void time_paced(const char *name, int threads) {
    std::vector<double> samples(size_t(threads) * paced_batches * paced_batch);
    std::vector<std::thread> workers;
    for (int t = 0; t < threads; t++)
        workers.emplace_back([&samples, t] {
            for (int batch = 0; batch < paced_batches; batch++) {
                sample(&samples[(size_t(t) * paced_batches + batch) * paced_batch], paced_batch);
                spin_us(pause_us);
            }
        });
    for (auto &worker : workers)
        worker.join();
    report_distribution(name, samples.data(), samples.size(), fence_overhead());
}

void time_sustained(int count) {
    for (int i = 0; i < 10000; i++)
        log_record(i);
    drain();
    double cpu = cpu_seconds();
    uint64_t start = monotonic_ns();
    for (int i = 0; i < count; i++)
        log_record(i);
    logger.reset();
    spdlog::shutdown(); /* writes the rest and joins */
    report("spdlog_record_ns", double(monotonic_ns() - start) / count);
    report("spdlog_cpu_s_per_million", (cpu_seconds() - cpu) / count * 1e6);
    report("spdlog_memory_mb", measure_status_kb("VmHWM:") / 1024);
}

} // namespace

int main(int argc, char **argv) {
    if (argc < 3)
        return 2;
    measure_calibrate();
    open_logger(argv[2]);
    if (std::strcmp(argv[1], "calls") == 0) {
        time_bursts("spdlog_call", 1);
        time_bursts("spdlog_call2", 2);
        time_paced("spdlog_paced", 1);
        time_paced("spdlog_paced2", 2);
    } else if (argc > 3 && std::strcmp(argv[1], "sustained") == 0) {
        time_sustained(std::atoi(argv[3]));
    }
    return 0;
}
