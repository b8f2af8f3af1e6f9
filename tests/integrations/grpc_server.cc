/* tests/integrations/grpc_server.cc: a C++ server of each of grpc++'s APIs, for grpc_test.py.
 *
 *     grpc_server   prints its port, serves 127.0.0.1 until its stdin ends
 *
 * Every handler logs "handled" and answers with the ids that are current in it. The services are
 * registered as generated code does it, with messages that are bytes.
 */
#include "tests/integrations/grpc_bytes.h"

#include <grpcpp/impl/codegen/server_callback_handlers.h>
#include <grpcpp/support/async_unary_call.h>
#include <grpcpp/support/method_handler.h>
#include <spanlog/grpcpp.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <mutex>
#include <thread>

using bytes = grpc::ByteBuffer;
using grpc::internal::RpcMethod;
using grpc::internal::RpcServiceMethod;

/* "TRACE SPAN" of this thread. */
static std::string current_ids(const char *method) {
    char trace_id[33], span_id[17];
    spanlog_info("handled", kv("method", method));
    spanlog_trace_id(trace_id);
    spanlog_span_id(span_id);
    return std::string(trace_id) + " " + span_id;
}

/* ---- the synchronous API -------------------------------------------------------------------- */

class sync_service final : public grpc::Service {
  public:
    sync_service() {
        using namespace grpc::internal;
        add("/test.Sync/Unary", RpcMethod::NORMAL_RPC,
            new RpcMethodHandler<sync_service, bytes, bytes>(unary, this));
        add("/test.Sync/Fail", RpcMethod::NORMAL_RPC,
            new RpcMethodHandler<sync_service, bytes, bytes>(fail, this));
        add("/test.Sync/Slow", RpcMethod::NORMAL_RPC,
            new RpcMethodHandler<sync_service, bytes, bytes>(slow, this));
        add("/test.Sync/Collect", RpcMethod::CLIENT_STREAMING,
            new ClientStreamingHandler<sync_service, bytes, bytes>(collect, this));
        add("/test.Sync/Expand", RpcMethod::SERVER_STREAMING,
            new ServerStreamingHandler<sync_service, bytes, bytes>(expand, this));
        add("/test.Sync/Chat", RpcMethod::BIDI_STREAMING,
            new BidiStreamingHandler<sync_service, bytes, bytes>(chat, this));
    }

  private:
    void add(const char *name, RpcMethod::RpcType type, grpc::internal::MethodHandler *handler) {
        AddMethod(new RpcServiceMethod(name, type, handler));
    }

    static grpc::Status unary(sync_service *, grpc::ServerContext *context, const bytes *,
                              bytes *reply) {
        spanlog::grpcpp::with_span(
            context, [](spanlog_span *span) { spanlog_set(span, kv("order.id", 7)); });
        spanlog_scope(inner, "inner");
        *reply = to_bytes(current_ids("Unary"));
        return grpc::Status::OK;
    }

    /* "CODE TEXT" */
    static grpc::Status fail(sync_service *, grpc::ServerContext *, const bytes *request, bytes *) {
        std::string text = to_text(*request);
        char *rest;
        long code = strtol(text.c_str(), &rest, 10);
        current_ids("Fail");
        return grpc::Status(static_cast<grpc::StatusCode>(code), *rest == ' ' ? rest + 1 : rest);
    }

    static grpc::Status slow(sync_service *, grpc::ServerContext *context, const bytes *, bytes *) {
        current_ids("Slow");
        for (int i = 0; i < 1000 && !context->IsCancelled(); i++)
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        return context->IsCancelled() ? grpc::Status::CANCELLED : grpc::Status::OK;
    }

    static grpc::Status collect(sync_service *, grpc::ServerContext *,
                                grpc::ServerReader<bytes> *reader, bytes *reply) {
        bytes message;
        int count = 0;
        while (reader->Read(&message))
            count++;
        *reply = to_bytes(current_ids("Collect") + " " + std::to_string(count));
        return grpc::Status::OK;
    }

    static grpc::Status expand(sync_service *, grpc::ServerContext *, const bytes *,
                               grpc::ServerWriter<bytes> *writer) {
        std::string ids = current_ids("Expand");
        for (int i = 0; i < 3; i++)
            writer->Write(to_bytes(ids));
        return grpc::Status::OK;
    }

    static grpc::Status chat(sync_service *, grpc::ServerContext *,
                             grpc::ServerReaderWriter<bytes, bytes> *stream) {
        bytes message;
        while (stream->Read(&message))
            stream->Write(to_bytes(current_ids("Chat")));
        return grpc::Status::OK;
    }
};

/* ---- the callback API ----------------------------------------------------------------------- */

class chat_reactor final : public grpc::ServerBidiReactor<bytes, bytes> {
  public:
    explicit chat_reactor(grpc::CallbackServerContext *context) : context_(context) {
        spanlog_info("chat begins");
        StartRead(&message_);
    }

    void OnReadDone(bool ok) override {
        spanlog::grpcpp::scope in_call(context_);
        if (!ok) {
            Finish(grpc::Status::OK);
            return;
        }
        reply_ = to_bytes(current_ids("Chat"));
        StartWrite(&reply_);
    }

    void OnWriteDone(bool ok) override {
        if (ok)
            StartRead(&message_);
        else
            Finish(grpc::Status(grpc::StatusCode::ABORTED, "cannot write"));
    }

    void OnCancel() override {
        spanlog::grpcpp::scope in_call(context_);
        spanlog_info("chat cancelled");
    }

    void OnDone() override {
        {
            spanlog::grpcpp::scope in_call(context_);
            spanlog_info("chat done");
        }
        delete this;
    }

  private:
    grpc::CallbackServerContext *context_;
    bytes message_, reply_;
};

class callback_service final : public grpc::Service {
  public:
    callback_service() {
        using namespace grpc::internal;
        AddMethod(new RpcServiceMethod("/test.Callback/Unary", RpcMethod::NORMAL_RPC, nullptr));
        MarkMethodCallback(0, new CallbackUnaryHandler<bytes, bytes>(unary));
        AddMethod(new RpcServiceMethod("/test.Callback/Chat", RpcMethod::BIDI_STREAMING, nullptr));
        MarkMethodCallback(1, new CallbackBidiHandler<bytes, bytes>(
                                  [](grpc::CallbackServerContext *context)
                                      -> grpc::ServerBidiReactor<bytes, bytes> * {
                                      return new chat_reactor(context);
                                  }));
    }

  private:
    static grpc::ServerUnaryReactor *unary(grpc::CallbackServerContext *context, const bytes *,
                                           bytes *reply) {
        *reply = to_bytes(current_ids("Unary"));
        grpc::ServerUnaryReactor *reactor = context->DefaultReactor();
        reactor->Finish(grpc::Status::OK);
        return reactor;
    }
};

/* ---- the completion-queue API --------------------------------------------------------------- */

class async_service final : public grpc::Service {
  public:
    async_service() {
        AddMethod(new RpcServiceMethod("/test.Async/Unary", RpcMethod::NORMAL_RPC, nullptr));
        MarkMethodAsync(0);
    }

    /* One call at a time, until stop(). */
    void serve(grpc::ServerCompletionQueue *queue) {
        bool ok = true;
        while (ok) {
            grpc::ServerContext context;
            bytes request;
            grpc::ServerAsyncResponseWriter<bytes> writer(&context);
            void *tag;
            {
                std::lock_guard<std::mutex> guard(lock_);
                if (stopped_)
                    break;
                RequestAsyncUnary(0, &context, &request, &writer, queue, queue, this);
            }
            if (!queue->Next(&tag, &ok) || !ok)
                break;
            spanlog::grpcpp::scope in_call(&context);
            bytes reply = to_bytes(current_ids("Unary"));
            writer.Finish(reply, grpc::Status::OK, this);
            queue->Next(&tag, &ok);
        }
    }

    /* Before the server is shut down: gRPC aborts when it is asked for a call behind that. */
    void stop() {
        std::lock_guard<std::mutex> guard(lock_);
        stopped_ = true;
    }

  private:
    std::mutex lock_;
    bool stopped_ = false;
};

int main() {
    sync_service sync;
    callback_service callback;
    async_service async;
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(&sync);
    builder.RegisterService(&callback);
    builder.RegisterService(&async);
    std::unique_ptr<grpc::ServerCompletionQueue> queue = builder.AddCompletionQueue();
    spanlog::grpcpp::watch(builder);
    std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
    if (server == nullptr)
        return 1;
    std::thread async_thread([&] { async.serve(queue.get()); });
    printf("%d\n", port);
    fflush(stdout);
    while (getchar() != EOF)
        continue;
    async.stop();
    server->Shutdown(std::chrono::system_clock::now() + std::chrono::seconds(2));
    queue->Shutdown();
    async_thread.join();
    void *tag;
    bool ok;
    while (queue->Next(&tag, &ok))
        continue;
    return 0;
}
