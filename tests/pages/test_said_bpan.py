"""Every number that the pages of balanced networks say, against the networks themselves."""

import numpy as np
import pytest
import torch

from corelib import load
from corelib.data import load_dataset
from corelib.data.corruptions import CORRUPTIONS, Corruption, corrupt
from corelib.models.bpan.analysis import Controls, currents, drive_of
from corelib.models.bpan.analysis import answers as answers_under
from corelib.models.bpan.halting import answers
from corelib.reproduce import results
from corelib.runs.registry import find
from corelib.words import PER_CENT
from tests.pages.app import joined, open_page
from tests.pages.said import (
    at_theta,
    axes_of,
    called,
    decided,
    headline,
    in_per_cent,
    named,
    numbers,
    saying,
    says,
)


@says("halting")
def test_halting(runs_root):
    """With act-mnist first and a threshold of its own; the table has both networks."""
    names = ["act-mnist", "bpan-mnist"]
    asked = {"halting_theta": "0.62", "halting_cost": "multiply-adds", "halting_tab": "Numbers"}
    app = open_page("halting", halting_models=names, **asked)
    assert axes_of(app, "halting_costs") == ("multiply-adds per image", "accuracy on the test set")
    data = load_dataset()
    labels = data.test.labels.numpy()
    table = joined(app).T
    for name in names:
        model = load(name)
        read = answers(model, data.inputs(data.test.pixels))
        answer, steps = at_theta(read.confidence, read.predicted, 0.62)
        right, end = (answer == labels).mean(), (read.predicted[:, -1] == labels).mean()
        depth = read.predicted.shape[1]
        spent, whole = model.macs().at(steps).mean(), int(model.macs().at(depth))
        row = table.loc[name]
        assert int(row["parameters"].replace(",", "")) == sum(p.numel() for p in model.parameters())
        assert float(row["accuracy / %"]) == pytest.approx(100 * right, abs=0.006)
        assert float(row["mean steps"]) == pytest.approx(steps.mean(), abs=0.006)
        assert row["multiply-adds"] == f"{spent:,.0f}"
        assert row["multiply-adds to the last step"] == f"{whole:,}"
        agrees = (read.predicted[:, 0] == read.predicted[:, -1]).mean()
        said = float(row["step 1 agrees with the last / %"])
        assert said == pytest.approx(100 * agrees, abs=0.006)
        # The ECE: bins of the confidence with which it answers, weighted by what they hold.
        sure = read.confidence[np.arange(len(labels)), steps - 1]
        bins = np.minimum((sure * 15).astype(int), 14)
        apart = [
            (bins == k).mean() * abs((answer == labels)[bins == k].mean() - sure[bins == k].mean())
            for k in np.unique(bins)
        ]
        assert float(row["ECE / %"]) == pytest.approx(100 * sum(apart), abs=0.006)
        (bars,) = named(app, "halting_histograms", name)
        shares = [(steps == step).mean() for step in range(1, depth + 1)]
        np.testing.assert_allclose([bars["x"], bars["y"]], [range(1, depth + 1), shares])
        mark = named(app, "halting_costs", name)[-1]
        np.testing.assert_allclose([*mark["x"], *mark["y"]], [spent, right], 1e-5)
        if name != names[0]:
            continue
        assert numbers(headline(app)) == [
            *(f"{100 * abs(end - right):.2f}", in_per_cent(1 - spent / whole, 0), "0.62"),
            *(f"{steps.mean():.2f}", str(depth), in_per_cent(right, 2), in_per_cent(end, 2)),
            *(f"{spent:,.0f}", f"{whole:,}", in_per_cent((steps == 1).mean(), 0), "1"),
        ]
        assert ("costs" in headline(app)) == (end >= right)
    caption = saying(app, "Own rule: ACT stops")
    assert numbers(caption)[:3] == ["10,000", "0.62", "1"]


def test_halting_without_recurrence(runs_root):
    app = open_page("halting", halting_models=["bpan-mnist"], halting_tab="Recurrence")
    data = load_dataset()
    x, labels = data.inputs(data.test.pixels), data.test.labels
    model = load("bpan-mnist")
    with torch.no_grad():
        last = [
            network(x, *weights)[:, -1].argmax(1)
            for network, weights in (
                (model, ()),
                (model, (model.weights(recurrence_gain=0.0),)),
                (load("mlp-onelayer-mnist"), ()),
            )
        ]
    right = [(answer == labels).double().mean().item() for answer in last]
    assert numbers(saying(app, "recurrent weights set to zero after")) == [
        in_per_cent(share, 2) for share in right
    ]


class Balance:
    """bpan-mnist under controls, read at a threshold."""

    def __init__(self, controls: Controls, theta: float) -> None:
        self.model, self.data, self.theta = load("bpan-mnist"), load_dataset(), theta
        self.drive = drive_of(self.model, self.data.inputs(self.data.test.pixels))
        self.controls = controls

    def tested(self, **changed: float) -> tuple[float, float]:
        """Accuracy and mean steps over the test set, with some of the controls changed."""
        read = answers_under(self.model, self.drive, self.controls._replace(**changed))
        answer, steps = at_theta(read.confidence, read.predicted, self.theta)
        return (answer == self.data.test.labels.numpy()).mean(), steps.mean()

    def on(self, index: int, **changed: float) -> tuple[int, float, int]:
        x = self.data.inputs(self.data.test.pixels[index : index + 1])
        trace = currents(self.model, x, self.controls._replace(**changed))
        return decided(trace.probability, self.theta)


@says("balance")
def test_balance_as_trained(runs_root):
    own = Controls(6, load("bpan-mnist").alpha)
    here = Balance(own, 0.62)
    app = open_page("balance", balance_index="18", balance_theta="0.62")
    x = here.data.inputs(here.data.test.pixels[18:19])
    trace = currents(here.model, x, own)
    push, pull = trace.excitation[-1], trace.inhibition[-1]
    index = 1 - np.abs(push + pull) / (push - pull)
    cancelled = [index[: trace.n_excitatory].mean(), index[trace.n_excitatory :].mean()]
    answer, sure, step = here.on(18)
    accuracy, steps = here.tested()
    without, _ = here.tested(inhibition_gain=0.0)
    true = int(here.data.test.labels[18])
    assert numbers(headline(app)) == [
        *(in_per_cent(share, 0) for share in cancelled),
        *("0.62", *called(answer, [in_per_cent(sure, 0), str(step), "6"], true)),
        *("10,000", f"{steps:.2f}", in_per_cent(accuracy), "0", in_per_cent(without)),
    ]
    for panel, net in enumerate(named(app, "balance_currents_0", "net")):
        half = slice(0, trace.n_excitatory) if panel == 0 else slice(trace.n_excitatory, None)
        np.testing.assert_allclose(net["y"], trace.net[:, half].mean(1), 1e-4)
    for k in range(10):
        (line,) = named(app, "balance_probability_0", str(k))
        np.testing.assert_allclose(line["y"], trace.probability[:, k], 1e-4, 1e-7)
    seed = find("bpan-mnist").card.seed
    assert f"n = 1 image, seed {seed}" in saying(app, "excitation, inhibition, input and bias")


def test_balance_under_changed_controls(runs_root):
    """Every control is away from its default, so that each that is not read is found."""
    changed = Controls(20, 0.3, 0.5, 40, 10, 3)
    here = Balance(changed, 0.97)
    alpha = here.model.alpha
    own = Controls(6, alpha)._asdict()
    app = open_page(
        "balance",
        balance_index="740",
        balance_theta="0.97",
        balance_gain="0.5",
        balance_alpha="0.3",
        balance_steps="20",
        balance_lesion_e="40",
        balance_lesion_i="10",
        balance_lesion_seed="3",
        balance_tab="Weights",
    )
    (now, steps), (was, steps_before) = here.tested(), here.tested(**own)
    alone, _ = here.tested(**own | {"n_steps": 20})
    answer, sure, step = here.on(740)
    before, _, _ = here.on(740, **own)
    assert numbers(headline(app)) == [
        *("0.5", "1", "0.3", f"{alpha:g}", "20", "6", "40", "10"),
        *(f"{100 * abs(was - now):.1f}", in_per_cent(now), "10,000", in_per_cent(was)),
        *("20", in_per_cent(alone), f"{steps:.2f}", f"{steps_before:.2f}", "0.97"),
        *called(answer, [in_per_cent(sure, 0), str(step), "20"], int(here.data.test.labels[740])),
        str(before),
    ]
    weights = here.model.weights(0.5).recurrent.detach().numpy()
    n = here.model.n_excitatory
    gains = (
        np.abs(np.linalg.eigvals(weights[:n, :n])).max(),
        np.linalg.eigvals(weights).real.max(),
    )
    assert [metric.value for metric in app.metric] == [f"{gain:.2f}" for gain in gains]
    assert numbers(saying(app, "recurrent weights, E units first")) == ["0.50"]


def test_balance_says_what_the_number_of_steps_changes_alone(runs_root):
    own = Controls(6, load("bpan-mnist").alpha)
    here = Balance(own, 0.9)
    app = open_page("balance", balance_steps="1", balance_lesion_e="40")
    alone, was = in_per_cent(here.tested(n_steps=1)[0]), in_per_cent(here.tested()[0])
    assert alone != was
    assert f", was {was} % (with T = 1 alone {alone} %)" in headline(app).replace(PER_CENT, " %")


@says("robustness")
def test_robustness_measured_here(runs_root):
    names = ["mlp-mnist", "bpan-mnist"]
    app = open_page(
        "robustness",
        robust_models=names,
        robust_kind="occlusion",
        robust_occlusion_severity="0.2",
        robust_fill="noise",
        robust_theta="0.5",
        robust_seed="7",
        robust_tab="Numbers",
    )
    data = load_dataset()
    n = 1000
    labels = data.test.labels[:n].numpy()
    corruption = Corruption("occlusion", 0.2, 7, fill="noise")
    pixels = corrupt(data.test.pixels[:n], corruption, data.mean, data.std)
    table = joined(app).T
    measured = {}
    for name in names:
        of_each = []
        for shown in (data.test.pixels[:n], pixels):
            read = answers(load(name), data.inputs(shown))
            answer, steps = at_theta(read.confidence, read.predicted, 0.5)
            last = (read.predicted[:, -1] == labels).mean()
            of_each.append((last, (answer == labels).mean(), steps.mean()))
        (clean, _, steps_clean), (last, early, steps) = of_each
        measured[name] = (clean, last, steps_clean, steps)
        for key, ends in (("accuracy", (clean, last)), ("steps", (steps_clean, steps))):
            (line,) = named(app, f"robust_{key}", name)
            at = [line["x"].index(severity) for severity in (0, 0.2)]
            np.testing.assert_allclose([line["y"][place] for place in at], ends)
        row = table.loc[name]
        written = {
            "clean": in_per_cent(clean),
            "corrupted": in_per_cent(last),
            "drop / points": f"{100 * (clean - last):.1f}",
            "at θ = 0.5, corrupted": in_per_cent(early),
            "mean steps, clean": f"{steps_clean:.2f}",
            "mean steps, corrupted": f"{steps:.2f}",
            "seeds": "1",
            "images": "1,000",
        }
        for column, text in written.items():
            assert numbers(row[column]) == [text], column
    area = CORRUPTIONS["occlusion"].unit
    assert axes_of(app, "robust_accuracy") == (area, "accuracy at the last step")
    assert axes_of(app, "robust_steps") == (area, "mean steps at θ = 0.5")
    clean, last, steps_clean, steps = measured[names[0]]
    other = measured[names[1]][1]
    first_of_two = [f"{100 * (last - other):.1f}"]
    if last < other:
        first_of_two = [in_per_cent(other), "2", f"{100 * (other - last):.1f}"]
    assert numbers(headline(app)) == [
        *("2", *first_of_two, *numbers(corruption.in_words), in_per_cent(last)),
        *(f"{100 * abs(clean - last):.1f}", in_per_cent(clean), "0.5"),
        *(f"{steps:.2f}", f"{steps_clean:.2f}"),
    ]


@pytest.mark.parametrize("first", ["best", "second"])
def test_robustness_over_seeds(runs_root, first):
    """The sentence is about the first network, whether it is ahead or not."""
    rows = results.shipped("robustness").query("corruption == 'gaussian' and protocol == 'ours'")
    corrupted = rows[(rows["severity"] == 0.5) & rows["model"].isin(["bpan", "mlp"])]
    means = 100 * corrupted.groupby("model")["accuracy"].mean().sort_values(ascending=False)
    own = means.index[0 if first == "best" else 1]
    app = open_page(
        "robustness",
        robust_models=[f"{own}-mnist", *(f"{name}-mnist" for name in means.index if name != own)],
        robust_kind="gaussian",
        robust_gaussian_severity="0.5",
        robust_theta="0.99",
    )
    ahead = [f"{means.iloc[0] - means.iloc[1]:.1f}"]
    if first == "second":
        sd = 100 * corrupted[corrupted["model"] == means.index[0]]["accuracy"].std()
        ahead = [f"{means.iloc[0]:.1f}", f"{sd:.1f}", "2", *ahead]
    rows = rows[rows["model"] == own]
    at, clean = (rows[rows["severity"] == severity] for severity in (0.5, 0.0))
    shown = [
        *(100 * at["accuracy"].mean(), 100 * at["accuracy"].std()),
        abs(100 * (clean["accuracy"].mean() - at["accuracy"].mean())),
        *(100 * clean["accuracy"].mean(), 100 * clean["accuracy"].std()),
    ]
    steps = [
        value
        for part in (at, clean)
        for value in (part["mean steps at 0.99"].mean(), part["mean steps at 0.99"].std())
    ]
    assert numbers(headline(app)) == [
        *("2", *ahead),
        *("0.5", *(f"{value:.1f}" for value in shown)),
        *("0.99", *(f"{value:.2f}" for value in steps)),
    ]


@says("evidence")
def test_evidence(runs_root):
    names = ["bpan-sequence-ct-mnist", "gru-sequence-ct-mnist"]
    app = open_page(
        "evidence", evidence_theta="0.3", evidence_144_models=names, evidence_tab="Numbers"
    )
    data = load_dataset("ct-mnist")
    labels = data.test.labels.numpy()
    table = joined(app)
    ends = {}
    for name in names:
        read = answers(load(name), data.inputs(data.test.pixels))
        answer, steps = at_theta(read.confidence, read.predicted, 0.3)
        first, last = ((read.predicted[:, at] == labels).mean() for at in (0, -1))
        right = (answer == labels).mean()
        early = ((answer != labels) & (read.predicted[:, -1] == labels)).mean()
        unsure = (read.confidence < 0.3).all(1).mean()
        ends[name] = last
        depth = read.predicted.shape[1]
        shown = {
            "after 1 glimpse / %": 100 * first,
            f"after all {depth} / %": 100 * last,
            "at θ / %": 100 * right,
            "mean glimpses at θ": steps.mean(),
            "too early / %": 100 * early,
            "never confident / %": 100 * unsure,
        }
        for column, value in shown.items():
            assert float(table.loc[column, name]) == pytest.approx(value, abs=0.006), column
        (bars,) = named(app, "evidence_needed", name.removesuffix("-sequence-ct-mnist"))
        shares = [(steps == step).mean() for step in range(1, depth + 1)]
        np.testing.assert_allclose(bars["y"], shares)
        if name == names[0]:
            said = [
                *(f"{100 * abs(last - right):.1f}", f"{depth - steps.mean():.2f}", str(depth)),
                *("0.30", f"{steps.mean():.2f}", in_per_cent(right), in_per_cent(early)),
                *(str(depth), in_per_cent(last), in_per_cent(first)),
            ]
    # The better one is named last.
    assert in_per_cent(ends[names[1]]) > in_per_cent(ends[names[0]])
    said.append(in_per_cent(ends[names[1]]))
    assert numbers(headline(app)) == said
    assert numbers(saying(app, "ECE: expected")) == ["10,000", "0.30", "1"]
