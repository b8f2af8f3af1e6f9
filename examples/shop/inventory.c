/* inventory: how many of each item are left. The innermost of the shop's three services.
 *
 *     shop-inventory --port 8082 --database stock.db --prices 'host=/run/postgresql dbname=shop'
 *     curl -X POST 'http://127.0.0.1:8082/stock/tea/reservations?qty=2'
 *
 *     POST /stock/{item}/reservations?qty=N   takes N: 201, 409 when fewer are left, 404
 *     POST /stock/{item}/returns?qty=N        gives N back: 200
 *
 * The stock lies in SQLite. What an item costs is asked of PostgreSQL, if there is one.
 */
#include "db.h"
#include "prices.h"
#include "service.h"

#include <stdio.h>

static const char schema[] = "CREATE TABLE IF NOT EXISTS stock ("
                             "  item TEXT PRIMARY KEY, available INTEGER NOT NULL);"
                             "INSERT OR IGNORE INTO stock VALUES"
                             "  ('tea', 1000000), ('cup', 1000000), ('kettle', 1000000),"
                             "  ('piano', 1000000), ('organ', 1000000), ('moon', 0);";

/* Adds `change`, which may be negative, where at least that many are left. Returns the number of
 * rows changed, or -1. */
static int change_stock(const char *item, int change) {
    static const char sql[] = "UPDATE stock SET available = available + ?1"
                              " WHERE item = ?2 AND available + ?1 >= 0";
    sqlite3_stmt *statement = db_prepare(sql);
    sqlite3_bind_int(statement, 1, change);
    sqlite3_bind_text(statement, 2, item, -1, SQLITE_STATIC);
    int rows = -1;
    if (db_step(statement) == SQLITE_DONE)
        rows = sqlite3_changes(db_connection());
    sqlite3_finalize(statement);
    return rows;
}

/* How many are left, or -1 for an unknown item. */
static int read_stock(const char *item) {
    static const char sql[] = "SELECT available FROM stock WHERE item = ?";
    sqlite3_stmt *statement = db_prepare(sql);
    sqlite3_bind_text(statement, 1, item, -1, SQLITE_STATIC);
    int available = db_step(statement) == SQLITE_ROW ? sqlite3_column_int(statement, 0) : -1;
    sqlite3_finalize(statement);
    return available;
}

static void explain_refusal(const char *item, int quantity, http_reply *reply) {
    int available = read_stock(item);
    if (available < 0) {
        spanlog_warn("unknown item", kv("item", item));
        http_answer(reply, 404, "{\"error\":\"unknown item\"}");
        return;
    }
    spanlog_warn("out of stock", kv("item", item), kv("wanted", quantity),
                 kv("available", available));
    http_answer(reply, 409, "{\"error\":\"out of stock\",\"available\":%d}", available);
}

static void answer_reserved(spanlog_span *span, const char *item, int quantity, http_reply *reply) {
    char price[32] = "";
    int cents = prices_find(item);
    if (cents >= 0) {
        spanlog_set(span, kv("price.cents", quantity * cents));
        snprintf(price, sizeof price, ",\"cents\":%d", quantity * cents);
    }
    http_answer(reply, 201, "{\"reserved\":%d%s}", quantity, price);
}

static void reserve(const http_request *request, http_reply *reply) {
    const char *item = request->parameter;
    int quantity = http_query_number(request, "qty", 1000);
    spanlog_set(request->span, kv("item", item), kv("quantity", quantity));
    if (quantity == 0) {
        http_answer(reply, 400, "{\"error\":\"qty must be 1 to 1000\"}");
        return;
    }
    int rows = change_stock(item, -quantity);
    if (rows < 0) {
        spanlog_fail(request->span, "database failed");
        http_answer(reply, 500, "{\"error\":\"database failed\"}");
    } else if (rows == 0) {
        explain_refusal(item, quantity, reply);
    } else {
        spanlog_info("stock reserved", kv("item", item), kv("quantity", quantity));
        answer_reserved(request->span, item, quantity, reply);
    }
}

static void give_back(const http_request *request, http_reply *reply) {
    const char *item = request->parameter;
    int quantity = http_query_number(request, "qty", 1000);
    spanlog_set(request->span, kv("item", item), kv("quantity", quantity));
    if (quantity == 0 || change_stock(item, quantity) != 1) {
        spanlog_error("stock not returned", kv("item", item), kv("quantity", quantity));
        http_answer(reply, 500, "{\"error\":\"not returned\"}");
        return;
    }
    spanlog_info("stock returned", kv("item", item), kv("quantity", quantity));
    http_answer(reply, 200, "{\"returned\":%d}", quantity);
}

static const http_route routes[] = {{"POST", "/stock/{item}/reservations", reserve},
                                    {"POST", "/stock/{item}/returns", give_back},
                                    {0}};

int main(int argc, char **argv) {
    service_options options;
    if (service_parse(argc, argv, &options) != 0)
        return 2;
    spanlog_init(&(spanlog_config){
        .size = sizeof(spanlog_config), .service = "inventory", .version = "1.0.3"});
    if (db_open(options.database, schema) != 0)
        return 1;
    if (options.prices != NULL && prices_open(options.prices) != 0)
        return 1;
    int result = service_run(&options, routes);
    prices_close();
    db_close();
    return result;
}
