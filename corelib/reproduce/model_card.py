"""The model card of a trained network: what it is, how it was measured, and what it cannot do.

Everything is computed from the checkpoint's own card and from what is known of its system and its
data. Nothing in it is Markdown until ``markdown`` makes it so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from corelib import files
from corelib.catalog import system
from corelib.citation import PAPERS, bibtex
from corelib.data.facts import Facts, facts
from corelib.data.sources import DATASETS
from corelib.errors import CheckpointError
from corelib.files import printable
from corelib.runs.described import differences, origin_of, stored
from corelib.runs.registry import Checkpoint, find
from corelib.runs.spec import RunSpec, as_command
from corelib.system import PROTOCOLS, System
from corelib.training.card import Card
from corelib.version import own_version
from corelib.words import PROGRAM, figure

ANSWERS = {
    "steps": "logits after each step, (batch, time, class); at which step to stop is your choice",
    "sequence": "logits after each step of the sequence, (batch, time, class)",
    "two-way": "evidence for each class, (batch, class)",
    "instructed": "logits of each task, (batch, task, class)",
    "task": "logits, (batch, class)",
    "code": "mean activity of each unit after the last step, (batch, unit)",
    "": "what its class says",
}
"""What calling a network of each protocol returns."""
_MARKDOWN = re.compile(r"([\\`*_\[\]<>#|~$!])")


class Part(NamedTuple):
    """A heading and the facts under it, each with a label."""

    heading: str
    facts: tuple[tuple[str, str], ...]


class ModelCard(NamedTuple):
    """A model card: the network's name, what it is in a sentence, its parts, and BibTeX."""

    title: str
    about: str
    parts: tuple[Part, ...]
    citation: str


def pages_of(name: str) -> tuple[str, ...]:
    """The titles of the pages that show the networks of a system."""
    protocol = system(name).protocol
    first = ("E/I balance",) if name == "bpan" else ()
    return (*first, *(PROTOCOLS[protocol].pages if protocol else ()))


def model_card(item: Checkpoint) -> ModelCard:
    """The model card of a checkpoint. Raises ``CheckpointError`` if its weights are damaged."""
    card, chosen = item.card, system(item.card.system)
    family = _family(chosen)
    known = facts(card.dataset)
    parts = (
        Part("What it is", tuple(_what(item, chosen))),
        Part("Scores", tuple(_scores(item, known))),
        Part("Data and training", tuple(_training(card, known))),
        Part("Known limits", tuple(_limits(item, chosen))),
        Part("Licence", (("Weights", _licence(item)), ("Images", known.licence))),
    )
    version = own_version()
    return ModelCard(
        title=item.title,
        about=f"A trained network of Synaptarium: {chosen.title}, {chosen.about}.",
        parts=parts,
        citation=bibtex([family], version) if family else "",
    )


def _family(chosen: System) -> str:
    """The family in ``corelib.models``; empty for a system of another package."""
    name = chosen.model.removeprefix("corelib.models.").partition(".")[0]
    return name if chosen.model.startswith("corelib.models.") and name in PAPERS else ""


def _what(item: Checkpoint, chosen: System) -> Iterator[tuple[str, str]]:
    size, source = stored(item), DATASETS[item.card.dataset]
    yield "System", f"{chosen.name} ({chosen.title})"
    yield "Comes from", _provenance(item)
    yield "Weights", f"{size.numbers:,} numbers in {size.bytes / 1e6:.2f} MB"
    axes = "batch, time" if source.kind == "sequence" else "batch"
    yield "Reads", f"({axes}, {source.input_dim}), normalised as its data set normalises"
    yield "Returns", ANSWERS[chosen.protocol]
    yield "Opens in", ", ".join(pages_of(chosen.name)) or "no page; the library reads it"


def _provenance(item: Checkpoint) -> str:
    origin = item.card.origin
    if origin is None:
        return "Synaptarium" if origin_of(item) == "shipped" else "a run in Synaptarium"
    trained_on = f", trained on {origin.trained_on}" if origin.trained_on else ""
    return printable(f"the file {origin.file}{trained_on} (SHA-256 {origin.checksum})")


def _training(card: Card, known: Facts) -> Iterator[tuple[str, str]]:
    source = DATASETS[card.dataset]
    yield "Data", f"{source.title}: {source.about}"
    if known.train:
        yield (
            "Split",
            f"{known.train:,} images train, {known.validation:,} validate, {known.test:,} test",
        )
    if card.origin is None or card.step:
        yield "Training", f"{card.step:,} updates, {card.epoch:g} epochs, seed {card.seed}"
    differs = printable(", ".join(differences(card)))
    yield "Settings", differs or "the standard ones"
    if card.versions:  # else it was not trained by Synaptarium, and no command repeats it
        spec = RunSpec(**{name: getattr(card, name) for name in RunSpec.model_fields})
        yield "Command", as_command(spec)
        versions = (f"{name} {card.versions[name]}" for name in sorted(card.versions))
        yield "Versions", printable(", ".join(versions))


def _scores(item: Checkpoint, known: Facts) -> Iterator[tuple[str, str]]:
    card = item.card
    splits = [
        (split, metrics, n, how)
        for split, metrics, n, how in (
            ("test", card.test, known.test, "once, after the best epoch was chosen"),
            ("validation", card.metrics, known.validation, "by which the best epoch was chosen"),
        )
        if metrics
    ]
    if not splits:
        yield "Not measured yet", f"{PROGRAM} evaluate {item.name}"
        return
    for name in dict.fromkeys(name for _, metrics, *_ in splits for name in metrics):
        values = (
            f"{figure(name, metrics[name])} ({split})"
            for split, metrics, *_ in splits
            if name in metrics
        )
        yield printable(name), ", ".join(values)
    measured = "; ".join(
        f"{split}: all {f'{n:,} ' if n else ''}images, {how}" for split, _, n, how in splits
    )
    claimed = "; as its card says, not measured here" * (origin_of(item) == "imported")
    yield "Measured on", f"{measured}; seed {card.seed}{claimed}"


def _limits(item: Checkpoint, chosen: System) -> Iterator[tuple[str, str]]:
    from corelib.reproduce.open_claims import open_claims  # which imports torch

    card, source = item.card, DATASETS[item.card.dataset]
    yield (
        "Images",
        f"only those with {source.input_dim:,} inputs that look like {source.title}; what it says "
        "of others means nothing.",
    )
    if chosen.protocol in ("steps", "sequence", "two-way", "task"):
        yield (
            "Classes",
            f"it names one of {source.n_classes} whatever it is shown, also where none is right.",
        )
    if chosen.protocol == "code":
        yield "Noise", "its code is drawn with a fixed noise seed; other noise gives another code."
    if card.versions:
        yield (
            "Spread",
            f"it is one training, with seed {card.seed}; others end at other scores: "
            f"{PROGRAM} reproduce shows how far apart.",
        )
    if card.origin is not None:
        yield "Source", "it came from a file; what that says of its training is not checked here."
        if card.origin.assumed:
            yield "Assumed", f"as no file tells: {printable(', '.join(card.origin.assumed))}."
    yield from (("Published figure", claim.sentence) for claim in open_claims(chosen.name))


def _licence(item: Checkpoint) -> str:
    return {
        "shipped": "MIT, as Synaptarium",
        "own": "not stated; it is for whoever trained it to choose",
        "imported": "its authors'; the file does not say",
    }[origin_of(item)]


def markdown(card: ModelCard) -> str:
    """A model card as Markdown; what stands in it is text, whatever it looks like."""
    lines = [f"# {_plain(card.title)}", "", _plain(card.about), ""]
    for part in card.parts:
        lines += [f"## {part.heading}", ""]
        lines += [
            f"- {label and f'**{_plain(label)}**: '}{_plain(said)}" for label, said in part.facts
        ]
        lines.append("")
    if card.citation:
        lines += ["## Citation", "", "```bibtex", card.citation.strip(), "```", ""]
    return "\n".join(lines)


def _plain(text: str) -> str:
    return _MARKDOWN.sub(r"\\\1", printable(" ".join(text.split())))


def example(card: Card) -> str:
    """Five lines of Python that load and run the network, in the folder they lie in."""
    return f"""\
from corelib import load, load_dataset
model = load(".")
data = load_dataset({card.dataset!r})
x = data.inputs(data.test.pixels[:8])
print(model(x).shape)
"""


def package(item: Checkpoint) -> bytes:
    """A checkpoint as a zip: weights, card, model card and example. Raises ``CheckpointError``."""
    from corelib.runs.package import pack

    return pack(item, markdown(model_card(item)), example(item.card))


def export_model(name: str, file: str | Path) -> Path:
    """Write a trained network as one zip, which ``import_checkpoint`` reads on another machine:
    ``export_model("bpan-mnist", "bpan.zip")``.

    ``name`` is what ``load`` takes. The zip holds the weights (safetensors), the card (JSON), the
    model card (Markdown) and five lines of Python that run it. Returns the file. Raises
    ``CheckpointError`` if there is no such network, it is damaged, or the file exists.
    """
    target = Path(file)
    if target.suffix.lower() != ".zip":
        raise CheckpointError(f"{target} should end in .zip.")
    if target.exists():
        raise CheckpointError(f"{target} already exists; choose another name.")
    content = package(find(name))
    target.parent.mkdir(parents=True, exist_ok=True)
    files.write_bytes(target, content)
    return target
