#!/bin/sh
# job: a shell job, with the tool's two verbs and an unchanged curl.
#
#     spanlog exec --name nightly --preload -o nightly.jsonl -- sh job.sh http://127.0.0.1:8080
#
# `exec` makes the span that all of this lies in, `log` writes lines in it, and the preloaded library
# makes curl hand the trace on. Looks at the first two orders.
set -eu
spanlog log "looking at the first orders" gateway="$1"
for order in 1 2; do
    curl --silent --show-error --fail --noproxy "*" --output /dev/null "$1/orders/$order" ||
        spanlog log -l warn "no answer" order="$order"
done
spanlog log "done" orders=2
