"""The package's dependencies, read from the requirements files when it is built."""

from pathlib import Path

from hatchling.metadata.plugin.interface import MetadataHookInterface

APP = "# The app"
"""The line of requirements.txt after which stands what only the app needs."""


class Requirements(MetadataHookInterface):
    """requirements.txt: the library's dependencies, then the extra ``app``; the other extras are
    files of their own."""

    def update(self, metadata: dict) -> None:
        root = Path(self.root)
        library, app = (root / "requirements.txt").read_text(encoding="utf-8").split(APP, 1)
        metadata["dependencies"] = _packages(library)
        extras = {"app": _packages(app)}
        for extra in ("docs", "dev", "ray", "onnx"):
            text = (root / f"requirements-{extra}.txt").read_text(encoding="utf-8")
            others = extras["app"] if "-r requirements.txt" in text else []
            others = extras["docs"] if "-r requirements-docs.txt" in text else others
            extras[extra] = list(dict.fromkeys([*others, *_packages(text)]))
        metadata["optional-dependencies"] = extras


def _packages(text: str) -> list[str]:
    """The requirements in a text: neither comments nor other files."""
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith("-")]
