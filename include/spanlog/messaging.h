/* spanlog/messaging.h: producers and consumers of queues, named by OpenTelemetry's conventions.
 *
 * The producer writes its context into the message's headers:
 *
 *     spanlog_send_scope(sent, "rabbitmq", "orders", message->id);
 *     spanlog_inject(spanlog_ctx_current(), add_header, message);
 *     publish(message);
 *
 * Who takes a batch is in a trace of its own, linked to each message's; who works on one message
 * goes on in the message's trace:
 *
 *     spanlog_receive_scope(batch, "rabbitmq", "orders", count);
 *     for (i = 0; i < count; i++)
 *         spanlog_message_link(&batch, get_header, messages[i]);
 *
 *     spanlog_span span = spanlog_process_begin("rabbitmq", "orders", id, get_header, message);
 *     spanlog_ctx before = spanlog_ctx_attach(spanlog_span_ctx(&span));
 *     ... // spanlog_fail(&span, "bad message")
 *     spanlog_ctx_attach(before);
 *     spanlog_end(span);
 *
 * Attributes: messaging.system, messaging.destination.name, messaging.operation.name and .type,
 * messaging.message.id, messaging.batch.message_count. Names: "send orders", "receive orders",
 * "process orders". Header-only; any thread. Texts are copied; NULL ones are left out.
 */
#ifndef SPANLOG_MESSAGING_H
#define SPANLOG_MESSAGING_H

#include <spanlog/spanlog.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

static inline __attribute__((unused)) void
spanlog__messaging_set(spanlog_span *span, const char *operation, const char *system,
                       const char *destination, const char *message_id) {
    char name[160];
    if (span->open == NULL)
        return;
    if (destination != NULL) {
        snprintf(name, sizeof name, "%.16s %.140s", operation, destination);
        spanlog_rename(span, name);
        spanlog_set(span, spanlog_kv("messaging.destination.name", destination));
    }
    if (system != NULL)
        spanlog_set(span, spanlog_kv("messaging.system", system));
    spanlog_set(span, spanlog_kv("messaging.operation.name", operation),
                spanlog_kv("messaging.operation.type", operation));
    if (message_id != NULL)
        spanlog_set(span, spanlog_kv("messaging.message.id", message_id));
}

/* Declares `span`, of kind producer, current to the end of its block. */
#define spanlog_send_scope(span, system, destination, message_id)                                  \
    spanlog_scope_kind(span, SPANLOG_PRODUCER, "send");                                            \
    spanlog__messaging_set(&(span), "send", system, destination, message_id)

/* Declares `span`, of kind consumer, current to the end of its block, for taking messages out. */
#define spanlog_receive_scope(span, system, destination, message_count)                            \
    spanlog_scope_kind(span, SPANLOG_CONSUMER, "receive",                                          \
                       spanlog_kv("messaging.batch.message_count", message_count));                \
    spanlog__messaging_set(&(span), "receive", system, destination, NULL)

/* Links a span to the one that sent a message; nothing when its headers have no context. Links are
 * written with SPANLOG_INCLUDE_LINKS=1. */
static inline __attribute__((unused)) void spanlog_message_link(spanlog_span *span,
                                                                spanlog_get_header get, void *arg) {
    spanlog_ctx sender;
    if (spanlog_extract(get, arg, &sender) == 0)
        spanlog_link(span, sender);
}

/* Begins a span of kind consumer for the work on one message: a child of the span that sent it, and
 * linked to the thread's current one (the batch it came in), if there is one. Of a message without
 * a context it is a child of the current one. The span is not made current; end it with
 * spanlog_end. */
static inline __attribute__((unused)) spanlog_span
spanlog_process_begin(const char *system, const char *destination, const char *message_id,
                      spanlog_get_header get, void *arg) {
    spanlog_ctx sender, current = spanlog_ctx_current();
    bool sent_in_a_trace = spanlog_extract(get, arg, &sender) == 0;
    spanlog_begin(span, "process", SPANLOG_CONSUMER, sent_in_a_trace ? sender : current);
    spanlog__messaging_set(&span, "process", system, destination, message_id);
    if (sent_in_a_trace)
        spanlog_link(&span, current);
    return span;
}

#ifdef __cplusplus
}
#endif

#endif
