"""Model cards say what the cards say, and nothing in them is Markdown by accident."""

import pandas as pd
import pytest
import torch

import corelib
from corelib.catalog import SYSTEMS
from corelib.citation import PAPERS
from corelib.reproduce import open_claims as listed
from corelib.reproduce.claims import claims
from corelib.reproduce.model_card import markdown, model_card, pages_of
from corelib.reproduce.open_claims import open_claims
from corelib.runs import registry
from corelib.runs.described import differences, origin_of, score, stored
from corelib.training import checkpoint
from corelib.training.card import Origin, write_card
from corelib.words import figure

NBSP = "\N{NO-BREAK SPACE}"


def facts_of(name: str) -> dict[str, str]:
    return {
        label: said for part in model_card(registry.find(name)).parts for label, said in part.facts
    }


@pytest.mark.parametrize("item", registry.shipped(), ids=lambda item: item.name)
def test_a_shipped_networks_card_is_complete(item):
    card = model_card(item)
    headings = ["What it is", "Scores", "Data and training", "Known limits", "Licence"]
    assert [part.heading for part in card.parts] == headings
    assert all(label and said for part in card.parts for label, said in part.facts)
    text = markdown(card)
    for name, value in item.card.test.items():
        assert f"{figure(name, value)} (test)".replace(NBSP, " ") in text
    assert f"{sum(t.numel() for t in corelib.load(item).state_dict().values()):,} numbers" in text
    assert "MIT, as Synaptarium" in text
    assert any(paper in card.citation for paper in PAPERS.values())
    for page in pages_of(item.card.system):
        assert page in text


def test_what_was_measured_and_how():
    said = facts_of("bpan-nodale-mnist")
    assert (
        said["accuracy"] == "97.71\N{NO-BREAK SPACE}% (test), 98.12\N{NO-BREAK SPACE}% (validation)"
    )
    assert said["Measured on"] == (
        "test: all 10,000 images, once, after the best epoch was chosen; validation: all 5,000 "
        "images, by which the best epoch was chosen; seed 0"
    )
    assert said["Settings"] == "dale: off"
    assert said["Command"].endswith(
        "train bpan --dataset mnist --no-dale --seed 0 --variant nodale"
    )
    assert said["Reads"].startswith("(batch, 784)")
    assert facts_of("bpan-sequence-ct-mnist")["Reads"].startswith("(batch, time, 144)")
    assert facts_of("bpan-mnist")["Settings"] == "the standard ones"
    assert "noise seed" in facts_of("ipvae-mnist")["Noise"]


def test_every_claim_that_did_not_reproduce_stands_on_a_card():
    verdicts = ("not reproduced", "reproduced in part")
    known = [claim.what for claim in claims() if claim.verdict in verdicts]
    assert known
    told = [claim.what for system in SYSTEMS for claim in open_claims(system)]
    assert sorted(told) == sorted(known), "each on the card of one system"
    assert set(listed.ABOUT) <= set(SYSTEMS)
    assert "PonderNet, mean steps by its own rule" in [c.what for c in open_claims("pondernet")]
    assert open_claims("backprop") == []


@pytest.fixture
def foreign(runs_root):
    """An imported network whose card holds Markdown, and scores that nobody measured here."""
    item = registry.find("mlp-mnist")
    tensors = checkpoint.read_tensors(item.folder / "weights.safetensors")
    origin = Origin(file="![x](http://x)<b>.pt", checksum="0", assumed=("n_steps = 6", "# big"))
    card = item.card.model_copy(
        update={"origin": origin, "versions": {}, "test": {"*bold*": 0.5}, "metrics": {}}
    )
    folder = registry.imported_root() / "theirs"
    folder.parent.mkdir(parents=True)
    checkpoint.save(folder, card, tensors)
    return registry.find("theirs")


def test_text_from_a_file_is_no_markdown_and_its_scores_are_its_own(foreign):
    text = markdown(model_card(foreign))
    assert r"\!\[x\](http://x)\<b\>.pt" in text
    assert r"\*bold\*" in text
    said = facts_of("theirs")
    assert said["Measured on"].endswith("seed 0; as its card says, not measured here")
    assert said["Weights"] == "its authors'; the file does not say"
    assert said["Assumed"] == "as no file tells: n_steps = 6, # big."
    assert "Command" not in said, "no command of ours trains it again"
    assert "Spread" not in said
    write_card(foreign.folder, foreign.card.model_copy(update={"test": {}}))
    assert facts_of("theirs")["Not measured yet"] == "python -m corelib evaluate theirs"


def test_sizes_scores_and_origins_are_in_the_table(foreign):
    table = corelib.checkpoints()
    assert table.loc["theirs", ["origin", "measure", "measured"]].tolist() == [
        "imported",
        "*bold*, test",
        0.5,
    ]
    row = table.loc["bpan-mnist"]
    assert row["origin"] == "shipped"
    assert row["measure"] == "accuracy, test"
    assert row["measured"] == registry.find("bpan-mnist").card.test["accuracy"]
    assert row["weights"] == sum(p.numel() for p in corelib.load("bpan-mnist").parameters())
    assert row["bytes"] == (registry.SHIPPED / "bpan-mnist" / "weights.safetensors").stat().st_size
    (foreign.folder / "weights.safetensors").write_bytes(b"damaged")
    row = corelib.checkpoints().loc["theirs"]
    assert pd.isna(row["weights"])
    assert row["origin"] == "imported"


def test_what_is_said_of_a_checkpoint(foreign):
    item = registry.find("bpan-unbalanced-mnist")
    assert differences(item.card) == ["λ_bal = 0"]
    assert score(item.card.model_copy(update={"test": {}})).split == "validation"
    assert score(item.card.model_copy(update={"test": {}, "metrics": {}})) is None
    assert score(registry.find("ipvae-mnist").card).metric == "R²"
    assert (origin_of(item), origin_of(foreign)) == ("shipped", "imported")
    assert stored(item).numbers == sum(
        t.numel() for t in checkpoint.read_tensors(item.folder / "weights.safetensors").values()
    )
    assert torch.is_tensor(next(iter(corelib.load(item).state_dict().values())))
