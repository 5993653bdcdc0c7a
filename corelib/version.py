"""Synaptarium's version, which stands in pyproject.toml alone."""

import tomllib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

NAME = "synaptarium"


def program_time() -> int:
    """When a file of this program was changed last, in ns."""
    return max(file.stat().st_mtime_ns for file in Path(__file__).parent.rglob("*.py"))


def own_version() -> str:
    """The version in the checkout's pyproject.toml if this is one, else that of the installed
    package."""
    try:
        text = (Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8")
        project = tomllib.loads(text)["project"]
        if project["name"] == NAME:
            return project["version"]
    except (OSError, KeyError, tomllib.TOMLDecodeError):
        pass  # installed: beside the package stands nothing of ours
    try:
        return version(NAME)
    except PackageNotFoundError:
        return "of unknown version"
