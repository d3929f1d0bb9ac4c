"""An experiment as a YAML file (`version: 1`), with the place of every mistake in it.

The values are YAML 1.2's core (`1e-3` is a number, `no` a text), whatever else PyYAML would read:
no anchors, no tags, no second value under one name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from rl_widgets.fields.specification import Fields
from rl_widgets.fields.trait import shown
from rl_widgets.forms.code import given
from rl_widgets.forms.experiment import ExperimentFields
from rl_widgets.store.errors import UserError

VERSION: Final = 1
_VERSION = "version"
_MOST_BYTES = 1 << 20

_NULL, _BOOL, _INT, _FLOAT, _TEXT = (
    f"tag:yaml.org,2002:{name}" for name in ("null", "bool", "int", "float", "str")
)
_PATTERNS: Final = (
    (_NULL, re.compile(r"~|null|Null|NULL|"), ["~", "n", "N", ""]),
    (_BOOL, re.compile(r"true|True|TRUE|false|False|FALSE"), list("tTfF")),
    (_INT, re.compile(r"[-+]?[0-9]+"), list("-+0123456789")),
    (
        _FLOAT,
        re.compile(
            r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN)"
        ),
        list("-+.0123456789"),
    ),
)
_BREAKING = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff]")


@dataclass(frozen=True)
class Document:
    """What a file says: values by field, and where each stands (line and column from 1)."""

    name: str
    values: dict[str, Any] = field(default_factory=dict)
    places: dict[str, tuple[int, int]] = field(default_factory=dict)

    def located(self, errors: Mapping[str, str]) -> list[str]:
        """Sentences by field, each with the place of the field or of what it is in."""
        return [f"{self._place(name)}: {sentence}" for name, sentence in errors.items()]

    def _place(self, name: str) -> str:
        while name and name not in self.places:
            name = name.rpartition(".")[0]
        if not name:
            return self.name
        line, column = self.places[name]
        return f"{self.name}, line {line}, column {column}"


def load(path: str | Path) -> Document:
    """Read a file. Raises `UserError` with line and column."""
    file = Path(path)
    try:
        with file.open("rb") as opened:
            data = opened.read(_MOST_BYTES + 1)
        text = data.decode()
    except OSError as error:
        raise UserError(f"{file} cannot be read ({error.strerror}).") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{file} is no text in UTF-8 (byte {error.start:,}).") from error
    if len(data) > _MOST_BYTES:
        raise UserError(f"{file} has more than {_MOST_BYTES:,} bytes: it is no experiment.")
    return read(text, file.name)


def read(text: str, name: str = "experiment.yaml") -> Document:
    """Read a text; `name` is what its mistakes call it. Raises `UserError`."""
    try:
        root = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = "" if mark is None else f", line {mark.line + 1}, column {mark.column + 1}"
        raise UserError(f"{name}{where}: {error.problem or error.context}.") from None
    except yaml.YAMLError as error:
        said = " ".join(str(error).split())
        raise UserError(f"{name} is no YAML: {said:.200}.") from None
    except RecursionError:
        raise UserError(f"{name} has more levels than any experiment.") from None
    if not isinstance(root, yaml.MappingNode):
        raise UserError(f"{name} holds no experiment: it begins with 'version: {VERSION}'.")
    document = Document(name)
    document.values.update(_Reader(document).mapping(root, ""))
    _check_version(document)
    return document


def write(values: Mapping[str, Any]) -> str:
    """The YAML of an experiment's values; only of those that are not the default."""
    return dump(ExperimentFields, values)


def save(values: Mapping[str, Any], path: str | Path, cls: type[Fields] = ExperimentFields) -> None:
    """Write a file. Raises `UserError`."""
    try:
        Path(path).write_text(dump(cls, values), encoding="utf-8")
    except OSError as error:
        raise UserError(f"{path} cannot be written ({error.strerror}).") from error


def dump(cls: type[Fields], values: Mapping[str, Any]) -> str:
    """The YAML of any fields' values."""
    return as_yaml({_VERSION: VERSION, **given(cls, values)})


def as_yaml(values: Mapping[str, Any]) -> str:
    """Plain values as YAML that `read`, and any other reader of YAML, reads as the same."""
    return str(yaml.dump(values, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=88))


class _Loader(yaml.SafeLoader):
    """Composes nodes; what they mean is read by `_Reader`."""

    yaml_implicit_resolvers: Any = {}  # noqa: RUF012 - PyYAML's own name, not changed

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            event = self.peek_event()
            raise yaml.composer.ComposerError(
                None, None, "aliases (*name) are not taken here, write the value out",
                event.start_mark,
            )  # fmt: skip
        return super().compose_node(parent, index)


class _Dumper(yaml.SafeDumper):
    """Quotes what this or any other reader of YAML would take for more than a text."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: _Dumper, text: str) -> Any:
    # YAML takes more characters for ends of lines than Python does; escaped they stay.
    style = '"' if _BREAKING.search(text) else None
    return dumper.represent_scalar(_TEXT, text, style=style)


_Dumper.add_representer(str, _text)
for _tag, _pattern, _first in _PATTERNS:
    _Loader.add_implicit_resolver(_tag, re.compile(f"^(?:{_pattern.pattern})$"), _first)
    _Dumper.add_implicit_resolver(_tag, re.compile(f"^(?:{_pattern.pattern})$"), _first)


class _Reader:
    """Values of nodes, and their places by field."""

    def __init__(self, document: Document) -> None:
        self._document = document

    def mapping(self, node: Any, inside: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in node.value:
            name = self._name(key)
            path = f"{inside}{name}"
            if name in found:
                raise self._wrong(key, f"{name} is given twice")
            self._document.places[path] = _place(key)
            found[name] = self._value(value, path)
        return found

    def _name(self, key: Any) -> str:
        if not isinstance(key, yaml.ScalarNode) or key.tag != _TEXT:
            said = key.value if isinstance(key, yaml.ScalarNode) else "a list or an object"
            raise self._wrong(key, f"names are texts, and this one is {shown(said)}")
        return str(key.value)

    def _value(self, node: Any, path: str) -> Any:
        if isinstance(node, yaml.MappingNode) and node.tag.endswith(":map"):
            return self.mapping(node, f"{path}.")
        if isinstance(node, yaml.SequenceNode) and node.tag.endswith(":seq"):
            return [self._value(one, f"{path}[{i}]") for i, one in enumerate(node.value)]
        text = str(node.value)
        if node.tag == _TEXT:
            return text
        if node.tag == _NULL:
            return None
        if node.tag == _BOOL:
            return text.lower() == "true"
        try:
            if node.tag == _INT:
                return int(text)
            if node.tag == _FLOAT:
                return float(text.replace(".inf", "inf").replace(".nan", "nan").lower())
        except ValueError as error:
            raise self._wrong(node, f"{shown(text)} is no number ({error})") from None
        raise self._wrong(node, f"values of the kind {node.tag:.60} are not taken here")

    def _wrong(self, node: Any, what: str) -> UserError:
        line, column = _place(node)
        return UserError(f"{self._document.name}, line {line}, column {column}: {what}.")


def _place(node: Any) -> tuple[int, int]:
    return node.start_mark.line + 1, node.start_mark.column + 1


def _check_version(document: Document) -> None:
    if _VERSION not in document.values:
        raise UserError(
            f"{document.name} says no version: write 'version: {VERSION}' into its first line."
        )
    version = document.values.pop(_VERSION)
    if version != VERSION or isinstance(version, bool):
        line, column = document.places[_VERSION]
        raise UserError(
            f"{document.name}, line {line}, column {column}: an experiment of version "
            f"{shown(version)} cannot be read here, only of version {VERSION}. A newer rl-widgets "
            "may."
        )
