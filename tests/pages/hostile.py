"""Runs whose names, messages and settings would do harm if a page took them for Markdown."""

import json
import shutil
from pathlib import Path

from corelib.runs.registry import shipped
from corelib.runs.spec import RunSpec
from corelib.runs.store import Run, create_run
from corelib.training.card import write_card
from corelib.training.events import Began, Stepped

PICTURE = "![a](&#47;&#47;pictures.invalid&#47;x.png)"
"""A folder's name holds no slash, but Markdown reads these as slashes."""
NAME = f"1 {PICTURE} **b** :red[c] $d$ <img src=e> _f_"
MESSAGE = (
    "![a](http://pictures.invalid/m.png) [b](http://pictures.invalid) :red[c] :material/home: "
    "$x^2$ `d` <img src=http://pictures.invalid/n.png>"
)


def hostile_runs() -> list[Run]:
    """A run of each system that ships, named so that it comes first and completed; and three more,
    one with a checkpoint that is refused, one failed, and one whose spec says odd things."""
    runs, systems = [], set()
    for item in sorted(shipped(), key=lambda item: item.card.variant != ""):
        if item.card.system in systems:
            continue
        systems.add(item.card.system)
        spec = RunSpec(**{name: getattr(item.card, name) for name in RunSpec.model_fields})
        run = _renamed(create_run(spec), f"{NAME} {item.name}")
        # A person may write any name into the file.
        named = spec.model_copy(update={"variant": f"{NAME} {item.name}"})
        (run.folder / "spec.json").write_text(named.model_dump_json(), encoding="utf-8")
        shutil.copytree(item.folder, run.checkpoint(item.card.step))
        said = {"variant": NAME, "versions": {MESSAGE: MESSAGE}}
        write_card(run.checkpoint(item.card.step), item.card.model_copy(update=said))
        run.set_status("completed", MESSAGE)
        runs.append(run)
    # A checkpoint that is refused, with a reason that repeats what its card says.
    refused = _renamed(create_run(runs[0].spec), f"{NAME} refused")
    shutil.copytree(item.folder, refused.checkpoint(item.card.step))
    training = {**item.card.training, "device": MESSAGE}
    card = item.card.model_copy(update={"training": training})
    write_card(refused.checkpoint(item.card.step), card)
    refused.set_status("cancelled", MESSAGE)
    failed = _renamed(create_run(runs[0].spec), f"{NAME} failed")
    failed.append(
        Began(step=0, total_steps=9, steps_per_epoch=3, device=MESSAGE, threads=1, parameters=1)
    )
    failed.append(Stepped(step=1, count=1, seconds=0.1, metrics={"loss": 1.0, "accuracy": 0.5}))
    failed.log.write_text(MESSAGE, encoding="utf-8")
    failed.set_status("failed", MESSAGE)
    damaged = _renamed(create_run(runs[0].spec), f"{NAME} damaged")
    described = json.loads((damaged.folder / "spec.json").read_text(encoding="utf-8"))
    described["system"] = MESSAGE
    (damaged.folder / "spec.json").write_text(json.dumps(described), encoding="utf-8")
    return [*runs, refused, failed, damaged]


def _renamed(run: Run, name: str) -> Run:
    folder: Path = run.folder.with_name(name)
    return Run(run.folder.rename(folder))
