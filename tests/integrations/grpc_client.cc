/* tests/integrations/grpc_client.cc: calls of each of grpc++'s APIs, for grpc_test.py.
 *
 *     grpc_client 127.0.0.1:PORT 127.0.0.1:CLOSED   prints a line for each call: NAME CODE ANSWER
 *
 * Each call is made in a span of its name. The calls are made as generated stubs make them, with
 * messages that are bytes.
 */
#include "tests/integrations/grpc_bytes.h"

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/impl/codegen/client_unary_call.h>
#include <grpcpp/support/sync_stream.h>
#include <spanlog/grpcpp.h>

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstring>
#include <future>
#include <thread>

using bytes = grpc::ByteBuffer;
using grpc::internal::RpcMethod;

static std::shared_ptr<grpc::Channel> channel, closed_channel;

static void tell(const char *name, const grpc::Status &status, const std::string &text) {
    printf("%s %d %s\n", name, static_cast<int>(status.error_code()), text.c_str());
}

static std::chrono::system_clock::time_point after_ms(int ms) {
    return std::chrono::system_clock::now() + std::chrono::milliseconds(ms);
}

/* ---- the synchronous API -------------------------------------------------------------------- */

static void call_unary(const char *name, const std::shared_ptr<grpc::Channel> &to,
                       const char *method, const char *text, grpc::ClientContext *context) {
    bytes reply;
    RpcMethod rpc(method, RpcMethod::NORMAL_RPC, to);
    grpc::Status status = grpc::internal::BlockingUnaryCall<bytes, bytes>(to.get(), rpc, context,
                                                                          to_bytes(text), &reply);
    tell(name, status, to_text(reply));
}

static void unary() {
    spanlog_scope(span, "unary");
    grpc::ClientContext context;
    call_unary("unary", channel, "/peer.Echo/Unary", "", &context);
}

static void collect() {
    spanlog_scope(span, "collect");
    grpc::ClientContext context;
    bytes reply;
    RpcMethod rpc("/peer.Echo/Collect", RpcMethod::CLIENT_STREAMING, channel);
    std::unique_ptr<grpc::ClientWriter<bytes>> writer(
        grpc::internal::ClientWriterFactory<bytes>::Create(channel.get(), rpc, &context, &reply));
    for (int i = 0; i < 4; i++)
        writer->Write(to_bytes("part"));
    writer->WritesDone();
    grpc::Status status = writer->Finish();
    tell("collect", status, to_text(reply));
}

static void expand() {
    spanlog_scope(span, "expand");
    grpc::ClientContext context;
    bytes message, last;
    RpcMethod rpc("/peer.Echo/Expand", RpcMethod::SERVER_STREAMING, channel);
    std::unique_ptr<grpc::ClientReader<bytes>> reader(
        grpc::internal::ClientReaderFactory<bytes>::Create(channel.get(), rpc, &context,
                                                           to_bytes("3")));
    while (reader->Read(&message))
        last = message;
    grpc::Status status = reader->Finish();
    tell("expand", status, to_text(last));
}

static std::unique_ptr<grpc::ClientReaderWriter<bytes, bytes>> chat(grpc::ClientContext *context) {
    RpcMethod rpc("/peer.Echo/Chat", RpcMethod::BIDI_STREAMING, channel);
    return std::unique_ptr<grpc::ClientReaderWriter<bytes, bytes>>(
        grpc::internal::ClientReaderWriterFactory<bytes, bytes>::Create(channel.get(), rpc,
                                                                        context));
}

/* Reads and writes at once, each on its thread. */
static void chat_on_two_threads() {
    spanlog_scope(span, "chat");
    grpc::ClientContext context;
    bytes message, last;
    auto stream = chat(&context);
    std::thread writer([&] {
        for (int i = 0; i < 50; i++)
            stream->Write(to_bytes("part"));
        stream->WritesDone();
    });
    while (stream->Read(&message))
        last = message;
    writer.join();
    grpc::Status status = stream->Finish();
    tell("chat", status, to_text(last));
}

static void cancelled() {
    spanlog_scope(span, "cancelled");
    grpc::ClientContext context;
    bytes message;
    auto stream = chat(&context);
    stream->Write(to_bytes("part"));
    stream->Read(&message);
    context.TryCancel();
    grpc::Status status = stream->Finish();
    tell("cancelled", status, to_text(message));
}

static void fails() {
    spanlog_scope(span, "fails");
    grpc::ClientContext context;
    call_unary("fails", channel, "/peer.Echo/Fail", "5 no such order", &context);
}

static void times_out() {
    spanlog_scope(span, "times out");
    grpc::ClientContext context;
    context.set_deadline(after_ms(1500));
    call_unary("times-out", channel, "/peer.Echo/Slow", "", &context);
}

static void finds_nobody() {
    spanlog_scope(span, "finds nobody");
    grpc::ClientContext context;
    call_unary("finds-nobody", closed_channel, "/peer.Echo/Unary", "", &context);
}

/* ---- what the program sends itself ---------------------------------------------------------- */

static void has_its_own_metadata() {
    spanlog_scope(span, "has its own metadata");
    grpc::ClientContext context;
    std::string every_byte;
    for (int i = 0; i < 256; i++)
        every_byte.push_back(static_cast<char>(i));
    context.AddMetadata("token-bin", every_byte);
    context.AddMetadata("grpc-trace-bin", every_byte);
    context.AddMetadata("order", "7");
    context.AddMetadata("traceparent", "00-11111111111111111111111111111111-2222222222222222-01");
    call_unary("has-its-own-metadata", channel, "/peer.Echo/Unary", "", &context);
}

static void carries_more() {
    spanlog_scope(span, "carries more");
    spanlog_baggage_set("user", "ann m\xc3\xbcller\n,;=");
    spanlog_tracestate_set("shop", "t61rcWkgMzE");
    grpc::ClientContext context;
    call_unary("carries-more", channel, "/peer.Echo/Unary", "", &context);
}

static void is_not_sampled() {
    spanlog_ctx parent = {};
    memset(parent.trace_id, 0x33, sizeof parent.trace_id);
    memset(parent.span_id, 0x44, sizeof parent.span_id);
    spanlog_ctx before = spanlog_ctx_attach(parent);
    grpc::ClientContext context;
    call_unary("is-not-sampled", channel, "/peer.Echo/Unary", "", &context);
    spanlog_ctx_attach(before);
}

/* ---- the callback API ----------------------------------------------------------------------- */

static void callback_unary() {
    spanlog_scope(span, "callback unary");
    grpc::ClientContext context;
    bytes request = to_bytes(""), reply;
    std::promise<grpc::Status> done;
    RpcMethod rpc("/peer.Echo/Unary", RpcMethod::NORMAL_RPC, channel);
    grpc::internal::CallbackUnaryCall<bytes, bytes>(
        channel.get(), rpc, &context, &request, &reply,
        [&done](grpc::Status status) { done.set_value(std::move(status)); });
    grpc::Status status = done.get_future().get();
    tell("callback-unary", status, to_text(reply));
}

class chat_reactor final : public grpc::ClientBidiReactor<bytes, bytes> {
  public:
    chat_reactor(grpc::ClientContext *context, const std::shared_ptr<grpc::Channel> &to) {
        RpcMethod rpc("/peer.Echo/Chat", RpcMethod::BIDI_STREAMING, to);
        grpc::internal::ClientCallbackReaderWriterFactory<bytes, bytes>::Create(to.get(), rpc,
                                                                                context, this);
        StartWrite(&message_);
        StartRead(&reply_);
        StartCall();
    }

    void OnWriteDone(bool ok) override {
        if (ok && ++written_ < 5)
            StartWrite(&message_);
        else
            StartWritesDone();
    }

    void OnReadDone(bool ok) override {
        if (!ok)
            return;
        last_ = to_text(reply_);
        StartRead(&reply_);
    }

    void OnDone(const grpc::Status &status) override {
        done_.set_value(status);
    }

    grpc::Status wait() {
        return done_.get_future().get();
    }

    std::string last_;

  private:
    bytes message_ = to_bytes("part"), reply_;
    int written_ = 0;
    std::promise<grpc::Status> done_;
};

static void chat_by_callbacks(const char *name, const std::shared_ptr<grpc::Channel> &to) {
    grpc::ClientContext context;
    chat_reactor reactor(&context, to);
    grpc::Status status = reactor.wait();
    tell(name, status, reactor.last_);
}

static void callback_chat() {
    spanlog_scope(span, "callback chat");
    chat_by_callbacks("callback-chat", channel);
}

/* Messages take their time to come up: the status, on another thread, overtakes the last. */
class slow_reads final : public grpc::experimental::Interceptor,
                         public grpc::experimental::ClientInterceptorFactoryInterface {
    void Intercept(grpc::experimental::InterceptorBatchMethods *methods) override {
        if (methods->QueryInterceptionHookPoint(
                grpc::experimental::InterceptionHookPoints::POST_RECV_MESSAGE))
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
        methods->Proceed();
    }

    grpc::experimental::Interceptor *
    CreateClientInterceptor(grpc::experimental::ClientRpcInfo *) override {
        return new slow_reads;
    }
};

static void is_overtaken(const char *target) {
    spanlog_scope(span, "is overtaken");
    auto factories = spanlog::grpcpp::client_interceptors(target);
    factories.push_back(std::make_unique<slow_reads>());
    chat_by_callbacks("is-overtaken", grpc::experimental::CreateCustomChannelWithInterceptors(
                                          target, grpc::InsecureChannelCredentials(),
                                          grpc::ChannelArguments(), std::move(factories)));
}

/* ---- the completion-queue API --------------------------------------------------------------- */

/* Made on one thread and started on another, which is in no span. */
static void started_elsewhere() {
    spanlog_scope(span, "started elsewhere");
    grpc::ClientContext context;
    grpc::CompletionQueue queue;
    grpc::GenericStub stub(channel);
    bytes reply;
    grpc::Status status;
    auto call = stub.PrepareUnaryCall(&context, "/peer.Echo/Unary", to_bytes(""), &queue);
    std::thread([&] {
        call->StartCall(); /* nothing is sent before Finish */
        call->Finish(&reply, &status, &reply);
    }).join();
    void *tag;
    bool ok;
    queue.Next(&tag, &ok);
    tell("started-elsewhere", status, to_text(reply));
    queue.Shutdown();
}

static void never_started() {
    spanlog_scope(span, "never started");
    grpc::ClientContext context;
    grpc::CompletionQueue queue;
    grpc::GenericStub stub(channel);
    auto call = stub.PrepareCall(&context, "/peer.Echo/Never", &queue);
    queue.Shutdown();
}

/* The context goes before there was a status. */
static void dropped() {
    spanlog_scope(span, "dropped");
    bytes message;
    grpc::ClientContext context;
    auto stream = chat(&context);
    stream->Write(to_bytes("part"));
    stream->Read(&message);
}

int main(int argc, char **argv) {
    if (argc != 3)
        return 2;
    channel = spanlog::grpcpp::create_channel(argv[1], grpc::InsecureChannelCredentials());
    closed_channel = spanlog::grpcpp::create_channel(argv[2], grpc::InsecureChannelCredentials());
    unary();
    collect();
    expand();
    chat_on_two_threads();
    cancelled();
    fails();
    times_out();
    finds_nobody();
    has_its_own_metadata();
    carries_more();
    is_not_sampled();
    callback_unary();
    callback_chat();
    is_overtaken(argv[1]);
    started_elsewhere();
    never_started();
    dropped();
    channel.reset();
    closed_channel.reset();
    return 0;
}
