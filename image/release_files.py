#!/usr/bin/env python3
"""Writes what goes out beside the image: the list of its parts, and their licences.

    image/release_files.py [FOLDER]        (target/release-files if none is named)

`source-hubspot.cdx.json` is a CycloneDX bill of materials, `LICENSES.txt` has the texts. Equal
sources on equal machines give equal files. Needs Rust, Python 3.11, and a Debian that has the
packages which `image/binary` and `image/files` take from it.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from platform import freedesktop_os_release
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PROGRAM = "source-hubspot"
# What comes from Debian: linked into every static program, or beside ours in the image. Package,
# licence, and the text that Debian keeps for it and others.
PACKAGES = (
    ("libc6-dev", "LGPL-2.1-or-later", "LGPL-2.1"),
    ("libgcc-s1", "GPL-3.0-or-later WITH GCC-exception-3.1", "GPL-3"),
    ("busybox-static", "GPL-2.0-only", "GPL-2"),
    ("ca-certificates", "MPL-2.0", "MPL-2.0"),
)
DOCUMENTS = Path("/usr/share/doc")
COMMON_LICENSES = Path("/usr/share/common-licenses")
LICENSE_FILE = re.compile(r"(LICEN[CS]E|COPYING|NOTICE|UNLICENSE|COPYRIGHT)", re.IGNORECASE)


@dataclass
class Part:
    """Something that was made elsewhere and is in the image."""

    name: str
    version: str
    license: str
    address: str
    home: str = ""
    checksum: str = ""
    folder: Path | None = None
    common: str = ""

    def component(self) -> dict[str, Any]:
        found: dict[str, Any] = {
            "type": "library",
            "bom-ref": self.address,
            "name": self.name,
            "version": self.version,
            "licenses": [{"expression": self.license}],
            "purl": self.address,
        }
        if self.checksum:
            found["hashes"] = [{"alg": "SHA-256", "content": self.checksum}]
        if self.home:
            found["externalReferences"] = [{"type": "vcs", "url": self.home}]
        return found

    def texts(self) -> list[str]:
        """What the part ships of licences and notices."""
        paths = sorted(self.folder.iterdir()) if self.folder else []
        files = [path for path in paths if LICENSE_FILE.match(path.name) and path.is_file()]
        files += [COMMON_LICENSES / self.common] if self.common else []
        return [path.read_text(errors="replace").strip() for path in files]


def say(*command: str) -> str:
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout.strip()


def crates(target: str) -> list[Part]:
    """What is linked into the program: neither build scripts nor macros, nor what tests take."""
    where = ("--locked", "--target", target)
    tree = ("--package", PROGRAM, "--edges", "normal,no-proc-macro", "--prefix", "none")
    names = {tuple(line.split()[:2]) for line in say("cargo", "tree", *where, *tree).splitlines()}
    asked = ("--locked", "--format-version", "1", "--filter-platform", target)
    packages = json.loads(say("cargo", "metadata", *asked))["packages"]
    locked = tomllib.loads(ROOT.joinpath("Cargo.lock").read_text())["package"]
    checksums = {(row["name"], row["version"]): row.get("checksum", "") for row in locked}
    found = []
    for package in packages:
        name, version = package["name"], package["version"]
        if (name, f"v{version}") not in names or name == PROGRAM:
            continue
        found.append(
            Part(
                name,
                version,
                # As it was written before SPDX had a word for it.
                (package["license"] or "").replace("/", " OR "),
                f"pkg:cargo/{name}@{version}",
                package["repository"] or "",
                checksums[name, version],
                Path(package["manifest_path"]).parent,
            )
        )
    return sorted(found, key=lambda part: (part.name, part.version))


def others(rust: str) -> list[Part]:
    """What no manifest names: Rust's own library, and what comes from Debian."""
    found = [Part("rust-std", rust, "MIT OR Apache-2.0", f"pkg:generic/rust-std@{rust}")]
    distribution = freedesktop_os_release()["ID"]
    for name, license, common in PACKAGES:
        version = say("dpkg-query", "--show", "--showformat=${Version}", name)
        address = f"pkg:deb/{distribution}/{name}@{version}"
        found.append(Part(name, version, license, address, folder=DOCUMENTS / name, common=common))
    return found


def bill(parts: list[Part], version: str) -> dict[str, Any]:
    program = f"pkg:cargo/{PROGRAM}@{version}"
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": program,
                "name": PROGRAM,
                "version": version,
                "licenses": [{"expression": "MIT"}],
                "purl": program,
            }
        },
        "components": [part.component() for part in parts],
        "dependencies": [{"ref": program, "dependsOn": [part.address for part in parts]}],
    }


def licenses(parts: list[Part]) -> str:
    """Every text once, under the names of the parts that ship it."""
    own = ROOT.joinpath("LICENSE").read_text().strip()
    terms = own[own.index("Permission is hereby granted") :]
    by_text: dict[str, list[str]] = {own: [PROGRAM]}
    for part in parts:
        name = f"{part.name} {part.version} ({part.license})"
        texts = part.texts()
        if not texts and "MIT" in part.license.split(" OR "):
            texts = [f"Copyright (c) the authors of {part.name}\n\n{terms}"]
        if not texts:
            raise SystemExit(f"{name} ships no licence")
        for text in texts:
            by_text.setdefault(text, []).append(name)
    line = "=" * 80
    heads = {text: "\n".join([line, *names, line]) for text, names in by_text.items()}
    return "\n\n".join(f"{heads[text]}\n\n{text}" for text in by_text) + "\n"


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "target" / "release-files")
    folder.mkdir(parents=True, exist_ok=True)
    rustc = dict(line.split(": ", 1) for line in say("rustc", "-vV").splitlines() if ": " in line)
    manifest = tomllib.loads(ROOT.joinpath("Cargo.toml").read_text())
    parts = crates(rustc["host"]) + others(rustc["release"])
    text = json.dumps(bill(parts, manifest["workspace"]["package"]["version"]), indent=2)
    folder.joinpath(f"{PROGRAM}.cdx.json").write_text(f"{text}\n")
    folder.joinpath("LICENSES.txt").write_text(licenses(parts))


if __name__ == "__main__":
    main()
