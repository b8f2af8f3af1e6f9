/* tests/integrations/general.cc: the header-only integrations in C++. */
#include <spanlog/gen_ai.h>
#include <spanlog/http.h>
#include <spanlog/messaging.h>
#include <spanlog/pq.h>
#include <spanlog/sqlite.h>
#include <spanlog/threads.h>
#include <spanlog/wrap.h>

extern "C" void general_in_cxx(void);

static int work(void *arg) {
    spanlog_attach_scope(attached, *static_cast<spanlog_ctx *>(arg));
    spanlog_attach_scope(again, spanlog_ctx_current());
    return 1;
}

static int attach(void *arg) {
    (void)arg;
    spanlog_attach_scope(attached, spanlog_ctx_current());
    spanlog_info("attached");
    return 0;
}

void general_in_cxx(void) {
    spanlog_agent_scope(agent, "planner", "agent-7");
    spanlog_agent_state(&agent, "idle", "thinking");
    spanlog_model_scope(call, "chat", "anthropic", "some-model");
    spanlog_model_usage(&call, 1, 2);
    spanlog_tool_scope(tool, "search", "call_1");
    spanlog_send_scope(sent, "queue", "orders", nullptr);
    spanlog_backend_scope(charge, "payments", "charge card");
    spanlog_ctx none = {};
    spanlog_wrap("nothing", work, &none);
    spanlog_wrap("work in C++", attach, nullptr);
    spanlog_task task = spanlog_task_make(nullptr, nullptr);
    spanlog_task_run(&task);
}
