/* delivery: asks the shop's fourth service, over gRPC, when an order will arrive
 * (delivery_client.cc).
 *
 *     int days = delivery_days("piano", 1); // 0: no promise
 *
 * The service is where the environment variable SHOP_DELIVERY says, "127.0.0.1:8083"; without it,
 * or without grpc++, there are no promises. The caller's span is the parent of the call's.
 */
#ifndef SHOP_DELIVERY_H
#define SHOP_DELIVERY_H

#ifdef __cplusplus
extern "C" {
#endif

#ifdef SHOP_WITH_GRPC
/* Days until it arrives; 0 without a promise, and why there is none has been logged. */
int delivery_days(const char *item, int quantity);
#else
static inline int delivery_days(const char *item, int quantity) {
    (void)item, (void)quantity;
    return 0;
}
#endif

#ifdef __cplusplus
}
#endif

#endif
