/* orders: takes orders, reserves stock at the inventory, charges the card, asks delivery for a
 * date.
 *
 *     shop-orders --port 8081 --database orders.db --upstream 8082
 *     curl -X POST 'http://127.0.0.1:8081/orders?item=tea&qty=2'
 *
 *     POST /orders?item=NAME&qty=N   201; 409 out of stock; 404 unknown item; 500 payment failed
 *     GET  /orders/{id}              200, 404
 *
 * So that there is something to find in the log: the card of every 16th order is refused, and
 * pianos and organs need a freight quote from a slow carrier (150 to 300 ms).
 */
#include "db.h"
#include "delivery.h"
#include "service.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { REFUSED_EVERY = 16 };

struct order {
    int64_t id;
    const char *item;
    int quantity;
};

static uint16_t inventory_port;

static const char schema[] = "CREATE TABLE IF NOT EXISTS orders ("
                             "  id INTEGER PRIMARY KEY, item TEXT NOT NULL,"
                             "  quantity INTEGER NOT NULL, status TEXT NOT NULL);";

/* ---- the table -------------------------------------------------------------------------- */

/* Returns the new order's id, or -1. */
static int64_t insert_order(const char *item, int quantity) {
    static const char sql[] =
        "INSERT INTO orders (item, quantity, status) VALUES (?, ?, 'pending')";
    sqlite3_stmt *statement = db_prepare(sql);
    sqlite3_bind_text(statement, 1, item, -1, SQLITE_STATIC);
    sqlite3_bind_int(statement, 2, quantity);
    int64_t id = -1;
    if (db_step(statement) == SQLITE_DONE)
        id = sqlite3_last_insert_rowid(db_connection());
    sqlite3_finalize(statement);
    return id;
}

static void update_status(int64_t id, const char *status) {
    static const char sql[] = "UPDATE orders SET status = ? WHERE id = ?";
    sqlite3_stmt *statement = db_prepare(sql);
    sqlite3_bind_text(statement, 1, status, -1, SQLITE_STATIC);
    sqlite3_bind_int64(statement, 2, id);
    db_step(statement);
    sqlite3_finalize(statement);
}

/* Writes the order as JSON. Returns SQLITE_ROW, or SQLITE_DONE when there is none. */
static int select_order(int64_t id, http_reply *reply) {
    static const char sql[] = "SELECT item, quantity, status FROM orders WHERE id = ?";
    sqlite3_stmt *statement = db_prepare(sql);
    sqlite3_bind_int64(statement, 1, id);
    int result = db_step(statement);
    if (result == SQLITE_ROW)
        http_answer(
            reply, 200, "{\"order\":%lld,\"item\":\"%s\",\"quantity\":%d,\"status\":\"%s\"}",
            (long long)id, (const char *)sqlite3_column_text(statement, 0),
            sqlite3_column_int(statement, 1), (const char *)sqlite3_column_text(statement, 2));
    sqlite3_finalize(statement);
    return result;
}

/* A process that was killed leaves orders behind that nobody works on. */
static void report_pending_orders(void) {
    static const char sql[] = "SELECT count(*) FROM orders WHERE status = 'pending'";
    spanlog_scope(startup, "check pending orders");
    sqlite3_stmt *statement = db_prepare(sql);
    int count = db_step(statement) == SQLITE_ROW ? sqlite3_column_int(statement, 0) : 0;
    spanlog_set(&startup, kv("orders.pending", count));
    if (count > 0)
        spanlog_warn("orders were left pending by an earlier run", kv("count", count));
    sqlite3_finalize(statement);
}

/* ---- the steps of an order -------------------------------------------------------------- */

/* `resource` is "reservations" or "returns". Returns the inventory's HTTP status, 0 for none. */
static int call_inventory(const struct order *order, const char *resource) {
    bool reserving = strcmp(resource, "reservations") == 0;
    http_reply answer;
    char path[256];
    snprintf(path, sizeof path, "/stock/%s/%s?qty=%d", order->item, resource, order->quantity);
    http_call("POST", inventory_port,
              reserving ? "/stock/{item}/reservations" : "/stock/{item}/returns", path, &answer);
    return answer.status;
}

/* How long the carrier thinks each time; examples/run lets it think longer. */
static int carrier_ms(void) {
    const char *text = getenv("SHOP_CARRIER_MS");
    int ms = text != NULL ? atoi(text) : 0;
    return ms > 0 && ms < 1000 ? ms : 50;
}

static void quote_freight(const struct order *order) {
    int step_ms = carrier_ms();
    int rounds = 2 + (order->quantity < 4 ? order->quantity : 4);
    spanlog_scope(span, "quote freight", kv("order.id", order->id), kv("carrier", "slow boat"));
    spanlog_info("asking the carrier for a freight quote", kv("item", order->item),
                 kv("quantity", order->quantity));
    for (int round = 1; round <= rounds; round++) {
        nanosleep(&(struct timespec){.tv_nsec = step_ms * 1000000L}, NULL);
        spanlog_event(&span, "carrier is still thinking", kv("round", round));
    }
    spanlog_warn("the carrier was slow", kv("item", order->item), kv("waited_ms", rounds * step_ms),
                 kv("rounds", rounds));
}

static bool charge_card(const struct order *order) {
    spanlog_scope(span, "charge card", kv("order.id", order->id),
                  kv("payment.provider", "tinypay"));
    if (order->id % REFUSED_EVERY != 0)
        return true;
    spanlog_fail(&span, "card refused");
    spanlog_error("payment failed", kv("order.id", order->id), kv("payment.code", "do_not_honor"));
    return false;
}

static void refuse_order(const struct order *order, int inventory_status, http_reply *reply) {
    update_status(order->id, "refused");
    if (inventory_status == 409 || inventory_status == 404) {
        spanlog_warn("order refused", kv("order.id", order->id), kv("item", order->item),
                     kv("inventory.status", inventory_status));
        http_answer(reply, inventory_status, "{\"error\":\"%s\"}",
                    inventory_status == 409 ? "out of stock" : "unknown item");
        return;
    }
    spanlog_error("stock could not be reserved", kv("order.id", order->id),
                  kv("inventory.status", inventory_status));
    http_answer(reply, 502, "{\"error\":\"inventory is not available\"}");
}

static void fulfil_order(spanlog_span *span, const struct order *order, http_reply *reply) {
    int reserved = call_inventory(order, "reservations");
    if (reserved != 201) {
        refuse_order(order, reserved, reply);
        return;
    }
    if (strcmp(order->item, "piano") == 0 || strcmp(order->item, "organ") == 0)
        quote_freight(order);
    if (!charge_card(order)) {
        call_inventory(order, "returns");
        update_status(order->id, "unpaid");
        spanlog_fail(span, "payment failed");
        http_answer(reply, 500, "{\"error\":\"payment failed\"}");
        return;
    }
    int days = delivery_days(order->item, order->quantity);
    if (days > 0)
        spanlog_set(span, kv("delivery.days", days));
    update_status(order->id, "placed");
    spanlog_info("order placed", kv("order.id", order->id), kv("item", order->item),
                 kv("quantity", order->quantity));
    http_answer(reply, 201, "{\"order\":%lld}", (long long)order->id);
}

/* ---- the routes ------------------------------------------------------------------------- */

static bool is_item_name(const char *text) {
    return text != NULL && *text != 0 && strlen(text) < 32 &&
           text[strspn(text, "abcdefghijklmnopqrstuvwxyz-")] == 0;
}

static void post_order(const http_request *request, http_reply *reply) {
    struct order order = {.item = http_query(request, "item"),
                          .quantity = http_query_number(request, "qty", 1000)};
    if (!is_item_name(order.item) || order.quantity == 0) {
        http_answer(reply, 400, "{\"error\":\"item and qty are needed\"}");
        return;
    }
    order.id = insert_order(order.item, order.quantity);
    if (order.id < 0) {
        spanlog_fail(request->span, "database failed");
        http_answer(reply, 500, "{\"error\":\"database failed\"}");
        return;
    }
    spanlog_set(request->span, kv("order.id", order.id), kv("item", order.item));
    fulfil_order(request->span, &order, reply);
}

static void get_order(const http_request *request, http_reply *reply) {
    int64_t id = strtoll(request->parameter, NULL, 10);
    spanlog_set(request->span, kv("order.id", id));
    int result = select_order(id, reply);
    if (result == SQLITE_ROW)
        return;
    if (result == SQLITE_DONE) {
        spanlog_info("no such order", kv("order.id", id));
        http_answer(reply, 404, "{\"error\":\"no such order\"}");
        return;
    }
    spanlog_fail(request->span, "database failed");
    http_answer(reply, 500, "{\"error\":\"database failed\"}");
}

static const http_route routes[] = {
    {"POST", "/orders", post_order}, {"GET", "/orders/{id}", get_order}, {0}};

int main(int argc, char **argv) {
    service_options options;
    if (service_parse(argc, argv, &options) != 0)
        return 2;
    spanlog_init(
        &(spanlog_config){.size = sizeof(spanlog_config), .service = "orders", .version = "2.4.0"});
    inventory_port = options.upstream;
    if (db_open(options.database, schema) != 0)
        return 1;
    report_pending_orders();
    int result = service_run(&options, routes);
    db_close();
    return result;
}
