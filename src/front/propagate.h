/* front/propagate.h: the process's own place in a trace. */
#ifndef SPANLOG_FRONT_PROPAGATE_H
#define SPANLOG_FRONT_PROPAGATE_H

/* Takes up what TRACEPARENT, TRACESTATE and BAGGAGE say, as the calling thread's context, unless it
 * has one. Once, when the process starts. */
void propagate_from_environment(void);

#endif
