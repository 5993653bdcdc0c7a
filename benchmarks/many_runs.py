"""How long a person waits where there are many runs: ``python -m benchmarks.many_runs``.

It makes folders of 10, 1,000 and 10,000 runs, each a copy of one that was trained, whose weights
share their place on the disk, and opens pages in Chromium on a fresh server each time: ``first``
where no list of them was ever made, ``again`` by another server afterwards. Prints lines of JSON,
with the ratio to the smallest folder, what a second person waits on that server, and how long the
page takes in a window that is open, by the menu.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser

from tests.browser.driver import ROOT, browser, go_to, open_page, ready, server

COUNTS = (10, 1_000, 10_000)
TITLES = {"runs": "Runs", "claims": "Claims", "balance": "E/I balance"}


def make_runs(root: Path, count: int) -> None:
    """A trained run, and copies of it with ids of their own."""
    root.mkdir()
    words = ["train", "mlp", "--epochs", "1", "--n-hidden", "8", "--yes"]
    subprocess.run(
        [sys.executable, "-m", "corelib", *words],
        cwd=ROOT,
        env={**os.environ, "SYNAPTARIUM_RUNS": str(root)},
        check=True,
        stdout=subprocess.DEVNULL,
    )
    (first,) = [folder for folder in root.iterdir() if not folder.name.startswith(".")]
    for k in range(count - 1):
        day, second = divmod(k, 86_400)
        stamp = f"202601{1 + day:02}-{second // 3600:02}{second // 60 % 60:02}{second % 60:02}"
        shutil.copytree(first, root / f"{stamp}-mlp-mnist-s{k % 5}-{k:05x}", copy_function=_linked)
    (root / ".index.json").unlink(missing_ok=True)


def _linked(source: str, target: str) -> None:
    """Weights are the same file; what tells runs apart is copied."""
    (os.link if source.endswith(".safetensors") else shutil.copy2)(source, target)


def seconds(chrome: Browser, root: Path, page: str) -> list[float]:
    """From asking a fresh server for a page until it stands still; then another person does; then
    that person comes to it again by the menu, in the same window."""
    taken = []
    with server(root) as address:
        window = chrome.new_page()
        for _ in range(2):
            window.close()
            window = chrome.new_page()
            began = time.perf_counter()
            open_page(window, f"{address}/{page}")
            ready(window)
            taken.append(time.perf_counter() - began)
        go_to(window, "Glossary")
        began = time.perf_counter()
        go_to(window, TITLES[page])
        taken.append(time.perf_counter() - began)
        window.close()
    return taken


def main() -> None:
    least: dict[tuple[str, str], float] = {}
    with browser() as chrome:
        for count in COUNTS:
            with tempfile.TemporaryDirectory() as folder:
                root = Path(folder) / "runs"
                make_runs(root, count)
                for state in ("first", "again"):
                    for page in TITLES if state == "again" else ("runs",):
                        taken, warm, moved = seconds(chrome, root, page)
                        base = least.setdefault((page, state), taken)
                        line = {
                            "page": page,
                            "runs": count,
                            "list": state,
                            "seconds": round(taken, 2),
                            "ratio": round(taken / base, 2),
                            "second visit": round(warm, 2),
                            "by the menu": round(moved, 2),
                        }
                        print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
