/* spanlog/grpcpp.h: spans for every call of a C++ program that uses grpc++, client and server.
 *
 * A client makes its channels here in place of grpc::CreateChannel; nothing else changes:
 *
 *     auto channel = spanlog::grpcpp::create_channel("pricing:50051", credentials);
 *     auto stub = shop::Pricing::NewStub(channel);
 *
 * A server adds one line before BuildAndStart():
 *
 *     grpc::ServerBuilder builder;
 *     spanlog::grpcpp::watch(builder);
 *
 * Where there are other interceptors, put client_interceptors(target) and server_interceptors()
 * among them: for a client last, so that what others retry or answer by themselves is not taken for
 * a call; for a server first.
 *
 * A client's span is a child of the span that is current where the call is made; what the program's
 * propagators write is sent as metadata, but for names that the program has set itself. Attributes
 * and errors are those of <spanlog/grpc.h>; messages of streams are events. A call that is never
 * started has no span; one that never gets a status ends with error.type "no_status".
 *
 * A server's span ends when the handler gives its status, and says that status, also where the
 * client has gone away; when gRPC knows of that before, there is an event "cancelled". On a server
 * the span is current in the handler: in all of a handler of the synchronous API, and in the
 * function that makes the reactor (or answers at once) of the callback API. Reactions, like
 * OnReadDone, and calls of the completion-queue API run on threads of gRPC's choice; there
 *
 *     spanlog::grpcpp::scope in_call(context); // as long as the call's context lives
 *     spanlog_info("first part is here");
 *
 * makes it current to the end of the block. What is done on a client when a call has ended (OnDone,
 * the callback of a unary call) is in no span: keep spanlog_ctx_current() and attach it there.
 *
 * Header-only, C++17, any thread. Link with spanlog::grpcpp (pkg-config spanlog-grpcpp).
 */
#ifndef SPANLOG_GRPCPP_H
#define SPANLOG_GRPCPP_H

#include <grpcpp/grpcpp.h>
#include <grpcpp/support/client_interceptor.h>
#include <grpcpp/support/server_interceptor.h>
#include <spanlog/grpc.h>

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace spanlog {
namespace grpcpp {

using client_factories =
    std::vector<std::unique_ptr<::grpc::experimental::ClientInterceptorFactoryInterface>>;
using server_factories =
    std::vector<std::unique_ptr<::grpc::experimental::ServerInterceptorFactoryInterface>>;

namespace detail {

using batch = ::grpc::experimental::InterceptorBatchMethods;
using hook = ::grpc::experimental::InterceptionHookPoints;

/* The span of one call. Reads and writes of a stream, and what cancels it, may be intercepted on
 * several threads at once: hence the lock, which is never held while gRPC or a handler runs. */
struct call {
    std::mutex mutex;
    spanlog_span span = {};
    spanlog_ctx ctx = {}; /* the span's, also when it has ended */
    bool began = false, ended = false;
    uint64_t messages[2] = {0, 0}; /* by spanlog_grpc_direction */

    void begin(spanlog_span begun) {
        std::lock_guard<std::mutex> guard(mutex);
        span = begun;
        ctx = spanlog_span_ctx(&span);
        began = true;
    }

    void count_messages(batch *methods) {
        std::lock_guard<std::mutex> guard(mutex);
        if (methods->QueryInterceptionHookPoint(hook::PRE_SEND_MESSAGE))
            spanlog_grpc_message(&span, SPANLOG_GRPC_SENT, ++messages[SPANLOG_GRPC_SENT], -1);
        if (methods->QueryInterceptionHookPoint(hook::POST_RECV_MESSAGE) &&
            methods->GetRecvMessage() != nullptr) /* NULL: the stream is at its end */
            spanlog_grpc_message(&span, SPANLOG_GRPC_RECEIVED, ++messages[SPANLOG_GRPC_RECEIVED],
                                 -1);
    }

    /* An event, unless the call has ended already: then it was no cancellation. */
    void cancelled() {
        std::lock_guard<std::mutex> guard(mutex);
        if (began && !ended)
            spanlog_event(&span, "cancelled");
    }

    /* True for who is to end the span, and then nobody else has it any more. */
    bool take(spanlog_span *ret_span) {
        std::lock_guard<std::mutex> guard(mutex);
        bool first = began && !ended;
        ended = true;
        *ret_span = span;
        span = {};
        return first;
    }
};

/* ---- the client ----------------------------------------------------------------------------- */

class client_interceptor final : public ::grpc::experimental::Interceptor {
  public:
    client_interceptor(::grpc::experimental::ClientRpcInfo *info, const std::string &target)
        : info_(info), method_(info->method()), target_(target), parent_(spanlog_ctx_current()) {
    }

    ~client_interceptor() override {
        end(nullptr);
    }

    void Intercept(batch *methods) override {
        if (methods->QueryInterceptionHookPoint(hook::PRE_SEND_CANCEL))
            call_.cancelled();
        if (methods->QueryInterceptionHookPoint(hook::PRE_SEND_INITIAL_METADATA))
            begin(methods->GetSendInitialMetadata());
        if (info_->type() != ::grpc::experimental::ClientRpcInfo::Type::UNARY)
            call_.count_messages(methods);
        if (is_over(methods))
            end(info_->client_context()->peer().c_str());
        methods->Proceed();
    }

  private:
    using metadata = std::multimap<std::string, std::string>;

    /* A read on its way to gRPC: nothing is intercepted, but where the message goes is known. */
    static bool begins_a_read(batch *methods) {
        for (size_t i = 0; i < static_cast<size_t>(hook::NUM_INTERCEPTION_HOOKS); i++) {
            if (methods->QueryInterceptionHookPoint(static_cast<hook>(i)))
                return false;
        }
        return methods->GetRecvMessage() != nullptr;
    }

    /* There is a status and no read under way: one thread may be told the status before another is
     * told the last message. A stream has one read at a time. */
    bool is_over(batch *methods) {
        std::lock_guard<std::mutex> guard(call_.mutex);
        if (begins_a_read(methods))
            reading_ = true;
        if (methods->QueryInterceptionHookPoint(hook::POST_RECV_MESSAGE))
            reading_ = false;
        if (methods->QueryInterceptionHookPoint(hook::POST_RECV_STATUS)) {
            const ::grpc::Status *status = methods->GetRecvStatus();
            answered_ = true;
            if (status != nullptr) {
                code_ = status->error_code();
                message_ = status->error_message();
            }
        }
        return answered_ && !reading_;
    }

    /* What the program has set itself stands: a name that is there twice would be refused. */
    struct sending {
        metadata *entries;
        metadata ours;
    };

    static void set(void *arg, const char *name, const char *value) {
        auto *to = static_cast<sending *>(arg);
        if (to->entries->find(name) == to->entries->end())
            to->ours.emplace(name, value);
    }

    /* The call may be started on another thread than the one that made it. */
    void begin(metadata *entries) {
        sending to = {entries, {}};
        spanlog_grpc_call facts = {};
        facts.method = method_.c_str();
        facts.target = target_.c_str();
        facts.set = entries != nullptr ? set : nullptr;
        facts.arg = &to;
        spanlog_ctx before = spanlog_ctx_attach(parent_);
        call_.begin(spanlog_grpc_client_begin(&facts));
        spanlog_ctx_attach(before);
        if (entries != nullptr)
            entries->merge(to.ours);
    }

    void end(const char *peer) {
        spanlog_span span;
        if (!call_.take(&span))
            return;
        spanlog_grpc_peer(&span, peer);
        spanlog_grpc_client_end(&span, code_, message_.c_str());
    }

    ::grpc::experimental::ClientRpcInfo *info_;
    const std::string method_; /* a generic stub's does not outlive its making */
    const std::string &target_;
    const spanlog_ctx parent_;
    call call_;
    /* Under the call's lock, too. */
    bool reading_ = false, answered_ = false;
    int code_ = -1; /* none */
    std::string message_;
};

class client_factory final : public ::grpc::experimental::ClientInterceptorFactoryInterface {
  public:
    explicit client_factory(std::string target) : target_(std::move(target)) {
    }

    ::grpc::experimental::Interceptor *
    CreateClientInterceptor(::grpc::experimental::ClientRpcInfo *info) override {
        return new client_interceptor(info, target_);
    }

  private:
    const std::string target_;
};

/* ---- the server ----------------------------------------------------------------------------- */

/* The calls that are being handled, for who has the context only. */
struct calls {
    std::mutex mutex;
    std::unordered_map<const ::grpc::ServerContextBase *, std::shared_ptr<call>> by_context;

    std::shared_ptr<call> find(const ::grpc::ServerContextBase *context) {
        std::lock_guard<std::mutex> guard(mutex);
        auto found = by_context.find(context);
        return found != by_context.end() ? found->second : nullptr;
    }
};

/* Not destroyed: servers may outlive static objects. */
inline calls &all_calls() {
    static calls *all = new calls;
    return *all;
}

class server_interceptor final : public ::grpc::experimental::Interceptor {
  public:
    explicit server_interceptor(::grpc::experimental::ServerRpcInfo *info)
        : info_(info), context_(info->server_context()), call_(std::make_shared<call>()) {
        calls &all = all_calls();
        std::lock_guard<std::mutex> guard(all.mutex);
        all.by_context[context_] = call_;
    }

    ~server_interceptor() override {
        spanlog_span span;
        if (call_->take(&span))
            spanlog_grpc_server_end(&span, -1, nullptr);
        calls &all = all_calls();
        std::lock_guard<std::mutex> guard(all.mutex);
        auto found = all.by_context.find(context_);
        if (found != all.by_context.end() && found->second == call_)
            all.by_context.erase(found);
    }

    void Intercept(batch *methods) override {
        bool begins = methods->QueryInterceptionHookPoint(hook::POST_RECV_INITIAL_METADATA);
        if (begins)
            begin(methods->GetRecvInitialMetadata());
        if (info_->type() != ::grpc::experimental::ServerRpcInfo::Type::UNARY)
            call_->count_messages(methods);
        if (methods->QueryInterceptionHookPoint(hook::POST_RECV_CLOSE))
            call_->cancelled(); /* it closes before there is a status only when it is cancelled */
        if (methods->QueryInterceptionHookPoint(hook::PRE_SEND_STATUS))
            end(methods->GetSendStatus());
        if (!begins) {
            methods->Proceed();
            return;
        }
        /* gRPC calls the handler from within Proceed. A synchronous one ends there, and with it the
         * call and this object. */
        spanlog_ctx before = spanlog_ctx_attach(call_->ctx);
        methods->Proceed();
        spanlog_ctx_attach(before);
    }

  private:
    using metadata = std::multimap<::grpc::string_ref, ::grpc::string_ref>;

    void begin(const metadata *received) {
        std::vector<spanlog_grpc_entry> entries;
        if (received != nullptr) {
            entries.reserve(received->size());
            for (const auto &[key, value] : *received)
                entries.push_back({key.data(), key.size(), value.data(), value.size()});
        }
        const ::grpc::string_ref host = context_->ExperimentalGetAuthority();
        const std::string peer = context_->peer(), authority(host.data(), host.size());
        spanlog_grpc_request request = {};
        request.method = info_->method();
        request.authority = authority.c_str();
        request.peer = peer.c_str();
        request.metadata = entries.data();
        request.metadata_count = entries.size();
        call_->begin(spanlog_grpc_server_begin(&request));
    }

    void end(const ::grpc::Status &status) {
        spanlog_span span;
        if (!call_->take(&span))
            return;
        /* gRPC's answer for what no service has, and calls of generic services, are of this type */
        if (status.error_code() == ::grpc::StatusCode::UNIMPLEMENTED &&
            info_->type() == ::grpc::experimental::ServerRpcInfo::Type::BIDI_STREAMING)
            spanlog_grpc_unknown_method(&span, info_->method());
        spanlog_grpc_server_end(&span, status.error_code(), status.error_message().c_str());
    }

    ::grpc::experimental::ServerRpcInfo *info_;
    ::grpc::ServerContextBase *const context_;
    std::shared_ptr<call> call_;
};

class server_factory final : public ::grpc::experimental::ServerInterceptorFactoryInterface {
  public:
    ::grpc::experimental::Interceptor *
    CreateServerInterceptor(::grpc::experimental::ServerRpcInfo *info) override {
        return new server_interceptor(info);
    }
};

} // namespace detail

/* ---- for programs --------------------------------------------------------------------------- */

/* For CreateCustomChannelWithInterceptors. `target` is the channel's, for server.address. */
inline client_factories client_interceptors(const std::string &target) {
    client_factories factories;
    factories.push_back(std::make_unique<detail::client_factory>(target));
    return factories;
}

/* As grpc::CreateCustomChannel. */
inline std::shared_ptr<::grpc::Channel>
create_channel(const std::string &target,
               const std::shared_ptr<::grpc::ChannelCredentials> &credentials,
               const ::grpc::ChannelArguments &arguments = ::grpc::ChannelArguments()) {
    return ::grpc::experimental::CreateCustomChannelWithInterceptors(target, credentials, arguments,
                                                                     client_interceptors(target));
}

/* For ServerBuilder::experimental().SetInterceptorCreators. */
inline server_factories server_interceptors() {
    server_factories factories;
    factories.push_back(std::make_unique<detail::server_factory>());
    return factories;
}

/* Sets the builder's interceptors: these. */
inline void watch(::grpc::ServerBuilder &builder) {
    builder.experimental().SetInterceptorCreators(server_interceptors());
}

/* The context of the span of a call that is being handled; all zeros where there is none. */
inline spanlog_ctx ctx_of(const ::grpc::ServerContextBase *context) {
    std::shared_ptr<detail::call> call = detail::all_calls().find(context);
    return call != nullptr ? call->ctx : spanlog_ctx{};
}

/* Runs change(span), for spanlog_set and the like, while no other thread uses the span. In `change`
 * nothing else of gRPC may be called. False: there is no such call, or it has been answered. */
template <typename function>
bool with_span(const ::grpc::ServerContextBase *context, function change) {
    std::shared_ptr<detail::call> call = detail::all_calls().find(context);
    if (call == nullptr)
        return false;
    std::lock_guard<std::mutex> guard(call->mutex);
    if (!call->began || call->ended)
        return false;
    change(&call->span);
    return true;
}

/* Makes the span of a call current on this thread to the end of the block; does nothing for a call
 * that has none. */
class scope {
  public:
    explicit scope(const ::grpc::ServerContextBase *context)
        : call_(detail::all_calls().find(context)) {
        if (call_ != nullptr)
            before_ = spanlog_ctx_attach(call_->ctx);
    }

    ~scope() {
        if (call_ != nullptr)
            spanlog_ctx_attach(before_);
    }

    scope(const scope &) = delete;
    scope &operator=(const scope &) = delete;

  private:
    std::shared_ptr<detail::call> call_;
    spanlog_ctx before_ = {};
};

} // namespace grpcpp
} // namespace spanlog

#endif
