/* back/red.h: rate, errors and duration out of spans.
 *
 *     red_take(drain, record, written);       of each record that has left its ring, once
 *
 *   kind server, http.request.method   http_requests_total, http_request_duration_seconds,
 *                                      http_server_request_duration_seconds
 *   kind client, db.*                  db_query_duration_seconds
 *   kind client, gen_ai.*              llm_request_duration_seconds, llm_tokens_total
 *
 * A span counts when it comes out of its ring, whether it is written, waits for the end of its
 * trace or is forgotten. Of traces that are not sampled, the front puts spans of kind server and
 * client into the ring for this alone (front/span.c, is_counted). Only a span that is written
 * leaves an exemplar, as only such can be looked up.
 */
#ifndef SPANLOG_BACK_RED_H
#define SPANLOG_BACK_RED_H

#include "src/core/record.h"

#include <stdbool.h>

struct drain;

/* written: drain->decoder->line is this record. */
void red_take(struct drain *drain, const struct record *record, bool written);

#endif
