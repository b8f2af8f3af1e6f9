/* delivery: says in how many days an order arrives. The shop's only service that speaks gRPC.
 *
 *     shop-delivery --port-file FILE   listens on a free port of 127.0.0.1 and writes it there
 *
 *     /shop.Delivery/Promise   "piano 2" -> "14"; NOT_FOUND for what it does not deliver
 *
 * The line to copy is watch(builder): every call then has a span that continues the caller's trace.
 */
#define SPANLOG_LOGGER_NAME "delivery"
#include <csignal>
#include <cstdio>
#include <cstring>
#include <grpcpp/generic/async_generic_service.h>
#include <spanlog/grpcpp.h>

/* 0: nothing that is delivered. */
static int days_for(const std::string &item, int quantity) {
    static const struct {
        const char *item;
        int days;
    } known[] = {{"tea", 2}, {"cup", 2}, {"kettle", 3}, {"piano", 14}, {"organ", 21}};
    for (const auto &each : known) {
        if (item == each.item)
            return each.days + quantity / 10;
    }
    return 0;
}

static std::string text_of(const grpc::ByteBuffer &bytes) {
    grpc::Slice slice;
    return bytes.DumpToSingleSlice(&slice).ok() ? std::string(slice.begin(), slice.end()) : "";
}

/* One call. Its reactions run on gRPC's threads: `scope` puts them into the call's span. */
class promise final : public grpc::ServerGenericBidiReactor {
  public:
    explicit promise(grpc::GenericCallbackServerContext *context) : context_(context) {
        if (context->method() == "/shop.Delivery/Promise")
            StartRead(&request_);
        else
            Finish(grpc::Status(grpc::StatusCode::UNIMPLEMENTED, "no such method"));
    }

    void OnReadDone(bool ok) override {
        spanlog::grpcpp::scope in_call(context_);
        char item[32] = "";
        int quantity = 0;
        if (!ok || sscanf(text_of(request_).c_str(), "%31s %d", item, &quantity) != 2) {
            Finish(
                grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "item and quantity are needed"));
            return;
        }
        int days = days_for(item, quantity);
        if (days == 0) {
            spanlog_warn("not delivered", kv("item", (const char *)item));
            Finish(grpc::Status(grpc::StatusCode::NOT_FOUND, "not delivered"));
            return;
        }
        spanlog_info("delivery promised", kv("item", (const char *)item), kv("days", days));
        grpc::Slice slice(std::to_string(days));
        reply_ = grpc::ByteBuffer(&slice, 1);
        StartWriteAndFinish(&reply_, grpc::WriteOptions(), grpc::Status::OK);
    }

    void OnDone() override {
        delete this;
    }

  private:
    grpc::GenericCallbackServerContext *context_;
    grpc::ByteBuffer request_, reply_;
};

class delivery final : public grpc::CallbackGenericService {
  public:
    grpc::ServerGenericBidiReactor *
    CreateReactor(grpc::GenericCallbackServerContext *context) override {
        return new promise(context);
    }
};

/* Under another name first, so that who waits for the file never reads half of it. */
static bool write_port(const std::string &path, int port) {
    std::string temporary = path + ".new";
    FILE *file = fopen(temporary.c_str(), "w");
    if (file == nullptr)
        return false;
    bool written = fprintf(file, "%d\n", port) > 0;
    return fclose(file) == 0 && written && rename(temporary.c_str(), path.c_str()) == 0;
}

int main(int argc, char **argv) {
    if (argc != 3 || strcmp(argv[1], "--port-file") != 0) {
        fprintf(stderr, "usage: %s --port-file FILE\n", argv[0]);
        return 2;
    }
    sigset_t stop_signals;
    sigemptyset(&stop_signals);
    sigaddset(&stop_signals, SIGTERM);
    sigaddset(&stop_signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &stop_signals, nullptr); /* gRPC's threads inherit it */
    spanlog_config config = {};
    config.size = sizeof config;
    config.service = "delivery";
    config.version = "0.9.2";
    spanlog_init(&config);

    delivery service;
    int port = 0;
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterCallbackGenericService(&service);
    spanlog::grpcpp::watch(builder);
    std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
    if (server == nullptr || port == 0) {
        spanlog_fatal("cannot listen");
        return 1;
    }
    spanlog_info("listening", kv("port", port));
    if (!write_port(argv[2], port))
        spanlog_error("cannot write the port file", kv("file", argv[2]), kv_errno());

    int stop_signal;
    sigwait(&stop_signals, &stop_signal);
    spanlog_info("stopping", kv("signal", stop_signal));
    server->Shutdown();
    return 0;
}
