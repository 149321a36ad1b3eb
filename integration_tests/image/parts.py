"""The files that go out beside the image: every part of the program is listed, with a licence."""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
from pathlib import Path

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from license_expression import ExpressionError, get_spdx_licensing
from portal import Findings

ROOT = Path(__file__).parents[2]
# By `--remap-path-prefix` of image/binary: where a message of a panic comes from.
CRATE = re.compile(rb"crates/([\w-]+)-(\d[\w.+-]*)/")
# A panic's message is in most of them; fewer, and the program was not looked at rightly.
FEWEST_NAMED = 40


def make(folder: Path) -> tuple[str, str]:
    subprocess.run([ROOT / "image" / "release_files.py", folder], check=True)
    bill, licenses = sorted(folder.iterdir())[::-1]
    return bill.read_text(), licenses.read_text()


def main() -> None:
    findings = Findings()
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        text, licenses = make(Path(one))
        findings.check((text, licenses) == make(Path(two)), "made twice, they differ")
    error = JsonStrictValidator(SchemaVersion.V1_5).validate_str(text)
    findings.check(error is None, f"no CycloneDX: {error}")
    spdx = get_spdx_licensing()
    listed = set()
    for part in json.loads(text)["components"]:
        name, version = part["name"], part["version"]
        listed.add((name, version))
        (license,) = (each["expression"] for each in part["licenses"])
        try:
            spdx.parse(license, validate=True)
        except ExpressionError as error:
            findings.check(False, f"{name}: {error}")
        findings.check(f"\n{name} {version} ({license})\n" in licenses, f"{name}: no text")
        if part["purl"].startswith("pkg:cargo/"):
            findings.check(len(part["hashes"]) == 1, f"{name}: no checksum")
    program = Path(os.environ["SOURCE_HUBSPOT"]).read_bytes()
    named = {tuple(part.decode() for part in crate) for crate in CRATE.findall(program)}
    findings.check(len(named) >= FEWEST_NAMED, f"the program names {len(named)} crates")
    for name, version in sorted(named - listed):
        findings.check(False, f"{name} {version} is in the program and not listed")
    findings.end(
        f"parts: {len(listed)}, each with a licence and its text; {len(named)} of them found by"
        " name in the program"
    )


if __name__ == "__main__":
    main()
