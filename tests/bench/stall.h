/* tests/bench/stall.h: a standard output that stops on command.
 *
 *     stall_open();                  // before the first record, with SPANLOG_OUTPUT=stdout
 *     stall_hold();                  // from here on nobody reads: the back will wait in its write
 *     ...                            // measure the caller alone
 *     stall_release();
 *     spanlog_flush(-1);
 *
 * So the caller's side can be measured while the back sleeps, without a word to the library.
 * stall_open returns what was the standard output, for the results.
 */
#ifndef SPANLOG_TESTS_BENCH_STALL_H
#define SPANLOG_TESTS_BENCH_STALL_H

#include <stdio.h>

FILE *stall_open(void);
void stall_hold(void);
void stall_release(void);

#endif
