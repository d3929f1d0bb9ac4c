"""The OpenAPI file, and whether an answer is what it says."""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator

import rl_widgets.server

FILE = Path(rl_widgets.server.__file__).with_name("openapi.yaml")
METHODS = ("get", "head", "post", "patch", "delete")


@functools.cache
def description() -> dict[str, Any]:
    """The file."""
    found: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return found


def operations() -> dict[tuple[str, str], dict[str, Any]]:
    """Each method of each path, '' being the root's."""
    return {
        (path.rstrip("/"), method.upper()): operation
        for path, item in description()["paths"].items()
        for method, operation in item.items()
        if method in METHODS
    }


def check(path: str, method: str, status: int, found: Any) -> None:
    """Fail where an answer of `path` (relative to the API) is not as described."""
    if status == 405:
        return
    responses = operations()[_template(path), method]["responses"]
    response = responses[str(status)]
    if "$ref" in response:
        response = description()["components"]["responses"][response["$ref"].split("/")[-1]]
    if "content" in response:
        _validator(path, method, status, response).validate(found)


_held: dict[tuple[str, str, int], Draft202012Validator] = {}


def _validator(path: str, method: str, status: int, response: Any) -> Draft202012Validator:
    key = (_template(path), method, status)
    if key not in _held:
        schema = response["content"]["application/json"]["schema"]
        whole = {**schema, "components": description()["components"]}
        _held[key] = Draft202012Validator(whole)
    return _held[key]


@functools.cache
def _template(path: str) -> str:
    path = f"/{path}".rstrip("/")
    for template, _ in operations():
        parts = re.sub(r"\{(\w+)\}", lambda m: ".+" if m[1] == "path" else "[^/]+", template)
        if re.fullmatch(parts, path):
            return template
    raise AssertionError(f"{path} is not described")
