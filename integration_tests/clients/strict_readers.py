"""Strict readers take every line, whatever HubSpot's texts hold: orjson, and Postgres by its rules.

Postgres documents what `jsonb` refuses beyond what is no JSON: U+0000, half a surrogate pair, and
numbers of more than 131072 digits before the point or 16383 behind it.
"""

from __future__ import annotations

import re
from typing import Any

import orjson
from portal import SMALL, Findings, Portal

from protocol import Output, configured, run

# What a text or a value becomes on its way here, as it stands in the answer.
TEXTS = ("\\u0000", "\0", "\\ud800", "\\ude00\\ud83d", "\\ud83d\\ude00", "\x01")
VALUES = ("1e400", "[-1e400]", "9" * 400, "NaN", "[" * 150 + "]" * 150, '"\\ud800"', '{"\\u0000":1}')
DATE = re.compile(r"(\d{4})-\d\d-\d\d([T ](\d\d):\d\d:(\d\d))?")


def refused_by_jsonb(value: Any) -> str | None:
    """What Postgres would refuse of a value that was parsed."""
    if isinstance(value, str):
        if "\0" in value:
            return "U+0000"
        return "a surrogate" if any("\ud800" <= c <= "\udfff" for c in value) else None
    if isinstance(value, dict):
        value = [*value.keys(), *value.values()]
    if isinstance(value, list):
        return next((found for found in map(refused_by_jsonb, value) if found), None)
    return None


def impossible_date(value: Any) -> bool:
    """Is this a date that Postgres and Python do not know?"""
    found = DATE.match(value) if isinstance(value, str) else None
    return bool(found) and (found[1] == "0000" or found[3] == "24" or found[4] == "60")


def parse(output: Output, what: str, findings: Findings) -> int:
    noted = 0
    for line in output.lines:
        try:
            message = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            findings.check(False, f"{what}: {error}: {line[:200]}")
            continue
        refused = refused_by_jsonb(message)
        findings.check(refused is None, f"{what}: {refused}: {line[:200]}")
        if message["type"] == "RECORD":
            record = message["record"]
            noted += "meta" in record
            for column, value in record["data"].items():
                findings.check(not impossible_date(value), f"{what}: {column} is {value}")
    return noted


def main() -> None:
    findings = Findings()
    noted = lines = 0
    with Portal(*SMALL) as portal:
        config = portal.config
        plain = run("discover", config=config)
        catalog = configured(plain.of_type("CATALOG")[0]["streams"], "full_refresh")
        truth = run("read", config=config, catalog=catalog)
        parse(truth, "plain", findings)
        for odd in (*TEXTS, *VALUES):
            pairs = [('"label":"', f'"label":"{odd}')] if odd in TEXTS else []
            odd_value = f'"{odd}"' if odd in TEXTS else odd
            for field in ("id", "portalId", "displayOrder"):
                pairs.append((f'"{field}":', f'"odd{field}\\udc00":{odd_value},"{field}":'))
            for field in ("firstname", "dealname", "name"):
                pairs.append((f'"{field}":"', f'"{field}":"{odd if odd in TEXTS else ""}'))
            portal.spoil({"kind": {"replaced": {"texts": pairs[:-1]}}})
            parse(run("discover", config=config), f"discover with {odd[:20]!r}", findings)
            output = run("read", config=config, catalog=catalog)
            portal.mend()
            noted += parse(output, f"read with {odd[:20]!r}", findings)
            lines += len(output.lines)
            findings.check(output.code == 0, f"{odd[:20]!r}: {output.errors()}")
            for stream, records in truth.records.items():
                count = len(output.records[stream])
                findings.check(count == len(records), f"{odd[:20]!r}: {count} of {stream}")
    findings.check(noted > 100, f"only {noted} records note a change")
    findings.end(f"strict readers: {lines} lines, {noted} records with notes")


if __name__ == "__main__":
    main()
