/* prices: the price list, which lies in PostgreSQL, with a span around every statement
 * (spanlog/pq.h). The statements end with the trace as a comment, so that PostgreSQL's own log
 * leads back to the request.
 *
 *     prices_open("host=/run/postgresql dbname=shop");
 *     int cents = prices_find("tea");
 *     prices_close();
 *
 * Every thread has its own connection. Without prices_open there are no prices.
 */
#ifndef SHOP_PRICES_H
#define SHOP_PRICES_H

/* Remembers where the list is and writes it if it is not there. Returns 0, or -EIO after logging
 * why. */
int prices_open(const char *conninfo);
/* Closes the calling thread's connection; other threads close theirs when they end. */
void prices_close(void);

/* Returns the price in cents, or -1 when there is none; a database that failed has been logged. */
int prices_find(const char *item);

#endif
