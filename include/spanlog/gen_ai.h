/* spanlog/gen_ai.h: language models and agents, named by OpenTelemetry's gen_ai conventions.
 *
 *     spanlog_agent_scope(agent, "planner", "agent-7");
 *     spanlog_agent_state(&agent, "idle", "thinking");
 *     {
 *         spanlog_model_scope(call, "chat", "anthropic", "some-model");
 *         ... send the request: spanlog_inject, or <spanlog/curl.h>, inside this block
 *         spanlog_model_usage(&call, 1200, 85);
 *         spanlog_model_response(&call, "some-model-2", "msg_1", "tool_use");
 *     }
 *     {
 *         spanlog_tool_scope(tool, "search", "call_1");
 *         if (search(...) < 0)
 *             spanlog_gen_ai_failed(&tool, "timeout");
 *     }
 *
 * gives the tree "invoke_agent planner" with "chat some-model" and "execute_tool search" below.
 * Each macro declares a span that is current to the end of its block. What was asked and answered
 * is never recorded: it may hold anything. Header-only; any thread. Texts are copied; NULL ones are
 * left out.
 */
#ifndef SPANLOG_GEN_AI_H
#define SPANLOG_GEN_AI_H

#include <spanlog/spanlog.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

static inline __attribute__((unused)) void
spanlog__gen_ai_name(spanlog_span *span, const char *operation, const char *what) {
    char name[160];
    if (operation == NULL)
        operation = "chat";
    spanlog_set(span, spanlog_kv("gen_ai.operation.name", operation));
    if (what == NULL)
        return;
    snprintf(name, sizeof name, "%.40s %.110s", operation, what);
    spanlog_rename(span, name);
}

static inline __attribute__((unused)) void spanlog__gen_ai_agent(spanlog_span *span,
                                                                 const char *name, const char *id) {
    spanlog__gen_ai_name(span, "invoke_agent", name);
    if (name != NULL)
        spanlog_set(span, spanlog_kv("gen_ai.agent.name", name));
    if (id != NULL)
        spanlog_set(span, spanlog_kv("gen_ai.agent.id", id));
}

static inline __attribute__((unused)) void
spanlog__gen_ai_tool(spanlog_span *span, const char *name, const char *call_id) {
    spanlog__gen_ai_name(span, "execute_tool", name);
    if (name != NULL)
        spanlog_set(span, spanlog_kv("gen_ai.tool.name", name));
    if (call_id != NULL)
        spanlog_set(span, spanlog_kv("gen_ai.tool.call.id", call_id));
}

static inline __attribute__((unused)) void spanlog__gen_ai_model(spanlog_span *span,
                                                                 const char *operation,
                                                                 const char *provider,
                                                                 const char *model) {
    spanlog__gen_ai_name(span, operation, model);
    if (provider != NULL)
        spanlog_set(span, spanlog_kv("gen_ai.provider.name", provider));
    if (model != NULL)
        spanlog_set(span, spanlog_kv("gen_ai.request.model", model));
}

/* One run of an agent, of kind internal; tools and model calls inside it are its children. */
#define spanlog_agent_scope(span, name, id)                                                        \
    spanlog_scope_kind(span, SPANLOG_INTERNAL, "invoke_agent");                                    \
    spanlog__gen_ai_agent(&(span), name, id)

/* One execution of a tool, of kind internal. call_id is the model's. */
#define spanlog_tool_scope(span, name, call_id)                                                    \
    spanlog_scope_kind(span, SPANLOG_INTERNAL, "execute_tool");                                    \
    spanlog__gen_ai_tool(&(span), name, call_id)

/* One call of a model, of kind client. operation: "chat", "text_completion", "embeddings". */
#define spanlog_model_scope(span, operation, provider, model)                                      \
    spanlog_scope_kind(span, SPANLOG_CLIENT, "chat");                                              \
    spanlog__gen_ai_model(&(span), operation, provider, model)

/* Tokens of a call; negative: not known. */
static inline __attribute__((unused)) void
spanlog_model_usage(spanlog_span *span, int64_t input_tokens, int64_t output_tokens) {
    if (input_tokens >= 0)
        spanlog_set(span, spanlog_kv("gen_ai.usage.input_tokens", input_tokens));
    if (output_tokens >= 0)
        spanlog_set(span, spanlog_kv("gen_ai.usage.output_tokens", output_tokens));
}

/* Which model answered, the answer's id, and why it ended: "stop", "length", "tool_calls". The
 * convention has a list of reasons; of one answer it has one. */
static inline __attribute__((unused)) void
spanlog_model_response(spanlog_span *span, const char *model, const char *id, const char *reason) {
    if (model != NULL)
        spanlog_set(span, spanlog_kv("gen_ai.response.model", model));
    if (id != NULL)
        spanlog_set(span, spanlog_kv("gen_ai.response.id", id));
    if (reason != NULL)
        spanlog_set(span, spanlog_kv("gen_ai.response.finish_reasons", reason));
}

/* An agent goes from one state into another: an event of its span. */
static inline __attribute__((unused)) void spanlog_agent_state(spanlog_span *span, const char *from,
                                                               const char *to) {
    if (from != NULL && to != NULL)
        spanlog_event(span, "state", spanlog_kv("from", from), spanlog_kv("to", to));
    else if (from != NULL)
        spanlog_event(span, "state", spanlog_kv("from", from));
    else if (to != NULL)
        spanlog_event(span, "state", spanlog_kv("to", to));
    else
        spanlog_event(span, "state");
}

/* Fails a span with a short, countable reason: its error and error.type. */
static inline __attribute__((unused)) void spanlog_gen_ai_failed(spanlog_span *span,
                                                                 const char *reason) {
    if (reason != NULL)
        spanlog_set(span, spanlog_kv("error.type", reason));
    spanlog_fail(span, reason);
}

#ifdef __cplusplus
}
#endif

#endif
