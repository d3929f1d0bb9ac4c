"""A form's values as a YAML file (`version: 1`), with the place of every mistake in it.

The values are YAML 1.2's core (`1e-3` is a number, `no` a text), whatever else PyYAML would read:
no anchors, no tags, no second value under one name. `locked` names fields that a form shows and
does not let a person change.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import yaml

from rl_widgets.fields.specification import Fields, fields_of, unknown
from rl_widgets.fields.trait import shown
from rl_widgets.forms import locked as locks
from rl_widgets.forms.code import given
from rl_widgets.forms.experiment import ExperimentFields
from rl_widgets.store.errors import UserError

VERSION: Final = 1
_VERSION, _LOCKED = "version", "locked"
#: Bytes of a file at most, in words, too; it also fits into a request of a page.
MOST_BYTES, MOST = 1 << 19, "512 KiB"

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
    """What a file says: values by field, and where each stands (line and column from 1).

    `locked` is as the file has it: `mistakes` says whether it can be.
    """

    name: str
    values: dict[str, Any] = field(default_factory=dict)
    places: dict[str, tuple[int, int]] = field(default_factory=dict)
    locked: Any = ()

    def mistakes(self, cls: type[Fields] = ExperimentFields) -> dict[str, str]:
        """A sentence for each name that no field has, also among the locked ones, and for each
        setting that a locked field gives, by its place."""
        known = fields_of(cls)
        strange = {name: unknown(name, known) for name in self.values if name not in known}
        wrong = locks.mistakes(self.locked, cls, self.values)
        return strange | (wrong or locks.given_again(self.locked, cls, self.values))

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


def load(path: str | os.PathLike[str]) -> Document:
    """Read a file. Raises `UserError` with line and column."""
    file = Path(path)
    try:
        with file.open("rb") as opened:
            data = opened.read(MOST_BYTES + 1)
    except OSError as error:
        raise UserError(f"{file} cannot be read ({error.strerror}).") from error
    return decoded(data, file.name)


def decoded(data: bytes, name: str) -> Document:
    """Read what a file has; of a larger one, the first `MOST_BYTES` + 1 do. Raises `UserError`."""
    if len(data) > MOST_BYTES:
        raise UserError(f"{name} has more than {MOST}: it is no experiment.")
    try:
        return read(data.decode(), name)
    except UnicodeDecodeError as error:
        raise UserError(f"{name} is no text in UTF-8 (byte {error.start:,}).") from error


def fitting(found: Document, cls: type[Fields]) -> Document:
    """A document that a form of these fields can open. Raises `UserError` with line and column of
    names that no field has; values that cannot be are said at their fields."""
    if mistakes := found.mistakes(cls):
        raise UserError("\n".join(found.located(mistakes)))
    return found


def read(text: str, name: str = "experiment.yaml") -> Document:
    """Read a text; `name` is what its mistakes call it. Raises `UserError`."""
    try:
        root = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = "" if mark is None else f", line {mark.line + 1}, column {mark.column + 1}"
        said = error.problem or error.context
        if str(error.context).startswith("expected a single document"):
            said = "a second document begins here (---), and a file holds one experiment"
        raise UserError(f"{name}{where}: {said}.") from None
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
    locked = document.values.pop(_LOCKED, None)
    return document if locked is None else replace(document, locked=locked)


def write(values: Mapping[str, Any]) -> str:
    """The YAML of an experiment's values; only of those that are not the default."""
    return dump(ExperimentFields, values)


def save(
    values: Mapping[str, Any],
    path: str | os.PathLike[str],
    cls: type[Fields] = ExperimentFields,
    locked: Sequence[str] = (),
) -> None:
    """Write a file. Raises `UserError`."""
    try:
        Path(path).write_text(dump(cls, values, locked), encoding="utf-8")
    except OSError as error:
        raise UserError(f"{path} cannot be written ({error.strerror}).") from error


def dump(cls: type[Fields], values: Mapping[str, Any], locked: Sequence[str] = ()) -> str:
    """The YAML of any fields' values, with the names of the fields that are locked."""
    # Another algorithm may have been chosen since, which has other settings.
    known = locks.lockable(cls, values) if locked else ()
    kept = [name for name in locked if name in known]
    return as_yaml({_VERSION: VERSION, **({_LOCKED: kept} if kept else {}), **given(cls, values)})


def file_name(cls: type[Fields]) -> str:
    """What a browser calls the file of a form, such as 'experiment.yaml'."""
    return f"{'-'.join(cls.title.lower().split())}.yaml"


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
        if getattr(self.peek_event(), "anchor", None) is not None:
            raise yaml.composer.ComposerError(
                None, None, "anchors (&name) are not taken here", self.peek_event().start_mark
            )
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
            for i, one in enumerate(node.value):
                self._document.places[f"{path}[{i}]"] = _place(one)
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
