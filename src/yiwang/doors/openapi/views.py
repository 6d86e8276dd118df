"""What stands beside the interface: tokens, its description, and the description as a page."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from oauth2_provider.views import TokenView

from yiwang.doors.openapi import answers
from yiwang.doors.openapi.interface import api
from yiwang.kernel import limits
from yiwang.kernel.problems import Problem
from yiwang.ui.entry import public

TOKENS_A_MINUTE = 30
"""How many tokens one address may ask for in a minute: checking a secret is dear on purpose."""

_grant = TokenView.as_view()


@cache
def description() -> dict[str, Any]:
    """Return the interface's description as plain values."""
    plain: dict[str, Any] = json.loads(json.dumps(api.get_openapi_schema()))
    return plain


def description_text() -> str:
    """Return the description as it is served and as it stands in ``docs/api/openapi.json``."""
    return json.dumps(description(), ensure_ascii=False, indent=1) + "\n"


@public
@csrf_exempt
def token(request: HttpRequest) -> HttpResponse:
    """Give a client its token (RFC 6749 section 4.4); refusals are told in that standard's own form."""
    try:
        limits.count(f"oauth:{limits.client_address(request)}", TOKENS_A_MINUTE, 60)
    except Problem as found:
        return answers.problem(request, found)
    response: HttpResponse = _grant(request)
    return response


@public
def openapi(request: HttpRequest) -> HttpResponse:
    """Answer with the description."""
    return HttpResponse(description_text(), content_type="application/json; charset=utf-8")


@public
def docs(request: HttpRequest) -> HttpResponse:
    """Show the description to people: every address by subject, with what it takes and answers."""
    described = description()
    problems = described["components"]["responses"]
    groups: dict[str, list[dict[str, Any]]] = {}
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            groups.setdefault(operation["tags"][0], []).append(_shown(path, method, operation, problems))
    return render(
        request,
        "openapi/docs.html",
        {
            "info": described["info"],
            "groups": [
                {"title": title, "anchor": f"g{number}", "operations": found}
                for number, (title, found) in enumerate(groups.items(), 1)
            ],
            "scopes": described["components"]["securitySchemes"]["oauth2"]["flows"]["clientCredentials"]["scopes"],
            "schemas": [_schema(name, one) for name, one in described["components"]["schemas"].items()],
            "section": "",
        },
    )


def _shown(path: str, method: str, operation: dict[str, Any], problems: dict[str, Any]) -> dict[str, Any]:
    body = operation.get("requestBody", {}).get("content", {})
    return {
        "id": operation["operationId"],
        "method": method.upper(),
        "path": path,
        "summary": operation["summary"],
        "description": operation.get("description", ""),
        "scope": "".join(scope for one in operation.get("security", ()) for scope in one["oauth2"]),
        "parameters": [
            {
                "name": one["name"],
                "where": one["in"],
                "required": one.get("required", False),
                "type": _type(one["schema"]),
                "description": one.get("description", ""),
            }
            for one in operation["parameters"]
        ],
        "body": [{"media": media, "type": _type(one["schema"])} for media, one in body.items()],
        "answers": [
            _answer(status, problems[_type(one)] if "$ref" in one else one)
            for status, one in operation["responses"].items()
        ],
    }


def _answer(status: str, one: dict[str, Any]) -> dict[str, Any]:
    types = [_type(content["schema"]) for content in one.get("content", {}).values()]
    return {"status": status, "description": one["description"], "type": "".join(types)}


def _schema(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    required = schema.get("required", ())
    return {
        "name": name,
        "description": schema.get("description", ""),
        "choices": schema.get("enum", ()),
        "fields": [
            {
                "name": field,
                "type": _type(one),
                "required": field in required,
                "description": one.get("description", ""),
            }
            for field, one in schema.get("properties", {}).items()
        ],
    }


def _type(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    for way in ("anyOf", "allOf", "oneOf"):
        if way in schema:
            return " | ".join(_type(one) for one in schema[way])
    if schema.get("type") == "array":
        return f"[{_type(schema.get('items', {}))}]"
    if schema.get("type") == "object" and schema.get("properties"):
        return ", ".join(f"{name}: {_type(one)}" for name, one in schema["properties"].items())
    return str(schema.get("format") or schema.get("type") or "any")
