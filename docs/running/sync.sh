#!/usr/bin/env bash
# Runs one sync of one portal into files: sync.sh FOLDER
#
# FOLDER contains config.json. The script adds catalog.json (created once; edit it to choose streams
# and columns), state.json, and one file of messages per sync. The next sync resumes an interrupted
# one from the states that it had printed. The reason for a failure is on stderr.
set -euo pipefail
cd "$1"

if [ ! -s catalog.json ]; then
    source-hubspot catalog --config config.json > catalog.new
    mv catalog.new catalog.json
fi
[ -s state.json ] || echo '[]' > state.json

# The number of the process keeps apart two syncs that start in the same second.
messages="$(date -u +%Y-%m-%dT%H-%M-%SZ)-$$.jsonl"
status=0
source-hubspot read --config config.json --catalog catalog.json --state state.json \
    > "$messages" || status=$?

# Keeps the newest state of each stream; streams without a new state keep their old one.
source-hubspot state --update state.json "$messages"
exit "$status"
