/* gateway: the shop's front door. Traces begin here, unless the caller sends a traceparent.
 *
 *     shop-gateway --port 8080 --upstream 8081
 *     curl -i -X POST 'http://127.0.0.1:8080/checkout?item=tea&qty=2'
 *
 *     POST /checkout?item=NAME&qty=N   what orders says; 400; 502 when orders is not there
 *     GET  /orders/{id}                the same
 */
#include "service.h"

#include <stdio.h>
#include <string.h>

static uint16_t orders_port;

/* Hands the answer of orders on, or says that there was none. */
static void forward(const http_request *request, const char *method, const char *route,
                    const char *path, http_reply *reply) {
    if (http_call(method, orders_port, route, path, reply) == 0)
        return;
    spanlog_fail(request->span, "orders is not available");
    spanlog_error("orders is not available", kv("reason", reply->body));
    http_answer(reply, 502, "{\"error\":\"orders is not available\"}");
}

/* Both go into the path of another request: nothing but letters, digits and '-'. */
static bool is_plain(const char *text) {
    return text != NULL && *text != 0 && strlen(text) < 32 &&
           text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-")] == 0;
}

static void post_checkout(const http_request *request, http_reply *reply) {
    const char *item = http_query(request, "item");
    int quantity = http_query_number(request, "qty", 100);
    if (!is_plain(item) || quantity == 0) {
        spanlog_warn("bad checkout", kv("item", item), kv("qty", http_query(request, "qty")));
        http_answer(reply, 400, "{\"error\":\"item and qty (1 to 100) are needed\"}");
        return;
    }
    spanlog_set(request->span, kv("item", item), kv("quantity", quantity));
    char path[128];
    snprintf(path, sizeof path, "/orders?item=%s&qty=%d", item, quantity);
    forward(request, "POST", "/orders", path, reply);
    if (reply->status == 201)
        spanlog_info("checkout done", kv("item", item), kv("quantity", quantity));
    else
        spanlog_warn("checkout failed", kv("item", item), kv("quantity", quantity),
                     kv("http.response.status_code", reply->status));
}

static void get_order(const http_request *request, http_reply *reply) {
    if (!is_plain(request->parameter)) {
        http_answer(reply, 400, "{\"error\":\"bad order number\"}");
        return;
    }
    char path[128];
    snprintf(path, sizeof path, "/orders/%s", request->parameter);
    forward(request, "GET", "/orders/{id}", path, reply);
}

static const http_route routes[] = {
    {"POST", "/checkout", post_checkout}, {"GET", "/orders/{id}", get_order}, {0}};

int main(int argc, char **argv) {
    service_options options;
    if (service_parse(argc, argv, &options) != 0)
        return 2;
    spanlog_init(&(spanlog_config){
        .size = sizeof(spanlog_config), .service = "gateway", .version = "1.7.1"});
    orders_port = options.upstream;
    return service_run(&options, routes);
}
