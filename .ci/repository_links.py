"""A preprocessor of mdBook: links to files outside of docs/ lead to the repository."""

from __future__ import annotations

import json
import re
import sys
from typing import Any

REPOSITORY = "https://github.com/source-hubspot/source-hubspot"


def rewrite(items: list[Any]) -> None:
    for item in items:
        if chapter := item.get("Chapter") if isinstance(item, dict) else None:
            chapter["content"] = re.sub(
                r"\]\(\.\./([^)]+)\)", rf"](<{REPOSITORY}/blob/main/\1>)", chapter["content"]
            )
            rewrite(chapter["sub_items"])


if __name__ == "__main__":
    if sys.argv[1:2] == ["supports"]:
        sys.exit(0)
    _context, book = json.load(sys.stdin)
    # mdBook 0.4 has the chapters in `sections`, 0.5 in `items`.
    rewrite(book.get("items") or book.get("sections") or [])
    json.dump(book, sys.stdout)
