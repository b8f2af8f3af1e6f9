/* back/red.h: rate, errors and duration out of spans that are written anyway.
 *
 *     red_count(&drain->decoder->line);       after decode_span
 *
 *   kind server, http.request.method   http_requests_total, http_request_duration_seconds,
 *                                      http_server_request_duration_seconds
 *   kind client, db.*                  db_query_duration_seconds
 *   kind client, gen_ai.*              llm_request_duration_seconds, llm_tokens_total
 *
 * The caller pays nothing. What is not sampled is not seen here, and not guessed: the help says so.
 */
#ifndef SPANLOG_BACK_RED_H
#define SPANLOG_BACK_RED_H

#include "formatters/line.h"

void red_count(const struct spanlog_line *line);

#endif
