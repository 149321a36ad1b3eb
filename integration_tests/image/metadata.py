"""metadata.yaml by the public schema of connectors' metadata, and by the facts that it repeats."""

from __future__ import annotations

import copy
import json
import re
import tomllib
from collections.abc import Iterator
from importlib.metadata import files
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree

import yaml
from jsonschema import Draft7Validator, FormatChecker
from portal import SMALL, Findings, Portal

from protocol import Json, configured, run

ROOT = Path(__file__).parents[2]
SCHEMA = "ConnectorMetadataDefinitionV0.json"
# Of Airbyte's own connector, which this one does not replace in a catalog but stands beside.
THEIRS = "36c891d9-4bd9-43ac-bad2-10e12756272c"
# A source's silence is measured against the larger of its own figure and the platform's.
PLATFORM_SILENCE_S = 10_800
UNITS = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30}
MB = 1_000_000


def without_identities(schema: Any) -> Any:
    """The schema less the `$id`s inside it: its references count from its top in spite of them."""
    if isinstance(schema, dict):
        return {key: without_identities(value) for key, value in schema.items() if key != "$id"}
    return [without_identities(item) for item in schema] if isinstance(schema, list) else schema


def validator() -> Draft7Validator:
    (path,) = (file for file in files("airbyte-connector-models") or () if file.name == SCHEMA)
    schema = without_identities(json.loads(Path(path.locate()).read_text()))
    return Draft7Validator(schema, format_checker=FormatChecker())


def violations(metadata: Json) -> list[str]:
    found = validator().iter_errors(metadata)
    return [f"{'.'.join(map(str, error.absolute_path))}: {error.message[:200]}" for error in found]


def check_schema(metadata: Json, findings: Findings) -> None:
    for violation in violations(metadata):
        findings.check(False, violation)
    # What the schema would not notice is not checked by it.
    for path, wrong in (
        ("unknown", 1),
        ("definitionId", "not an id"),
        ("connectorType", "sink"),
        ("maxSecondsBetweenMessages", "soon"),
        ("resourceRequirements", {"jobSpecific": [{"jobType": "walk"}]}),
        ("externalDocumentationUrls", [{"title": "no address"}]),
    ):
        broken = copy.deepcopy(metadata)
        broken["data"][path] = wrong
        findings.check(bool(violations(broken)), f"the schema takes {path} = {wrong}")


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from strings(item)
    elif isinstance(value, str):
        yield value


def check_release(data: Json, findings: Findings) -> None:
    version = data["dockerImageTag"]
    manifest = tomllib.loads(ROOT.joinpath("Cargo.toml").read_text())["workspace"]["package"]
    findings.check(manifest["version"] == version, f"{version}, but {manifest['version']} in cargo")
    findings.check(manifest["license"] == data["license"], "the licence is not that of Cargo.toml")
    number = re.fullmatch(r"(\d+)\.(\d+)\.(\d+)(-rc\.\d+)?", version)
    findings.check(bool(number), f"{version} is no version")
    releases = data.get("releases", {})
    major, minor, patch, candidate = number.groups() if number else ("0", "", "", None)
    if (minor, patch) == ("0", "0") and major != "0":
        findings.check(not candidate, f"{version}: no candidate of a major version")
        breaking = releases.get("breakingChanges", {})
        findings.check(version in breaking, f"{version} breaks something and does not say what")
    if candidate:
        progressive = releases.get("rolloutConfiguration", {}).get("enableProgressiveRollout")
        findings.check(progressive is True, f"{version}: candidates are rolled out step by step")
    check_image_names(data["dockerRepository"], version, findings)
    changelog = ROOT.joinpath("CHANGELOG.md").read_text()
    findings.check(f"\n## {version}" in changelog, f"CHANGELOG.md has no {version}")


def check_image_names(repository: str, version: str, findings: Findings) -> None:
    """Every file names the image, and its tag if any, as metadata.yaml does."""
    places = ("README.md", "Dockerfile", "metadata.yaml", "docs/**/*", ".github/workflows/*", "image/*")
    name = repository.partition("/")[2]
    named = 0
    for path in sorted(file for place in places for file in ROOT.glob(place) if file.is_file()):
        text = path.read_text(errors="replace")
        for host, tag in re.findall(rf"([\w.-]+/)?{name}(?!/)(?::([\w.-]+))?", text):
            if host == "github.com/":
                continue
            named += 1
            findings.check(f"{host}{name}" == repository, f"{path.name} names the image {host}{name}")
            findings.check(tag in ("", version), f"{path.name} names the image of {tag}")
    findings.check(named >= 5, f"{named} files name the image")


def check_references(data: Json, findings: Findings) -> None:
    findings.check(data["definitionId"] != THEIRS, "definitionId is that of Airbyte's connector")
    findings.check(data["dockerRepository"].endswith(f"/{data['githubIssueLabel']}"), "two names")
    findings.check("language:rust" in data["tags"], "no tag for the language")
    findings.check(all(tag.count(":") == 1 for tag in data["tags"]), f"tags: {data['tags']}")
    plain = [text for text in strings(data) if text.startswith("http:")]
    findings.check(not plain, f"unencrypted: {plain}")
    # The registry that the workflow publishes to with the repository's own token.
    registry, _, name = data["dockerRepository"].partition("/")
    findings.check(registry == "ghcr.io", f"the image is published to {registry}")
    repository, _, anchor = data["documentationUrl"].partition("#")
    findings.check(anchor == "readme" and ROOT.joinpath("README.md").exists(), "documentationUrl")
    spec = json.loads(ROOT.joinpath("src/config/spec.json").read_text())
    findings.check(spec["documentationUrl"] == data["documentationUrl"], "spec: documentationUrl")
    findings.check(urlsplit(repository).path == f"/{name}", f"{repository} is not that of {name}")
    icon = ElementTree.parse(ROOT / data["icon"]).getroot()
    findings.check(icon.tag == "{http://www.w3.org/2000/svg}svg", f"{data['icon']}: {icon.tag}")
    source = ROOT.joinpath("src/env.rs").read_text()
    hosts = set(re.findall(r'const DEFAULT_API_URL: &str = "https://([\w.]+)"', source))
    allowed = set(data["allowedHosts"]["hosts"])
    findings.check(hosts == allowed, f"allowedHosts: {allowed}, and requests go to {hosts}")
    findings.check(data["maxSecondsBetweenMessages"] <= PLATFORM_SILENCE_S, "too long a silence")


def check_streams(data: Json, findings: Findings) -> int:
    """Suggested streams can be read incrementally, and each stream has its page."""
    with Portal(*SMALL) as portal:
        streams = run("discover", config=portal.config).of_type("CATALOG")[0]["streams"]
        found = {stream["name"]: stream for stream in streams}
        suggested = data["suggestedStreams"]["streams"]
        findings.check(bool(suggested), "no stream is suggested")
        for name in suggested:
            modes = found.get(name, {}).get("supported_sync_modes", [])
            findings.check("incremental" in modes, f"{name} is suggested, with the modes {modes}")
        chosen = [found[name] for name in suggested if name in found]
        read = run("read", config=portal.config, catalog=configured(chosen))
        for name in suggested:
            findings.check(bool(read.records[name]), f"{name} is suggested, and empty")
    pages = ROOT.joinpath("docs/streams.md").read_text()
    row = r"^\| `(\w+)` \|.*\| \[HubSpot\]\((\S+)\) \|$"
    documented = dict(re.findall(row, pages, re.MULTILINE))
    # Named by the portal, as its objects and events are.
    own = {name for name in found if not name.startswith(("boats", "harbours", "custom_event_"))}
    for name in sorted(own):
        address = documented.get(name, "")
        findings.check(address.startswith("https://"), f"{name} has no page in docs/streams.md")
    readme = ROOT.joinpath("README.md").read_text()
    findings.check("docs/streams.md" in readme, "the documentation does not lead to the streams'")
    return len(own)


def memory(quantity: str) -> float:
    return float(quantity[:-2]) * UNITS[quantity[-2:]]


def check_resources(data: Json, findings: Findings) -> str:
    """Asks for what was measured at most, and may have twice of it."""
    table = ROOT.joinpath("docs/performance.md").read_text()
    rows = re.findall(r"^\| ([^|]*peak memory[^|]*) \| ([^|]*) \|", table, re.MULTILINE)
    figures = [float(figure) for row in rows for figure in re.findall(r"([\d.]+) MB", row[1])[:1]]
    findings.check(len(figures) >= 3, f"docs/performance.md has {len(figures)} figures of memory")
    peak = max(figures) * MB
    jobs = {
        row["jobType"]: row["resourceRequirements"]
        for row in data["resourceRequirements"]["jobSpecific"]
    }
    findings.check(jobs.keys() == {"check_connection", "discover_schema", "sync"}, f"{[*jobs]}")
    for job, wanted in jobs.items():
        request, limit = memory(wanted["memory_request"]), memory(wanted["memory_limit"])
        findings.check(peak <= request, f"{job} asks for less than the {peak / MB} MB measured")
        findings.check(2 * peak <= limit, f"{job} may not have twice the {peak / MB} MB measured")
        findings.check(request <= limit, f"{job} asks for more than it may have")
    return f"{peak / MB:.1f} MB"


def main() -> None:
    findings = Findings()
    metadata = yaml.safe_load(ROOT.joinpath("metadata.yaml").read_text())
    check_schema(metadata, findings)
    data = metadata["data"]
    check_release(data, findings)
    check_references(data, findings)
    documented = check_streams(data, findings)
    peak = check_resources(data, findings)
    findings.end(
        f"metadata.yaml: fits the schema; {documented} streams have their page; at most {peak} used"
    )


if __name__ == "__main__":
    main()
