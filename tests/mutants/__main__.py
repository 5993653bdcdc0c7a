"""``python -m tests.mutants`` tries faults and prints the share caught, by area.

``--measure`` first finds out which tests execute which lines: once, and again when code or tests
have changed. It takes as long as two runs of the suite, and is kept in .mutants/. ``make mutants``
installs cosmic-ray, which makes the faults.

``--count`` faults are drawn by ``--seed`` from ``--areas``; ``--changed REF`` draws from files only
that differ from REF; ``--tests FOLDER`` takes the tests of another version. What was tried already
is in ``--file`` and not tried again: give another file, or delete it, when code or tests have
changed. It ends with an error where fewer than 92 % of an area's faults are caught.
"""

import argparse
import json
import multiprocessing
import subprocess
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.mutants.sample import AREAS, ROOT, Fault, sample
from tests.mutants.seen import FOLDER, Seen, changed_since, is_measured, measure
from tests.mutants.trial import Tried, a_copy, prepare, tried

PROCESSES = 2
NEEDED = 0.92


def main() -> None:
    given = _arguments()
    if given.measure:
        measure()
    if not is_measured():
        raise SystemExit(
            "Nothing is measured yet: add --measure, which takes two runs of the suite."
        )
    if changed := changed_since():
        print(
            f"{len(changed)} files changed since it was measured which tests execute which lines."
        )
    faults = sample(given.count, given.seed, _changed(given.changed), given.areas)
    done = _read(given.file)
    rest = [fault for fault in faults if fault.name not in done]
    for number, result in enumerate(_try(rest, given.tests), start=1):
        done[result.fault.name] = result
        _write(given.file, done.values())
        word = f"caught by {result.by}" if result.caught else "NOT CAUGHT"
        print(f"{number} of {len(rest)}  {result.seconds:5.0f} s  {result.fault.name}  {word}")
    if not _print_table([done[fault.name] for fault in faults]):
        raise SystemExit(1)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser("tests.mutants", description=__doc__)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--areas", nargs="+", choices=AREAS, default=list(AREAS))
    parser.add_argument("--changed", metavar="REF")
    parser.add_argument("--measure", action="store_true")
    parser.add_argument("--tests", type=Path, default=ROOT / "tests")
    parser.add_argument("--file", type=Path, default=FOLDER / "tried.jsonl")
    return parser.parse_args()


def _changed(ref: str | None) -> list[str] | None:
    if ref is None:
        return None
    listed = subprocess.run(
        ["git", "diff", "--name-only", "--diff-filter=d", ref, "--", "*.py"],
        cwd=ROOT,
        check=True,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )
    return listed.stdout.split()


def _try(faults: Sequence[Fault], tests: Path) -> Iterator[Tried]:
    """In processes side by side, each with a copy of the project."""
    context = multiprocessing.get_context("fork")
    queue, results = context.Queue(), context.Queue()
    for fault in faults:
        queue.put(fault)
    for _ in range(PROCESSES):
        queue.put(None)
    workers = [
        context.Process(target=_work, args=(queue, results, tests)) for _ in range(PROCESSES)
    ]
    for worker in workers:
        worker.start()
    for _ in faults:
        result = results.get()
        if isinstance(result, str):
            for worker in workers:
                worker.terminate()
            raise SystemExit(result)
        yield result
    for worker in workers:
        worker.join()


def _work(queue, results, tests: Path) -> None:
    try:
        _try_each(queue, results, tests)
    except BaseException:
        results.put(traceback.format_exc())


def _try_each(queue, results, tests: Path) -> None:
    prepare()
    seen = Seen()
    with a_copy(tests) as tree:
        for fault in iter(queue.get, None):
            chosen = seen.tests(fault)
            expected = sum(seen.seconds.get(test, 10.0) for test in chosen)
            results.put(tried(tree, fault, chosen, expected))


def _read(file: Path) -> dict[str, Tried]:
    if not file.exists():
        return {}
    lines = map(json.loads, file.read_text(encoding="utf-8").splitlines())
    found = [Tried(**{**line, "fault": Fault(**line["fault"])}) for line in lines]
    found = [
        each._replace(fault=each.fault._replace(start=tuple(each.fault.start))) for each in found
    ]
    return {each.fault.name: each for each in found}


def _write(file: Path, results) -> None:
    lines = (
        json.dumps({**each._asdict(), "fault": each.fault._asdict()}, ensure_ascii=False)
        for each in results
    )
    file.parent.mkdir(exist_ok=True)
    file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def _print_table(results: Sequence[Tried]) -> bool:
    """Whether enough were caught in each area."""
    enough = True
    print("\n| area | faults | caught | share |\n| --- | ---: | ---: | ---: |")
    for name in AREAS:
        some = [each for each in results if each.fault.area == name]
        if not some:
            continue
        caught = sum(each.caught for each in some)
        mark = "" if caught >= NEEDED * len(some) else " (too few)"
        enough = enough and not mark
        print(f"| {name} | {len(some)} | {caught} | {caught / len(some):.0%}{mark} |")
    print("\nNot caught, or by time alone:")
    for each in results:
        if not each.caught or each.by == "time":
            print(f"{each.fault.name} ({each.tests} tests)\n    {each.changed}")
    return enough


if __name__ == "__main__":
    main()
