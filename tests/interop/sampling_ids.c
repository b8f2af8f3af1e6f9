/* tests/interop/sampling_ids.c: trace ids on standard input, 32 hex digits a line; for each prints
 * 1 or 0: whether a span that begins below a caller with that id is recorded. The sampler comes
 * from the environment, as for any program; traceidratio does not go by the caller's flag. The id
 * is then decided once more as the next service would, from the header that this one sends. */
#include <spanlog/spanlog.h>

#include <stdio.h>
#include <string.h>

static const char *get_traceparent(void *header, const char *name) {
    return strcmp(name, "traceparent") == 0 ? header : NULL;
}

static void set_traceparent(void *header, const char *name, const char *value) {
    if (strcmp(name, "traceparent") == 0)
        snprintf(header, 64, "%s", value);
}

/* Writes the header to the next service over the one that came in. */
static int serve(char header[64]) {
    spanlog_ctx caller;
    if (spanlog_extract(get_traceparent, header, &caller) != 0)
        return -1;
    spanlog_begin(span, "request", SPANLOG_SERVER, caller);
    spanlog_ctx ctx = spanlog_span_ctx(&span);
    int sampled = (ctx.flags & SPANLOG_FLAG_SAMPLED) != 0;
    spanlog_inject(ctx, set_traceparent, header);
    spanlog_end(span);
    return sampled;
}

int main(void) {
    char id[33], header[64];
    while (scanf("%32s", id) == 1) {
        snprintf(header, sizeof header, "00-%s-00f067aa0ba902b7-%02x", id, id[31] & 1);
        int here = serve(header), there = serve(header);
        if (here < 0 || here != there) {
            fprintf(stderr, "%s: %d here, %d at the next hop\n", id, here, there);
            return 1;
        }
        printf("%d\n", here);
    }
    return 0;
}
