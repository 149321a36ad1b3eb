"""Why two connectors differ: the numbers of docs/differences.md, as rules about values."""

from __future__ import annotations

from typing import Any

ABSENT = "absent"

ASSOCIATIONS = {"companies", "contacts", "deals", "line_items", "tickets"}
# The shortest first page of associated ids.
INNER_PAGE = 100
# Streams whose records hang on others that may be older than the start date.
PARENTS = {"form_submissions": "Q03", "list_memberships": "Q04"}
# What the present endpoints of HubSpot no longer tell.
PRESENT_API = {
    "deal_pipelines": {"default"},
    "email_subscriptions": {"internalName", "order", "portalId"},
}
CREATED = ("deal_pipelines", "createdAt")


def explain(stream: str, path: str, here: Any, there: Any, declared: set[str]) -> str | None:
    """The number of a difference in one value, if it has one."""
    column = path.split(".")[0]
    if (here == ABSENT and column in PRESENT_API.get(stream, ())) or (stream, path) == CREATED:
        return "Q51"
    # Where a record has no cursor, older versions write an empty one, into their states too.
    if here == ABSENT and there == "":
        return "Q45"
    if here == ABSENT and column not in declared:
        return "Q52"
    if (stream, path) == ("deal_pipelines", "stages") and isinstance(here, list):
        # The columns are those of 6.13 and later; 5.7.0 does not have this one.
        older = [
            {key: value for key, value in stage.items() if key != "writePermissions"}
            for stage in here
        ]
        if older == there:
            return "Q51"
    if column in ASSOCIATIONS and isinstance(here, list):
        if there == ABSENT and stream == "deals_archived":
            return "Q06"
        if there == ABSENT and here == []:
            return "Q13"
        if isinstance(there, list) and here == sorted(set(there), key=there.index):
            return "Q44"
        if isinstance(there, list) and len(there) >= INNER_PAGE and set(there) < set(here):
            return "Q12"
    if (
        isinstance(here, int)
        and isinstance(there, float)
        and here >= 2**53
        and float(here) == there
    ):
        return "Q07"
    if stream == "contacts_property_history" and path == "source-id" and there == "None":
        return "Q27"
    return "Q15" if stream == "marketing_emails" else None


def explain_record(stream: str, record: dict[str, Any], *, only_ours: bool) -> str | None:
    """The number of a difference in whether a record is there."""
    if only_ours and stream in PARENTS:
        return PARENTS[stream]
    if only_ours and stream == "marketing_emails":
        return "Q15"
    if only_ours and stream.endswith("_web_analytics"):
        return "Q05"
    if (
        not only_ours
        and stream == "contacts_property_history"
        and record["property"] == "lastmodifieddate"
    ):
        return "Q27"
    return None
