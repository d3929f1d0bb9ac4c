"""Which of the wanted packages are there already, and which Ray has to install for the run."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import metadata
from pathlib import Path
from typing import Any

from packaging.markers import UndefinedComparison, UndefinedEnvironmentName
from packaging.requirements import InvalidRequirement, Requirement

from rl_widgets.store.errors import UserError
from rl_widgets.store.mistakes import shown


def missing(wanted: Iterable[Any]) -> tuple[list[str], list[str]]:
    """Of pip requirements: those not satisfied here, and warnings.

    One that names `ray` is replaced by the installed one, because Ray refuses another Ray inside
    of a cluster. Raises `UserError` for what is no requirement.
    """
    install: list[str] = []
    warnings: list[str] = []
    for text in wanted:
        if not isinstance(text, str):
            raise UserError(f"pip_packages are texts such as 'numpy>=2', not {shown(text)}.")
        try:
            requirement = Requirement(text)
            here = requirement.marker is None or requirement.marker.evaluate()
        except (InvalidRequirement, UndefinedComparison, UndefinedEnvironmentName) as error:
            said = str(error).rstrip(".")
            raise UserError(f"{text!r:.120} is no pip requirement: {said}.") from error
        if not here:
            continue
        installed = version_of(requirement.name)
        if requirement.name.lower() == "ray":
            if installed is None or not requirement.specifier.contains(installed, prereleases=True):
                warnings.append(
                    f"pip_packages asks for {text!r}; the installed Ray {installed} is used, "
                    "because all of a cluster runs one version of Ray."
                )
            continue
        if installed is None or not requirement.specifier.contains(installed, prereleases=True):
            install.append(text)
    return install, warnings


def read_file(path: Path) -> list[str]:
    """The requirements of a requirements file; options (`-r`, `--index-url`) are refused."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"pip_requirements_file {path} cannot be read ({error}).") from error
    found = []
    for number, line in enumerate(lines, 1):
        text = line.split(" #")[0].strip()
        if not text or text.startswith("#"):
            continue
        if text.startswith("-"):
            raise UserError(
                f"{path}, line {number}: {text!r} is an option of pip, which a run cannot take. "
                "List plain requirements."
            )
        found.append(text)
    return found


def version_of(package: str) -> str | None:
    """The installed version of a package, or None."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def versions_of(*packages: str) -> dict[str, str]:
    """The installed versions of those that are installed."""
    return {package: v for package in packages if (v := version_of(package)) is not None}
