"""Records the progress display of a read against the simulator as an animated SVG.

Usage: record_progress.py FILE   (docs/progress.svg is made in this way)

Needs SOURCE_HUBSPOT, HUBSPOT_SIMULATOR and the environment of requirements/recipes.txt, as
`integration_tests/clients/run record_progress FILE` provides them. The picture has the colors of a dark
terminal, so that it is legible on light and on dark pages; without animation, it shows the last frame.
"""

from __future__ import annotations

import fcntl
import json
import os
import pty
import select
import struct
import subprocess
import sys
import tempfile
import termios
import time
from html import escape
from pathlib import Path

import pyte
from portal import Portal

from protocol import CONNECTOR

COLUMNS, ROWS = 92, 15
COMMAND = "source-hubspot read --config config.json --catalog catalog.json > read.jsonl"
LARGEST = 200_000
# Frames per second, seconds before the start, seconds for the last frame.
RATE, BEFORE, AFTER = 1.5, 1.5, 6.0
STREAMS = ["companies", "contacts", "deals", "forms", "list_memberships", "owners", "quotes"]
PORTAL = (
    "--contacts=14000 --companies=5000 --deals=8000 --owners=20 --lists=24 --largest-list=1500"
    " --properties=40 --latency-ms=250 --jitter-ms=100"
).split()
SCOPES = (
    "oauth crm.objects.contacts.read crm.objects.companies.read crm.objects.deals.read"
    " crm.schemas.contacts.read crm.schemas.companies.read crm.schemas.deals.read"
    " crm.objects.owners.read crm.objects.line_items.read crm.lists.read forms"
).split()
COLORS = {
    "red": "#ff7b72",
    "green": "#3fb950",
    "brown": "#d29922",
    "yellow": "#d29922",
    "blue": "#58a6ff",
    "magenta": "#bc8cff",
    "cyan": "#39c5cf",
    "brightblack": "#8b949e",
}
WIDTH, HEIGHT, MARGIN, BASELINE = 7.8, 18.0, 16.0, 13.0
FONT = "ui-monospace,SFMono-Regular,Menlo,Consolas,monospace"

Run = tuple[int, str, str]  # column, style, text
Frame = list[list[Run]]


def runs(screen: pyte.Screen, row: int) -> list[Run]:
    """The texts of one line: one for each color and each gap of two or more spaces."""
    found: list[Run] = []
    line = screen.buffer[row]
    for column in range(COLUMNS):
        cell = line[column]
        if cell.data == " ":
            continue
        style = COLORS.get(cell.fg, "") + (";font-weight:600" if cell.bold else "")
        begin, before, text = found[-1] if found else (0, "", "")
        gap = column - begin - len(text)
        if found and before == style and gap <= 1:
            found[-1] = (begin, style, text + " " * gap + cell.data)
        else:
            found.append((column, style, cell.data))
    return found


def record() -> tuple[list[tuple[float, Frame]], float]:
    """Reads the portal on a terminal; the frames with their times, and the time of the end."""
    screen = pyte.Screen(COLUMNS, ROWS)
    stream = pyte.ByteStream(screen)
    frames: list[tuple[float, Frame]] = []
    with Portal(*PORTAL, f"--scopes={','.join(SCOPES)}", quota_factor=1) as portal:
        with tempfile.TemporaryDirectory() as folder:
            files = [Path(folder, name) for name in ("config.json", "catalog.json")]
            files[0].write_text(json.dumps(portal.config))
            streams = [{"stream": {"name": name}, "sync_mode": "full_refresh"} for name in STREAMS]
            files[1].write_text(json.dumps({"streams": streams}))
            controller, terminal = pty.openpty()
            fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
            command = [CONNECTOR, "read", "--config", str(files[0]), "--catalog", str(files[1])]
            environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": ""}
            started = time.monotonic()
            process = subprocess.Popen(
                command,
                stdout=subprocess.DEVNULL,
                stderr=terminal,
                env=environment,
                process_group=0,
            )
            os.close(terminal)
            while True:
                now = time.monotonic() - started
                if len(frames) <= now * RATE:
                    frames.append((now, [runs(screen, row) for row in range(ROWS)]))
                if select.select([controller], [], [], 0.05)[0]:
                    try:
                        stream.feed(os.read(controller, 65_536))
                    except OSError:
                        break  # The process has ended.
            if process.wait():
                raise SystemExit(f"FAILED: the read ended with {process.returncode}")
            end = time.monotonic() - started
            frames.append((end, [runs(screen, row) for row in range(ROWS)]))
    return frames, end


def text(column: int, row: float, style: str, content: str) -> str:
    color, _, weight = style.partition(";")
    attributes = f' fill="{color}"' if color else ""
    attributes += ' font-weight="600"' if weight else ""
    # The length keeps long texts in place whatever font there is; short ones begin at their column.
    length = f' textLength="{len(content) * WIDTH:.0f}"' if len(content) > 12 else ""
    x, y = column * WIDTH, row * HEIGHT + BASELINE
    return f'<text x="{x:.0f}" y="{y:.0f}"{attributes}{length}>{escape(content, quote=False)}</text>'


def draw(frames: list[tuple[float, Frame]], end: float) -> str:
    shown: list[tuple[float, Frame]] = []
    for at, frame in frames:
        if not shown or shown[-1][1] != frame:
            shown.append((at, frame))
    total = BEFORE + end + AFTER
    used = max(row for _, frame in frames for row, line in enumerate(frame) if line) + 1
    inner, width = used * HEIGHT, COLUMNS * WIDTH
    keys, groups = [], []
    for index, (at, frame) in enumerate(shown):
        share = 0.0 if index == 0 else (BEFORE + at) / total * 100
        keys.append(f"{share:.2f}%{{transform:translateY({-index * inner:.0f}px)}}")
        lines = (text(c, row, s, t) for row, line in enumerate(frame) for c, s, t in line)
        groups.append(f'<g transform="translate(0,{index * inner:.0f})">{"".join(lines)}</g>')
    last = -(len(shown) - 1) * inner
    height = inner + HEIGHT + 2 * MARGIN + 6
    prompt = text(0, 0, "#3fb950", "$") + text(2, 0, "", COMMAND)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width + 2 * MARGIN:.0f} {height:.0f}"'
        f' font-family="{FONT}" font-size="13" fill="#e6edf3" xml:space="preserve"'
        ' role="img" aria-label="The progress display of a read, and the table at its end">\n'
        f"<style>@keyframes play{{{''.join(keys)}100%{{transform:translateY({last:.0f}px)}}}}\n"
        f".film{{animation:play {total:.1f}s step-end infinite;transform:translateY({last:.0f}px)}}\n"
        "@media (prefers-reduced-motion: reduce){.film{animation:none}}</style>\n"
        f'<rect width="100%" height="100%" rx="8" fill="#0d1117"/>\n'
        f'<g transform="translate({MARGIN:.0f},{MARGIN:.0f})">{prompt}</g>\n'
        f'<svg x="{MARGIN:.0f}" y="{MARGIN + HEIGHT + 6:.0f}" width="{width:.0f}" height="{inner:.0f}">\n'
        f'<g class="film">\n{chr(10).join(groups)}\n</g></svg></svg>\n'
    )


def main() -> None:
    picture = draw(*record())
    size = len(picture.encode())
    if size > LARGEST:
        raise SystemExit(f"FAILED: the picture has {size} bytes")
    Path(sys.argv[1]).write_text(picture)
    print(f"ok: {sys.argv[1]}, {size:,} bytes")


if __name__ == "__main__":
    main()
