/* tests/integrations/peer.h: a plain HTTP server without spanlog, for what a client sent.
 *
 *     struct peer *peer = peer_start();
 *     ... requests to http://127.0.0.1:peer_port(peer)/...
 *     peer_stop(peer);
 *     // the file peer.txt then has a line "GET /path" and one "name: value" per header
 *
 * /status/503 answers with that status, /to/PATH redirects to /PATH, /flaky answers 503 twice and
 * then 200, /hang never answers, /again answers 503 with Retry-After: 0. Anything else: 200
 * "hello".
 */
#ifndef SPANLOG_TESTS_PEER_H
#define SPANLOG_TESTS_PEER_H

#include <stdint.h>

struct peer;
struct peer *peer_start(void);
uint16_t peer_port(const struct peer *peer);
void peer_stop(struct peer *peer);

#endif
