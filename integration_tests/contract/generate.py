#!/usr/bin/env python3
"""Writes contract.json: what HubSpot's OpenAPI documents say about the requests of the connector.

    integration_tests/contract/generate.py FOLDER [--check]

FOLDER holds HubSpot's public documents, one file per API and version, named like
`crm-objects.2026-09.json` (https://github.com/HubSpot/HubSpot-public-api-spec-collection, renamed).
Only what can be judged by a program is kept: methods, paths, parameters, bodies, answers, with types,
enums, required and nullable fields. Descriptions, examples and everything about writing are left out.
The output does not depend on the order of keys in the documents. With --check nothing is written, and
the exit code is 1 if the file would change.
"""

import argparse
import json
import pathlib
import sys

OUTPUT = pathlib.Path(__file__).with_name("contract.json")

# Method, path as the connector sends it, document, path in the document where it is spelt otherwise.
OPERATIONS = [
    ("GET", "/crm/objects/2026-09/{objectType}", "crm-objects.2026-09"),
    ("GET", "/crm/v3/objects/{objectType}", "crm-objects.v3"),
    ("POST", "/crm/objects/2026-09/{objectType}/search", "crm-objects.2026-09"),
    ("POST", "/crm/v3/objects/{objectType}/search", "crm-objects.v3"),
    ("POST", "/crm/objects/2026-09/{objectType}/batch/read", "crm-objects.2026-09"),
    ("POST", "/crm/v3/objects/{objectType}/batch/read", "crm-objects.v3"),
    (
        "POST",
        "/crm/associations/2026-09/{fromObjectType}/{toObjectType}/batch/read",
        "crm-associations.2026-09",
    ),
    (
        "POST",
        "/crm/v4/associations/{fromObjectType}/{toObjectType}/batch/read",
        "crm-associations.v4",
    ),
    (
        "GET",
        "/crm/associations/2026-09/{fromObjectType}/{toObjectType}/labels",
        "crm-associations-schema.2026-09",
    ),
    (
        "GET",
        "/crm/v4/associations/{fromObjectType}/{toObjectType}/labels",
        "crm-associations-schema.v4",
        "/crm/associations/v4/{fromObjectType}/{toObjectType}/labels",
    ),
    ("GET", "/crm/properties/2026-09/{objectType}", "crm-properties.2026-09"),
    ("GET", "/crm/v3/properties/{objectType}", "crm-properties.v3"),
    ("GET", "/crm-object-schemas/2026-09/schemas", "crm-schemas.2026-09"),
    ("GET", "/crm/v3/schemas", "crm-schemas.v3", "/crm-object-schemas/v3/schemas"),
    ("GET", "/crm/object-library/2026-09/enablement", "crm-object-library.2026-09"),
    ("GET", "/crm/v3/object-library/enablement", "crm-object-library.v3"),
    ("GET", "/crm/owners/2026-09", "crm-owners.2026-09"),
    ("GET", "/crm/v3/owners", "crm-owners.v3"),
    ("GET", "/account-info/2026-09/details", "account-info.2026-09"),
    ("GET", "/account-info/v3/details", "account-info.v3"),
    ("GET", "/account-info/2026-09/activity/login", "account-audit-logs.2026-09"),
    ("GET", "/account-info/v3/activity/login", "account-audit-logs.v3"),
    ("GET", "/account-info/2026-09/api-usage/daily/private-apps", "account-info.2026-09"),
    ("GET", "/account-info/v3/api-usage/daily/private-apps", "account-info.v3"),
    ("POST", "/oauth/2026-09/token", "oauth.2026-09"),
    ("POST", "/oauth/v3/token", "oauth.v3"),
    ("POST", "/oauth/2026-09/token/introspect", "oauth.2026-09"),
    ("POST", "/oauth/v3/token/introspect", "oauth.v3"),
    ("POST", "/crm/lists/2026-09/search", "crm-lists.2026-09"),
    ("POST", "/crm/v3/lists/search", "crm-lists.v3"),
    ("GET", "/crm/lists/2026-09/{listId}/memberships", "crm-lists.2026-09"),
    ("GET", "/crm/v3/lists/{listId}/memberships", "crm-lists.v3"),
    ("GET", "/events/custom/2026-09/event-definitions", "event-definitions.2026-09"),
    ("GET", "/events/v3/event-definitions", "event-definitions.v3"),
    ("GET", "/events/event-occurrences/2026-09", "events.2026-09"),
    ("GET", "/events/v3/events", "events.v3"),
    ("GET", "/settings/users/2026-03", "settings-users.2026-03"),
    ("GET", "/settings/v3/users", "settings-users.v3", "/settings/users/v3"),
    ("GET", "/settings/users/2026-03/roles", "settings-users.2026-03"),
    ("GET", "/settings/v3/users/roles", "settings-users.v3"),
    ("GET", "/settings/users/2026-03/teams", "settings-users.2026-03"),
    ("GET", "/settings/v3/users/teams", "settings-users.v3"),
    ("GET", "/settings/currencies/2026-09/exchange-rates", "settings-currencies.2026-09"),
    ("GET", "/settings/v3/currencies/exchange-rates", "settings-currencies.v3"),
    ("GET", "/crm/pipelines/2026-09/{objectType}", "crm-pipelines.2026-09"),
    ("GET", "/crm/v3/pipelines/{objectType}", "crm-pipelines.v3"),
    ("GET", "/communication-preferences/2026-09/definitions", "communication-preferences.2026-09"),
    ("GET", "/communication-preferences/v4/definitions", "communication-preferences.v4"),
    ("GET", "/marketing/emails/2026-09", "marketing-emails.2026-09"),
    ("GET", "/marketing/v3/emails", "marketing-emails.v3"),
    ("GET", "/marketing/emails/2026-09/{emailId}", "marketing-emails.2026-09"),
    ("GET", "/marketing/v3/emails/{emailId}", "marketing-emails.v3"),
    ("GET", "/marketing/campaigns/2026-09", "marketing-campaigns.2026-09"),
    ("GET", "/marketing/v3/campaigns", "marketing-campaigns.v3"),
    ("POST", "/marketing/campaigns/2026-09/batch/read", "marketing-campaigns.2026-09"),
    ("POST", "/marketing/v3/campaigns/batch/read", "marketing-campaigns.v3"),
    ("GET", "/marketing/campaigns/2026-09/{campaignGuid}", "marketing-campaigns.2026-09"),
    ("GET", "/marketing/v3/campaigns/{campaignGuid}", "marketing-campaigns.v3"),
    ("GET", "/automation/2026-09-beta/flows", "automation-workflows.2026-09-beta"),
    ("GET", "/automation/v4/flows", "automation-workflows.v4"),
    (
        "GET",
        "/automation/2026-09-beta/flows/{flowId}",
        "automation-workflows.2026-09-beta",
    ),
    ("GET", "/automation/v4/flows/{flowId}", "automation-workflows.v4"),
    ("POST", "/automation/2026-09-beta/flows/batch/read", "automation-workflows.2026-09-beta"),
    ("POST", "/automation/v4/flows/batch/read", "automation-workflows.v4"),
    ("GET", "/marketing/v3/forms", "marketing-forms.v3"),
]

# Paths that the connector sends and no document describes.
UNDOCUMENTED = [
    ("GET", "/automation/v3/workflows"),
    ("GET", "/automation/v3/workflows/{workflowId}"),
    ("GET", "/email/public/v1/campaigns"),
    ("GET", "/email/public/v1/campaigns/{campaignId}"),
    ("GET", "/email/public/v1/events"),
    ("GET", "/email/public/v1/subscriptions"),
    ("GET", "/email/public/v1/subscriptions/timeline"),
    ("GET", "/engagements/v1/engagements/paged"),
    ("GET", "/engagements/v1/engagements/recent/modified"),
    ("GET", "/form-integrations/v1/submissions/forms/{formId}"),
    ("POST", "/oauth/v2/private-apps/get/access-token-info"),
]

# Keywords of a schema that say something to a program.
PLAIN = ("type", "format", "enum", "nullable")
PREFIX = "#/components/schemas/"


class Document:
    """One OpenAPI document, whose schemas are taken as they are needed."""

    def __init__(self, path):
        self.document = json.loads(path.read_text())
        self.schemas = self.document["components"]["schemas"]

    def operation(self, method, path):
        return self.document["paths"][path][method.lower()]

    def resolve(self, node):
        """What a reference to a parameter or a response means."""
        while "$ref" in node:
            node_of = self.document
            for part in node["$ref"].removeprefix("#/").split("/"):
                node_of = node_of[part]
            node = node_of
        return node


def shrink(schema):
    """The schema without what only people read; references become names."""
    if "$ref" in schema:
        return {"$ref": schema["$ref"].removeprefix(PREFIX)}
    small = {key: schema[key] for key in PLAIN if key in schema and schema[key] is not False}
    if "enum" in small:
        small["enum"] = sorted(small["enum"])
    if "items" in schema:
        small["items"] = shrink(schema["items"])
    if schema.get("properties"):
        small["properties"] = {
            name: shrink(value) for name, value in sorted(schema["properties"].items())
        }
    if schema.get("required"):
        small["required"] = sorted(schema["required"])
    extra = schema.get("additionalProperties")
    if isinstance(extra, dict):
        small["additionalProperties"] = shrink(extra)
    for word in ("oneOf", "anyOf", "allOf"):
        if word in schema:
            small[word] = [shrink(one) for one in schema[word]]
    return small


def references(schema):
    """Names of the schemas that one refers to."""
    if isinstance(schema, dict):
        if "$ref" in schema:
            yield schema["$ref"]
        for value in schema.values():
            yield from references(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from references(value)


def renamed(schema, names):
    """The schema with other names in its references."""
    if isinstance(schema, dict):
        if "$ref" in schema:
            return {"$ref": names[schema["$ref"]]}
        return {key: renamed(value, names) for key, value in schema.items()}
    if isinstance(schema, list):
        return [renamed(value, names) for value in schema]
    return schema


class Pool:
    """The schemas of all documents; those that mean the same are kept once."""

    def __init__(self):
        self.schemas = {}
        self.known = {}

    def add(self, document, roots):
        """Takes the schemas behind some names; gives the names they have here."""
        wanted, queue = {}, list(roots)
        while queue:
            name = queue.pop()
            if name not in wanted:
                wanted[name] = shrink(document.schemas[name])
                queue.extend(references(wanted[name]))
        # The text of everything a schema leads to says whether another document means the same.
        names = {}
        for name in sorted(wanted):
            reach, stack = set(), [name]
            while stack:
                one = stack.pop()
                if one not in reach:
                    reach.add(one)
                    stack.extend(references(wanted[one]))
            text = json.dumps([(one, wanted[one]) for one in sorted(reach)], sort_keys=True)
            if (name, text) not in self.known:
                count = sum(1 for known, _ in self.known if known == name)
                self.known[name, text] = name if count == 0 else f"{name}~{count + 1}"
            names[name] = self.known[name, text]
        for name, schema in wanted.items():
            self.schemas.setdefault(names[name], renamed(schema, names))
        return names


def content(node):
    """The media type and schema of a body, `None` if there is none."""
    for media, body in sorted(node.get("content", {}).items()):
        return media, body.get("schema", {})
    return None


def describe(documents, pool, method, path, name, spelling=None):
    """One operation as the contract says it."""
    document = documents[name]
    found = document.operation(method, spelling or path)
    parameters, body, answers, schemas = [], None, {}, []
    for node in found.get("parameters", []):
        node = document.resolve(node)
        schema = shrink(node["schema"])
        parameter = {"name": node["name"], "in": node["in"], "schema": schema}
        if node.get("required"):
            parameter["required"] = True
        parameters.append(parameter)
        schemas.append(schema)
    if "requestBody" in found:
        media, schema = content(document.resolve(found["requestBody"]))
        body = {"media": media, "schema": shrink(schema)}
        schemas.append(body["schema"])
    for status, node in found["responses"].items():
        answer = content(document.resolve(node))
        if answer is not None:
            answers[status] = shrink(answer[1])
            schemas.append(answers[status])
    roots = {reference for schema in schemas for reference in references(schema)}
    # What a form of tokens may look like is not tied to the operation.
    if "oauth" in name:
        forms = ("AccessTokenResponse", "PublicAccessTokenInfoResponse")
        roots.update(one for one in forms if one in document.schemas)
    names = pool.add(document, sorted(roots))
    operation = {"method": method, "path": path, "document": name}
    if parameters:
        parameters.sort(key=lambda one: (one["in"], one["name"]))
        operation["parameters"] = renamed(parameters, names)
    if body:
        operation["body"] = renamed(body, names)
    operation["answers"] = renamed(dict(sorted(answers.items())), names)
    return operation


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    names = sorted({row[2] for row in OPERATIONS})
    documents = {name: Document(arguments.folder / f"{name}.json") for name in names}
    pool = Pool()
    operations = [describe(documents, pool, *row) for row in OPERATIONS]
    contract = {
        "operations": operations,
        "undocumented": [{"method": method, "path": path} for method, path in UNDOCUMENTED],
        "schemas": dict(sorted(pool.schemas.items())),
    }
    # One operation and one schema a line: small, and a change can be read.
    rows = []
    for key, value in contract.items():
        is_map = isinstance(value, dict)
        lines = (
            [f"{json.dumps(name)}:{compact(one)}" for name, one in value.items()]
            if is_map
            else [compact(one) for one in value]
        )
        opening, closing = "{}" if is_map else "[]"
        rows.append(f'"{key}":{opening}\n' + ",\n".join(lines) + f"\n{closing}")
    text = "{" + ",\n".join(rows) + "}\n"
    if arguments.check:
        sys.exit(0 if OUTPUT.exists() and OUTPUT.read_text() == text else 1)
    OUTPUT.write_text(text)
    print(f"{OUTPUT}: {len(operations)} operations, {len(pool.schemas)} schemas, {len(text)} bytes")


def compact(value):
    return json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=False)


if __name__ == "__main__":
    main()
