/* agent: a small agent with a tool and a model, and what its tree looks like.
 *
 *     example-agent
 *     SPANLOG_OUTPUT=file:agent.jsonl example-agent; spanlog traces agent.jsonl
 *
 * The agent asks its model, the model wants a search, two searches run on threads of their own, and
 * the result goes to a queue, which another thread empties.
 */
#define SPANLOG_LOGGER_NAME "agent"
#include <spanlog/gen_ai.h>
#include <spanlog/messaging.h>
#include <spanlog/threads.h>
#include <spanlog/wrap.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* ---- the tool, on threads ----------------------------------------------------------------- */

static void *search(void *call_id) {
    spanlog_tool_scope(tool, "search", call_id);
    spanlog_set(&tool, kv("hits", 3));
    return NULL;
}

static void search_both(void) {
    static char calls[2][8] = {"call_1", "call_2"};
    pthread_t threads[2];
    int started = 0;
    while (started < 2 &&
           spanlog_pthread_create(&threads[started], NULL, search, calls[started]) == 0)
        started++;
    while (started > 0)
        pthread_join(threads[--started], NULL);
}

/* ---- the queue ---------------------------------------------------------------------------- */

struct message {
    char traceparent[64];
    char text[64];
};

static void write_header(void *arg, const char *name, const char *value) {
    struct message *message = arg;
    if (strcmp(name, "traceparent") == 0)
        snprintf(message->traceparent, sizeof message->traceparent, "%s", value);
}

static const char *read_header(void *arg, const char *name) {
    struct message *message = arg;
    return strcmp(name, "traceparent") == 0 ? message->traceparent : NULL;
}

static void send_answer(struct message *message) {
    spanlog_send_scope(sent, "memory", "answers", "1");
    snprintf(message->text, sizeof message->text, "42");
    spanlog_inject(spanlog_ctx_current(), write_header, message);
}

static void *receive_answer(void *arg) {
    struct message *message = arg;
    spanlog_span span = spanlog_process_begin("memory", "answers", "1", read_header, message);
    spanlog_attach_scope(attached, spanlog_span_ctx(&span));
    printf("received %s with %s\n", message->text, message->traceparent);
    spanlog_end(span);
    return NULL;
}

/* ---- the agent ---------------------------------------------------------------------------- */

static int save_notes(void *unused) {
    (void)unused;
    return -EROFS;
}

int main(void) {
    struct message message = {.text = ""};
    {
        spanlog_agent_scope(agent, "librarian", "agent-7");
        spanlog_agent_state(&agent, "idle", "thinking");
        {
            spanlog_model_scope(call, "chat", "example", "small-model");
            spanlog_model_usage(&call, 310, 24);
            spanlog_model_response(&call, "small-model-2", "msg_1", "tool_calls");
        }
        spanlog_agent_state(&agent, "thinking", "searching");
        search_both();
        spanlog_wrap("save notes", save_notes, NULL); /* fails, and says so */
        send_answer(&message);
        spanlog_agent_state(&agent, "searching", "idle");
    }
    pthread_t receiver;
    if (pthread_create(&receiver, NULL, receive_answer, &message) != 0)
        return 1;
    pthread_join(receiver, NULL);
    return 0;
}
