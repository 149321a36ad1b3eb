"""What is in the image and what it says about itself: nothing missing, nothing more."""

from __future__ import annotations

import re
import struct
import sys
import tomllib
from pathlib import Path

import yaml
from oci import Entry, Image
from portal import Findings

ROOT = Path(__file__).parents[2]
PROGRAM = "/usr/local/bin/source-hubspot"
ROOTS = "/etc/ssl/certs/ca-certificates.crt"
USER = 1000
MB = 1_000_000
LARGEST_IMAGE, LARGEST_PROGRAM = 16 * MB, 12.5 * MB
FEWEST_ROOTS = 100

# By path: kind, rights, owner, and where a link leads.
ALLOWED = {
    **{
        folder: ("folder", 0o755, 0, "")
        for folder in "/bin /etc /etc/ssl /etc/ssl/certs /usr /usr/local /usr/local/bin".split()
    },
    **{folder: ("folder", 0o755, USER, "") for folder in ("/airbyte", "/config", "/secrets")},
    "/tmp": ("folder", 0o1777, USER, ""),
    **{file: ("file", 0o755, 0, "") for file in (PROGRAM, "/bin/busybox")},
    **{
        file: ("file", 0o644, 0, "")
        for file in (ROOTS, "/etc/passwd", "/etc/group", "/etc/nsswitch.conf")
    },
    **{
        f"/bin/{tool}": ("link", 0o777, 0, "busybox")
        for tool in ("sh", "sleep", "kill", "mv", "touch")
    },
}


def needs_a_loader(program: bytes) -> bool:
    """Does an ELF file name an interpreter, as everything that is linked dynamically does?"""
    assert program[:5] == b"\x7fELF\x02", "64 bits"
    (table,) = struct.unpack_from("<Q", program, 0x20)
    size, count = struct.unpack_from("<HH", program, 0x36)
    kinds = [struct.unpack_from("<I", program, table + place * size)[0] for place in range(count)]
    interpreter, load = 3, 1
    assert load in kinds, "something to load"
    return interpreter in kinds


def check_contents(image: Image, findings: Findings) -> None:
    for path in sorted(image.entries.keys() | ALLOWED.keys()):
        entry = image.entries.get(path)
        found = entry and (entry.kind, entry.mode, entry.owner, entry.link)
        findings.check(found == ALLOWED.get(path), f"{path}: {found}, not {ALLOWED.get(path)}")
        findings.check(not entry or entry.owner == entry.group, f"{path}: its group")


def check_programs(entries: dict[str, Entry], findings: Findings) -> None:
    program = entries[PROGRAM].content
    for path in (PROGRAM, "/bin/busybox"):
        findings.check(not needs_a_loader(entries[path].content), f"{path} is not static")
    size = f"{len(program) / MB:.2f} MB"
    findings.check(len(program) < LARGEST_PROGRAM, f"{PROGRAM} has {size}")
    # Where it was built is in it neither by the name of a folder nor by that of a person.
    paths = set(re.findall(rb"/(?:home|root|tmp|build)/[\w./-]+", program))
    findings.check(not paths, f"{PROGRAM} names {sorted(paths)[:5]}")


def check_configuration(image: Image, findings: Findings) -> None:
    config, labels = image.config, image.config["Labels"]
    metadata = yaml.safe_load(ROOT.joinpath("metadata.yaml").read_text())["data"]
    environment = dict(pair.split("=", 1) for pair in config["Env"])
    expected = {
        "io.airbyte.name": metadata["dockerRepository"],
        "io.airbyte.version": metadata["dockerImageTag"],
        "org.opencontainers.image.version": metadata["dockerImageTag"],
        "org.opencontainers.image.title": metadata["dockerRepository"].split("/")[1],
        "org.opencontainers.image.licenses": metadata["license"],
        "org.opencontainers.image.source": metadata["documentationUrl"].split("#")[0],
    }
    for label, value in expected.items():
        findings.check(labels.get(label) == value, f"{label}: {labels.get(label)}, not {value}")
    revision = labels.get("org.opencontainers.image.revision", "")
    findings.check(bool(re.fullmatch("[0-9a-f]{40}|unknown", revision)), f"revision {revision}")
    findings.check(bool(labels.get("org.opencontainers.image.description")), "no description")
    for key, value in {
        "User": f"{USER}:{USER}",
        "WorkingDir": "/airbyte",
        "Entrypoint": [PROGRAM],
        "Cmd": None,
    }.items():
        findings.check(config.get(key) == value, f"{key}: {config.get(key)}, not {value}")
    findings.check(
        environment
        == {
            "PATH": "/usr/local/bin:/bin",
            "SSL_CERT_FILE": ROOTS,
            "AIRBYTE_ENTRYPOINT": " ".join(config["Entrypoint"]),
        },
        f"environment: {environment}",
    )
    roots = image.entries[ROOTS].content.count(b"-----BEGIN CERTIFICATE-----\n")
    findings.check(roots >= FEWEST_ROOTS, f"{roots} root certificates")


def check_toolchain(findings: Findings) -> None:
    """One compiler everywhere: for development, in the image's stages, for what goes beside it."""
    toolchain = tomllib.loads(ROOT.joinpath("rust-toolchain.toml").read_text())["toolchain"]
    for file, pattern in (
        ("Dockerfile", r"^ARG RUST=(\S+)$"),
        (".github/workflows/image.yml", r"\brust:([\d.]+)|RUSTUP_TOOLCHAIN=([\d.]+)"),
    ):
        text = ROOT.joinpath(file).read_text()
        named = {"".join(found.groups("")) for found in re.finditer(pattern, text, re.MULTILINE)}
        findings.check(named == {toolchain["channel"]}, f"{file} names Rust {sorted(named)}")


def main() -> None:
    findings = Findings()
    check_toolchain(findings)
    image, again = (Image(Path(folder)) for folder in sys.argv[1:])
    check_contents(image, findings)
    check_programs(image.entries, findings)
    check_configuration(image, findings)
    findings.check(image.size < LARGEST_IMAGE, f"the image has {image.size / MB:.1f} MB")
    findings.check(image.layers == again.layers, "a second build has other layers")
    findings.check(image.digest == again.digest, "a second build has another digest")
    program = len(image.entries[PROGRAM].content)
    findings.end(
        f"image: {image.size / MB:.1f} MB, {image.compressed / MB:.1f} MB compressed; program"
        f" {program / MB:.2f} MB, static; {len(image.entries)} entries, all of them allowed;"
        f" built twice, both times {image.digest[:19]}"
    )


if __name__ == "__main__":
    main()
