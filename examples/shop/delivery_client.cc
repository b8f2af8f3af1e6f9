/* delivery_client: see delivery.h. The line to copy is create_channel: every call of the channel
 * then has a span, and the called service gets its context. With generated code the stub is made of
 * that channel as of any other; here messages are plain text, so that the example needs no protoc.
 */
#define SPANLOG_LOGGER_NAME "delivery"
#include "delivery.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <grpcpp/generic/generic_stub.h>
#include <spanlog/grpcpp.h>

static const int TIMEOUT_MS = 4000;

/* Made by the first call: gRPC's threads then leave signals alone, as the caller does. */
static const std::shared_ptr<grpc::Channel> &service() {
    static const char *const target = getenv("SHOP_DELIVERY");
    static const std::shared_ptr<grpc::Channel> channel =
        target != nullptr
            ? spanlog::grpcpp::create_channel(target, grpc::InsecureChannelCredentials())
            : nullptr;
    return channel;
}

static grpc::Status promise(const std::string &order, grpc::ByteBuffer *ret_reply) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(TIMEOUT_MS));
    grpc::CompletionQueue queue;
    grpc::GenericStub stub(service());
    grpc::Slice slice(order);
    grpc::ByteBuffer request(&slice, 1);
    auto call = stub.PrepareUnaryCall(&context, "/shop.Delivery/Promise", request, &queue);
    grpc::Status status;
    void *tag;
    bool ok;
    call->StartCall();
    call->Finish(ret_reply, &status, &status);
    queue.Next(&tag, &ok);
    return status;
}

int delivery_days(const char *item, int quantity) {
    grpc::ByteBuffer reply;
    grpc::Slice text;
    if (service() == nullptr)
        return 0;
    grpc::Status status = promise(std::string(item) + " " + std::to_string(quantity), &reply);
    if (!status.ok() || !reply.DumpToSingleSlice(&text).ok()) {
        spanlog_warn("no delivery date", kv("item", item),
                     kv("reason", status.error_message().c_str()));
        return 0;
    }
    return atoi(std::string(text.begin(), text.end()).c_str());
}
