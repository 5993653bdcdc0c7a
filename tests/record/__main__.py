"""Save what the pages send, or compare two such records."""

import argparse
import gzip
import json
import logging
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).parents[2]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.record", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    save = commands.add_parser("save", help="record all pages")
    save.add_argument("out", type=Path)
    save.add_argument("--pages", nargs="+", help="names of files in pages/; all if left out")
    save.add_argument("--jobs", type=int, default=2)
    save.add_argument("--root", type=Path, default=HERE, help="the checkout that is run")
    save.add_argument("--fast", action="store_true", help="only tabs and presets")
    save.add_argument("--keys", nargs="+", default=[], help="move only controls of these keys")
    save.add_argument(
        "--open", help="the tab that is open while controls are moved, else the first"
    )
    page = commands.add_parser("page", help="record one page in this process")
    page.add_argument("name")
    page.add_argument("out", type=Path)
    page.add_argument("--root", type=Path, default=HERE)
    page.add_argument("--own", type=Path, help="a folder with trainings to show at the end")
    page.add_argument("--fast", action="store_true")
    page.add_argument("--keys", nargs="+", default=[])
    page.add_argument("--open")
    own = commands.add_parser("own", help="make the trainings that are shown")
    own.add_argument("folder", type=Path)
    own.add_argument("--root", type=Path, default=HERE)
    compare = commands.add_parser("compare", help="tell values that differ from words that do")
    compare.add_argument("old", type=Path)
    compare.add_argument("new", type=Path)
    compare.add_argument("--rtol", type=float, default=0.0)
    compare.add_argument("--most", type=int, default=200, help="lines of each kind to print")
    given = parser.parse_args()
    if given.command == "save":
        return _save(given)
    if given.command == "page":
        return _page(given)
    if given.command == "own":
        return _own(given)
    from tests.record.compare import compare_folders, report

    found = compare_folders(given.old, given.new, given.rtol)
    print(report(found, given.most))
    return int(bool(found.values))


def _save(given: argparse.Namespace) -> int:
    root = given.root.resolve()
    names = given.pages or sorted(path.stem for path in (root / "pages").glob("*.py"))
    given.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as runs, ThreadPoolExecutor(given.jobs) as pool:
        if not (given.fast or given.keys):
            _own_runs(Path(runs) / "own", root)
        codes = list(pool.map(lambda name: _child(name, given, root, Path(runs)), names))
    return max(codes)


def _child(name: str, given: argparse.Namespace, root: Path, runs: Path) -> int:
    began = time.monotonic()
    words = ["page", name, str(given.out.resolve()), "--root", str(root)]
    words += ["--own", str(runs / "own")] if (runs / "own").exists() else []
    words += ["--open", given.open] if given.open else []
    words += [*["--fast"] * given.fast, *["--keys"] * bool(given.keys), *given.keys]
    (runs / name).mkdir()
    with (given.out / f"{name}.log").open("w", encoding="utf-8") as log:
        code = subprocess.run(
            [sys.executable, "-m", "tests.record", *words],
            cwd=HERE,
            env=_env(runs / name),
            stdout=log,
            stderr=subprocess.STDOUT,
            check=False,
        ).returncode
    said = (given.out / f"{name}.log").read_text(encoding="utf-8").splitlines()[-1:] or [""]
    print(f"{name}: {time.monotonic() - began:.0f} s, {said[0]}", flush=True)
    return code


def _env(runs: Path) -> dict[str, str]:
    return {
        **os.environ,
        "SYNAPTARIUM_RUNS": str(runs),
        "SYNAPTARIUM_SLOTS": "1",
        "OMP_NUM_THREADS": "1",
        "PYTHONHASHSEED": "0",
    }


def _own_runs(folder: Path, root: Path) -> None:
    """Trainings to be shown, made by the code that is recorded."""
    words = ["own", str(folder), "--root", str(root)]
    subprocess.run(
        [sys.executable, "-m", "tests.record", *words], cwd=HERE, env=_env(folder), check=True
    )


def _own(given: argparse.Namespace) -> int:
    _enter(given.root)
    import torch

    from tests.record import own

    torch.set_num_threads(1)
    own.make(given.folder)
    return 0


def _enter(root: Path) -> None:
    """From here on the packages of this checkout are those that are imported."""
    sys.path[0] = str(root)
    os.chdir(root)


def _page(given: argparse.Namespace) -> int:
    _enter(given.root)
    logging.disable(logging.WARNING)
    from tests.record import still

    still.hold()
    from tests.record.scenarios import Page

    page = Page(given.name, given.root, given.own, given.fast, given.keys, given.open)
    found = page.save()
    import dashboard

    assert Path(dashboard.__file__).is_relative_to(given.root)
    with gzip.open(
        given.out / f"{given.name}.json.gz", "wt", compresslevel=4, encoding="utf-8"
    ) as file:
        json.dump(found, file)
    spent = sum(scenario["seconds"] for scenario in found["scenarios"])
    errors = sum(bool(s["error"]) for s in found["scenarios"])
    print(f"{len(found['scenarios'])} scenarios, {errors} with errors, {spent:.0f} s of processor")
    return 0


if __name__ == "__main__":
    sys.exit(main())
