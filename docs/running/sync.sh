#!/usr/bin/env bash
# Runs one sync of one portal into files: sync.sh FOLDER
#
# FOLDER contains config.json. The script adds catalog.json (created once; edit it to choose streams
# and columns), state.json, and one file of messages per sync. The next sync resumes an interrupted
# one from the states that it had printed. Needs bash and jq.
set -euo pipefail
cd "$1"

# Prints the errors of a file of messages.
errors() {
    jq -rR 'fromjson? | select(.trace.type == "ERROR").trace.error.message' "$1" >&2
}

if [ ! -s catalog.json ]; then
    if ! source-hubspot discover --config config.json > discover.new; then
        errors discover.new
        exit 1
    fi
    jq 'select(.type == "CATALOG") | {streams: [
        .catalog.streams[] | {stream: ., sync_mode: .supported_sync_modes[-1],
            destination_sync_mode: (if .source_defined_primary_key == [] then "append"
                                    else "append_dedup" end)}]}' discover.new > catalog.new
    mv catalog.new catalog.json
    rm discover.new
fi
[ -s state.json ] || echo '[]' > state.json

# The number of the process keeps apart two syncs that start in the same second.
messages="$(date -u +%Y-%m-%dT%H-%M-%SZ)-$$.jsonl"
status=0
source-hubspot read --config config.json --catalog catalog.json --state state.json \
    > "$messages" || status=$?

# Keeps the newest state of each stream; streams without a new state keep their old one. A line that
# was cut off by a kill is skipped. The file is replaced atomically.
jq -cR 'fromjson? | select(.type == "STATE").state' "$messages" \
    | jq -s --slurpfile before state.json \
        '$before[0] + . | group_by(.stream.stream_descriptor) | map(last)' > state.new
mv state.new state.json

errors "$messages"
exit "$status"
