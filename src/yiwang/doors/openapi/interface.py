"""The interface itself: the rooms' routers under one roof, and its description (OpenAPI 3.1)."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation

from yiwang.doors.openapi import answers, exchange, service
from yiwang.doors.openapi.tokens import DELEGATION, RATE_HEADERS
from yiwang.halls.services import http as services
from yiwang.kernel.api import SCOPES, Needs, ProblemOut
from yiwang.kernel.problems import Problem
from yiwang.platform.cases import http as cases
from yiwang.platform.catalog import http as catalog
from yiwang.platform.licences import http as licences
from yiwang.platform.oversight import http as oversight
from yiwang.platform.sharing import http as sharing
from yiwang.platform.sharing.events import http as events
from yiwang.platform.sharing.means import http as means

DESCRIPTION = """\
政务服务平台的机器门：与网页、窗口是同一套办理动作。

* 用 OAuth2 客户端凭证取令牌：`POST /oauth/token`（`grant_type=client_credentials`）。
* 每次写入带 `Idempotency-Key`；同一个标识重发不会办两次，得到的答复相同。
* 出错一律是 `application/problem+json`（RFC 9457），`type` 固定可判，`errors` 指出每一处。
* 清单逐页取：把 `next` 放进下一次的 `after`，空了就是最后一页。
* 频次按客户端算，每次答复都带 `RateLimit-Limit`、`RateLimit-Remaining`、`RateLimit-Reset`；
  超过得 429，等 `Retry-After` 秒再试。
"""

_ALWAYS = {400: "请求读不懂", 429: "操作太频繁", 500: "系统出了问题"}
_WITH_TOKEN = {401: "没有令牌，或令牌无效", 403: "没有权限"}
_WITH_INPUT = {404: "没有找到", 422: "不符合接口约定，或填写有误"}
_ON_WRITE = {409: "现在不能这样办", 413: "内容超过上限"}
_WITH_ANSWER = {406: "给不出 Accept 要的格式"}
_WITH_BODY = {415: "Content-Type 不是这个地址收的格式"}
_RATE = dict(zip(RATE_HEADERS, ("每分钟可调用几次", "本分钟还剩几次", "几秒后重新计数"), strict=True))
_ON_EVERY_ANSWER = {name: {"$ref": f"#/components/headers/{name}"} for name in _RATE}


class Description(OpenAPISchema):
    """The description, completed: scopes of every operation, the problems it may answer with."""

    def add_schema_definitions(self, definitions: dict[str, Any]) -> None:
        """Add schemas. Raises ``ValueError`` for two that share a name: one would hide the other."""
        for name, schema in definitions.items():
            if self.schemas.setdefault(name, schema) != schema:
                raise ValueError(f"two schemas are named {name}")

    def get_components(self) -> dict[str, Any]:
        """Return schemas, problems and the one way of signing in."""
        model = ProblemOut.model_json_schema(ref_template="#/components/schemas/{model}")
        self.add_schema_definitions(model.pop("$defs"))
        self.add_schema_definitions({"ProblemOut": model})
        told = _ALWAYS | _WITH_TOKEN | _WITH_INPUT | _ON_WRITE | _WITH_ANSWER | _WITH_BODY
        flow = {"tokenUrl": "/oauth/token", "scopes": SCOPES}
        return {
            "schemas": dict(sorted(self.schemas.items())),
            "headers": {name: {"schema": {"type": "integer"}, "description": words} for name, words in _RATE.items()},
            "responses": {f"Problem{status}": _problem(status, words) for status, words in sorted(told.items())},
            "securitySchemes": {"oauth2": {"type": "oauth2", "flows": {"clientCredentials": flow}}},
        }

    def operation_details(self, operation: Operation) -> dict[str, Any]:
        """Return one operation with what holds for all of its sort."""
        found: dict[str, Any] = super().operation_details(operation)
        writes = bool({"POST", "PUT", "PATCH", "DELETE"} & set(operation.methods))
        told = dict(_ALWAYS)
        if "security" in found:
            told |= _WITH_TOKEN
        if found["parameters"] or writes:
            told |= _WITH_INPUT
        if writes:
            told |= _ON_WRITE
        if exchange.produced(operation):
            told |= _WITH_ANSWER
        if exchange.consumed(operation):
            told |= _WITH_BODY
        found["responses"] = {
            str(status): found["responses"].get(status, {"$ref": f"#/components/responses/Problem{status}"})
            for status in sorted({*found["responses"], *told})
        }
        _tell_headers(found)
        return found

    def operation_security(self, operation: Operation) -> list[dict[str, Any]] | None:
        """Return the scope that the operation needs."""
        scopes = [auth.scope for auth in operation.auth_callbacks or () if isinstance(auth, Needs)]
        return [{"oauth2": scopes}] if scopes else None


class Interface(NinjaAPI):
    """The API with our own description."""

    def get_openapi_schema(self, *, path_prefix: str | None = None, path_params: Any = None) -> OpenAPISchema:
        """Return the description; addresses are absolute."""
        return Description(self, "/api/v1/" if path_prefix is None else path_prefix)


def _problem(status: int, words: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/ProblemOut"}
    found: dict[str, Any] = {"description": words, "content": {answers.MEDIA_TYPE: {"schema": schema}}}
    if status == 429:
        found["headers"] = _ON_EVERY_ANSWER | {
            "Retry-After": {"schema": {"type": "integer"}, "description": "几秒后再试"}
        }
    return found


def _tell_headers(operation: dict[str, Any]) -> None:
    responses = operation["responses"]
    text = {"schema": {"type": "string"}}
    if "security" in operation:
        for status in {"200", "201", "204", "304"} & set(responses):
            responses[status]["headers"] = dict(_ON_EVERY_ANSWER)
    if "201" in responses and operation["operationId"].startswith("start_"):
        responses["201"]["headers"]["Location"] = text
    if "304" in responses:
        responses["200"]["headers"]["ETag"] = responses["304"]["headers"]["ETag"] = text
        operation["parameters"].append({"name": "If-None-Match", "in": "header", "required": False, **text})
    if operation["operationId"] in _FOR_SOMEBODY or "applications" in str(operation.get("security")):
        operation["parameters"].append(
            {
                "name": DELEGATION,
                "in": "header",
                "required": False,
                "schema": {"type": "string", "format": "uuid"},
                "description": "委托编号：客户端的经办人受谁委托，就替谁办。不给就是替客户端所属单位办",
            }
        )


_FOR_SOMEBODY = {"resolve_life_event"}

api = Interface(
    title="一网政务服务接口",
    version="1",
    description=DESCRIPTION,
    openapi_url=None,
    docs_url=None,
    urls_namespace="api",
    servers=[{"url": "/"}],
)
api.add_decorator(exchange.around, mode="view")
for router in (
    service.router,
    catalog.router,
    services.router,
    cases.router,
    licences.router,
    oversight.router,
    sharing.router,
    means.router,
    events.router,
):
    api.add_router("", router)


@api.exception_handler(Problem)
def _on_problem(request: HttpRequest, found: Problem) -> HttpResponse:
    return answers.problem(request, found)


@api.exception_handler(ValidationError)
def _on_validation(request: HttpRequest, error: ValidationError) -> HttpResponse:
    return answers.of_validation(request, error)


@api.exception_handler(HttpError)
def _on_http(request: HttpRequest, error: HttpError) -> HttpResponse:
    return answers.of_http(request, error)
