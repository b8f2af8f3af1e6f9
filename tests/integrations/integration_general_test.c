/* tests/integrations/integration_general_test.c: the header-only ones: wrap, threads, messaging,
 * gen_ai. The same macros in C++ are in general.cc. */
#include "tests/unit/library_check.h"
#include <spanlog/gen_ai.h>
#include <spanlog/messaging.h>
#include <spanlog/threads.h>
#include <spanlog/wrap.h>

#include <sys/socket.h>

void general_in_cxx(void); /* general.cc */

/* ---- wrap ---------------------------------------------------------------------------------- */

static int succeed(void *arg) {
    spanlog_info("inside");
    sleep_ms(20);
    return *(int *)arg;
}

static int fail_with_enospc(void *arg) {
    (void)arg;
    return -ENOSPC;
}

static int fail_without_errno(void *arg) {
    (void)arg;
    return INT32_MIN;
}

static void wraps(void) {
    int seven = 7;
    errno = EAGAIN;
    check_equal(spanlog_wrap("good work", succeed, &seven), 7);
    check_equal(spanlog_wrap_kind("bad work", SPANLOG_CLIENT, fail_with_enospc, NULL), -ENOSPC);
    check_equal(spanlog_wrap(NULL, fail_with_enospc, NULL), -ENOSPC);
    check_equal(spanlog_wrap("nothing", NULL, NULL), 0);
    check_equal(spanlog_wrap("odd work", fail_without_errno, NULL), INT32_MIN);
    check_equal(errno, EAGAIN);
    spanlog_backend_scope(call, "payments", "charge card");
    spanlog_backend_failed(&call, "ETIMEDOUT");
}

static void a_wrapped_function_leaves_duration_and_outcome(void **state) {
    (void)state;
    struct run *run = run_child(wraps);
    assert_exit(run, 0);
    const char *line = need_line(run, "operation", "good work");
    assert_field(line, "status", "ok");
    assert_true(number_field(line, "duration_ms") >= 20);
    assert_field(need_line(run, "msg", "inside"), "span_id", field(line, "span_id"));
    line = need_line(run, "operation", "bad work");
    assert_field(line, "kind", "client");
    assert_field(line, "status", "error");
    assert_field(line, "errno", "ENOSPC: No space left on device");
    assert_field(find_line(run, "msg", "work failed", 0), "span_id", field(line, "span_id"));
    assert_count(run, "msg", "work failed", 3);
    line = need_line(run, "operation", "charge card");
    assert_field(line, "peer.service", "payments");
    assert_field(line, "error.type", "ETIMEDOUT");
}

/* ---- threads ------------------------------------------------------------------------------- */

static void *work(void *arg) {
    spanlog_info("on a thread");
    return arg;
}

static void task(void *arg) {
    spanlog_scope(sp, "task");
    spanlog_info("in a task", kv("n", *(int *)arg));
}

static void *run_tasks(void *arg) {
    spanlog_task *tasks = arg;
    for (int i = 0; i < 2; i++) {
        spanlog_task_run(&tasks[i]);
        char trace_id[33];
        spanlog_trace_id(trace_id);
        check_equal(trace_id[0], '\0'); /* the thread's own again */
    }
    spanlog_task_run(NULL);
    return NULL;
}

static spanlog_task make_task(int *number) {
    spanlog_scope(sp, "request", kv("n", *number));
    return spanlog_task_make(task, number);
}

static void hands_over(void) {
    static int numbers[] = {1, 2};
    pthread_t thread;
    void *result;
    {
        spanlog_scope(sp, "creator");
        check_equal(spanlog_pthread_create(&thread, NULL, work, numbers), 0);
        check_equal(pthread_join(thread, &result), 0);
        check(result == numbers);
    }
    spanlog_task tasks[] = {make_task(&numbers[0]), make_task(&numbers[1])};
    on_thread(run_tasks, tasks);
    spanlog_begin(loop, "loop", SPANLOG_INTERNAL, spanlog_ctx_current());
    for (int i = 0; i < 3; i++) {
        spanlog_attach_scope(attached, spanlog_span_ctx(&loop));
        spanlog_info("callback");
    }
    spanlog_info("between");
    spanlog_end(loop);
}

static void work_goes_on_in_the_span_it_came_from(void **state) {
    (void)state;
    struct run *run = run_child(hands_over);
    assert_exit(run, 0);
    assert_field(need_line(run, "msg", "on a thread"), "span_id",
                 field(need_line(run, "operation", "creator"), "span_id"));
    for (size_t i = 0; i < 2; i++)
        assert_field(find_line(run, "operation", "task", i), "parent_id",
                     field(find_line(run, "operation", "request", i), "span_id"));
    assert_field(find_line(run, "msg", "callback", 2), "span_id",
                 field(need_line(run, "operation", "loop"), "span_id"));
    assert_no_field(need_line(run, "msg", "between"), "span_id");
}

/* ---- messaging: another process receives ----------------------------------------------------- */

struct message {
    char traceparent[80];
    int number;
};

static void add_header(void *arg, const char *name, const char *value) {
    struct message *message = arg;
    if (strcmp(name, "traceparent") == 0)
        snprintf(message->traceparent, sizeof message->traceparent, "%s", value);
}

static const char *get_header(void *arg, const char *name) {
    struct message *message = arg;
    return strcmp(name, "traceparent") == 0 && message->traceparent[0] ? message->traceparent
                                                                       : NULL;
}

static void receive(int queue) {
    struct message messages[3];
    spanlog_receive_scope(batch, "socketpair", "orders", 3);
    for (int i = 0; i < 3; i++) {
        check_equal(recv(queue, &messages[i], sizeof messages[i], MSG_WAITALL), sizeof messages[i]);
        printf("%s\n", messages[i].traceparent);
        spanlog_message_link(&batch, get_header, &messages[i]);
    }
    for (int i = 0; i < 3; i++) {
        spanlog_span span =
            spanlog_process_begin("socketpair", "orders", "m", get_header, &messages[i]);
        spanlog_attach_scope(attached, spanlog_span_ctx(&span));
        spanlog_info("processed", kv("n", messages[i].number));
        spanlog_end(span);
    }
}

static void sends(void) {
    int ends[2];
    check_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    pid_t pid = fork();
    if (pid == 0) {
        receive(ends[0]);
        exit(0);
    }
    for (int i = 0; i < 3; i++) {
        struct message message = {.number = i};
        spanlog_send_scope(sent, "socketpair", "orders", "m");
        if (i < 2) /* the last comes from a sender without traces */
            spanlog_inject(spanlog_ctx_current(), add_header, &message);
        check_equal(send(ends[1], &message, sizeof message, 0), sizeof message);
    }
    int status;
    check_equal(waitpid(pid, &status, 0), pid);
    check_equal(status, 0);
}

static void a_message_takes_its_trace_to_another_process(void **state) {
    (void)state;
    with("SPANLOG_INCLUDE_LINKS", "1");
    struct run *run = run_child(sends);
    assert_exit(run, 0);
    const char *batch = need_line(run, "operation", "receive orders");
    assert_field(batch, "kind", "consumer");
    assert_field(batch, "messaging.batch.message_count", "3");
    for (size_t i = 0; i < 2; i++) {
        const char *sent = find_line(run, "operation", "send orders", i),
                   *processed = find_line(run, "operation", "process orders", i);
        char link[120], received[120];
        assert_field(sent, "kind", "producer");
        assert_field(sent, "messaging.destination.name", "orders");
        assert_field(processed, "kind", "consumer");
        assert_field(processed, "trace_id", field(sent, "trace_id"));
        assert_field(processed, "parent_id", field(sent, "span_id"));
        assert_true(number_field(processed, "pid") != number_field(sent, "pid"));
        snprintf(link, sizeof link, "{\"trace_id\":\"%s\",\"span_id\":\"%s\"}",
                 field(sent, "trace_id"), field(sent, "span_id"));
        assert_says(batch, link, 1);
        snprintf(link, sizeof link, "{\"trace_id\":\"%s\",\"span_id\":\"%s\"}",
                 field(batch, "trace_id"), field(batch, "span_id"));
        assert_says(processed, link, 1);
        snprintf(received, sizeof received, "00-%s-%s-03", field(sent, "trace_id"),
                 field(sent, "span_id"));
        assert_says(run->out, received, 1);
    }
    assert_field(find_line(run, "operation", "process orders", 2), "parent_id",
                 field(batch, "span_id"));
}

/* ---- gen_ai -------------------------------------------------------------------------------- */

static void thinks(void) {
    static char huge[1 << 20];
    memset(huge, 'x', sizeof huge - 1);
    spanlog_agent_scope(agent, "planner", "agent-7");
    spanlog_agent_state(&agent, "idle", "thinking");
    {
        spanlog_model_scope(call, "chat", "anthropic", "some-model");
        spanlog_model_usage(&call, 1200, -1);
        spanlog_model_response(&call, "some-model-2", "msg_1", "tool_use");
    }
    spanlog_agent_state(&agent, "thinking", NULL);
    {
        spanlog_tool_scope(tool, "search", "call_1");
        spanlog_gen_ai_failed(&tool, "timeout");
    }
    spanlog_model_scope(odd, NULL, NULL, huge);
    spanlog_tool_scope(none, NULL, NULL);
}

static void an_agents_tree_has_the_conventions(void **state) {
    (void)state;
    struct run *run = run_child(thinks);
    assert_exit(run, 0);
    const char *agent = need_line(run, "operation", "invoke_agent planner");
    assert_field(agent, "gen_ai.operation.name", "invoke_agent");
    assert_field(agent, "gen_ai.agent.name", "planner");
    assert_field(agent, "gen_ai.agent.id", "agent-7");
    assert_says(agent, "\"name\":\"state\",\"from\":\"idle\",\"to\":\"thinking\"", 1);
    const char *call = need_line(run, "operation", "chat some-model");
    assert_field(call, "parent_id", field(agent, "span_id"));
    assert_field(call, "kind", "client");
    assert_field(call, "gen_ai.operation.name", "chat");
    assert_field(call, "gen_ai.provider.name", "anthropic");
    assert_field(call, "gen_ai.request.model", "some-model");
    assert_field(call, "gen_ai.response.model", "some-model-2");
    assert_field(call, "gen_ai.response.finish_reasons", "tool_use");
    assert_field(call, "gen_ai.usage.input_tokens", "1200");
    assert_no_field(call, "gen_ai.usage.output_tokens");
    const char *tool = need_line(run, "operation", "execute_tool search");
    assert_field(tool, "parent_id", field(agent, "span_id"));
    assert_field(tool, "gen_ai.tool.call.id", "call_1");
    assert_field(tool, "error.type", "timeout");
    need_line(run, "operation", "execute_tool");
}

static void thinks_of_nothing(void) {
    spanlog_agent_scope(agent, NULL, NULL);
    spanlog_agent_state(&agent, NULL, "thinking");
    spanlog_agent_state(&agent, "thinking", NULL);
    spanlog_agent_state(&agent, NULL, NULL);
    {
        spanlog_model_scope(call, NULL, NULL, NULL);
        spanlog_model_response(&call, NULL, NULL, NULL);
    }
    spanlog_tool_scope(tool, NULL, NULL);
    spanlog_gen_ai_failed(&tool, NULL);
}

static void of_an_agents_texts_null_ones_are_left_out(void **state) {
    (void)state;
    struct run *run = run_child(thinks_of_nothing);
    assert_exit(run, 0);
    assert_says(run->log, "(null)", 0);
    const char *events = field(need_line(run, "operation", "invoke_agent"), "events");
    assert_says(events, "\"name\":\"state\",\"to\":\"thinking\"}", 1);
    assert_says(events, "\"name\":\"state\",\"from\":\"thinking\"}", 1);
    assert_says(events, "\"name\":\"state\"}", 1);
    const char *tool = need_line(run, "operation", "execute_tool");
    assert_field(tool, "status", "error");
    assert_no_field(tool, "error.type");
    assert_no_field(tool, "error");
}

static void all_of_it_works_in_cxx(void **state) {
    (void)state;
    struct run *run = run_child(general_in_cxx);
    assert_exit(run, 0);
    need_line(run, "operation", "invoke_agent planner");
    need_line(run, "operation", "chat some-model");
    need_line(run, "operation", "execute_tool search");
    need_line(run, "operation", "send orders");
    need_line(run, "operation", "charge card");
    assert_field(need_line(run, "msg", "attached"), "span_id",
                 field(need_line(run, "operation", "work in C++"), "span_id"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        sentence(a_wrapped_function_leaves_duration_and_outcome),
        sentence(work_goes_on_in_the_span_it_came_from),
        sentence(a_message_takes_its_trace_to_another_process),
        sentence(an_agents_tree_has_the_conventions),
        sentence(of_an_agents_texts_null_ones_are_left_out),
        sentence(all_of_it_works_in_cxx),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
