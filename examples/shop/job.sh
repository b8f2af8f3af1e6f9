#!/bin/sh
# job: a shell job, with the tool's two verbs and an unchanged curl.
#
#     spanlog exec --name nightly --preload -o nightly.jsonl -- sh job.sh http://127.0.0.1:8080 1 2
#
# `exec` makes the span that all of this lies in, `log` writes lines in it, and the preloaded library
# makes curl hand the trace on. Looks at some orders.
set -eu
gateway=$1
shift
spanlog log "looking at orders" count=$#
for order; do
    curl --silent --show-error --fail --noproxy "*" --output /dev/null "$gateway/orders/$order" ||
        spanlog log -l warn "no answer" order="$order"
done
spanlog log "done"
