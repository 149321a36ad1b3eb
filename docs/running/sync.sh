#!/bin/sh
# Runs one sync of one portal into files: sync.sh FOLDER
#
# FOLDER contains config.json. The script adds catalog.json (created once; edit it to choose streams
# and columns), state.json, and one file of messages per sync. The next sync resumes an interrupted
# one from the states that it had printed.
set -eu
cd "$1"

if [ ! -e catalog.json ]; then
    source-hubspot discover --config config.json | jq 'select(.type == "CATALOG") | {streams: [
        .catalog.streams[] | {stream: ., sync_mode: .supported_sync_modes[-1],
            destination_sync_mode: (if .source_defined_primary_key == [] then "append"
                                    else "append_dedup" end)}]}' > catalog.new
    mv catalog.new catalog.json
fi
[ -e state.json ] || echo '[]' > state.json

messages="$(date -u +%Y-%m-%dT%H-%M-%SZ).jsonl"
status=0
source-hubspot read --config config.json --catalog catalog.json --state state.json \
    > "$messages" || status=$?

# Keeps the newest state of each stream; streams without a new state keep their old one. The file is
# replaced atomically.
jq -c 'select(.type == "STATE").state' "$messages" \
    | jq -s --slurpfile before state.json \
        '$before[0] + . | group_by(.stream.stream_descriptor) | map(last)' > state.new
mv state.new state.json

jq -r 'select(.trace.type == "ERROR").trace.error.message' "$messages" >&2
exit "$status"
