/* propagation/traceparent.h: W3C trace-context's traceparent header, as text. Pure.
 *
 *     00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01
 */
#ifndef SPANLOG_PROPAGATION_TRACEPARENT_H
#define SPANLOG_PROPAGATION_TRACEPARENT_H

#include <spanlog/spanlog.h>

#define TRACEPARENT_SIZE 55

/* Returns 0, or -EINVAL with *ret_ctx all zeros. */
int traceparent_parse(const char *text, spanlog_ctx *ret_ctx);
/* Writes TRACEPARENT_SIZE characters and NUL. */
void traceparent_format(const spanlog_ctx *ctx, char ret_text[TRACEPARENT_SIZE + 1]);

#endif
