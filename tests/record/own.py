"""A few trainings of one's own, always the same, so that what shows them is recorded too."""

import json
from pathlib import Path

SYSTEMS = ("bpan", "act", "bpan-sequence", "bpc", "butd", "counter-hebb", "ipvae")
SINCE = 1_700_000_000.0


def make(root: Path) -> None:
    """One run of each system in the folder that SYNAPTARIUM_RUNS names, and two that failed."""
    from corelib.runs.spec import make_spec

    for seed, name in enumerate(SYSTEMS):
        _run(root, make_spec(name, seed=seed), "cancelled" if seed % 2 else "completed", seed)
    _run(root, make_spec("bpan", seed=11, config={"n_steps": 9}), "failed", 11)
    _run(root, make_spec("bpan", seed=12, variant="mine"), "paused", 12)


def _run(root: Path, spec: object, state: str, number: int) -> None:
    from corelib.runs.store import Run, create_run
    from corelib.runs.trained import Trained
    from corelib.training.events import Began, Stepped

    made = create_run(spec)
    folder = root / f"20231114-2213{number:02d}-{spec.title}-s{spec.seed}-0000"
    made.folder.rename(folder)
    run = Run(folder)
    if state != "failed":
        Trained.begin_or_resume(run).save()
    (folder / "events.jsonl").unlink(missing_ok=True)
    run.append(
        Began(step=0, total_steps=40, steps_per_epoch=20, device="cpu", threads=1, parameters=7)
    )
    for step in range(1, 31):
        metrics = {"loss": 2.0 / step, "accuracy": step / (step + 9 + number)}
        run.append(Stepped(step=step, count=1, seconds=0.125, metrics=metrics))
    if state == "failed":
        run.log.write_text("The first line\nThe last line\n", encoding="utf-8")
    status = {"state": state, "message": "as it was told", "since": SINCE, "launched": SINCE}
    (folder / "status.json").write_text(json.dumps(status), encoding="utf-8")
