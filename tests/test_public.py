"""The public interface: each call against what it stands for, computed another way."""

import importlib
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

import corelib
import corelib.analysis
import corelib.models
from corelib import Experiment, add_images, evaluate, load, load_dataset, remove_images, train, wrap
from corelib.__main__ import main
from corelib.analysis import (
    accuracy_by_severity,
    accuracy_curve,
    currents,
    energy_trace,
    gates,
    halting_steps,
    selectivity,
    tuning,
)
from corelib.catalog import SYSTEMS
from corelib.data.corruptions import Corruption, corrupt
from corelib.errors import CheckpointError, DataError, RunError, SettingsError
from corelib.words import percent
from tests.data.shapes import make_npz
from tests.runs.conftest import wait_until

ROOT = Path(__file__).parents[1]
N = 200
QUICK = {"epochs": 1, "max_steps": 12, "n_hidden": 16, "progress": False}


@pytest.fixture(autouse=True)
def own_runs(tmp_path, monkeypatch):
    monkeypatch.setenv("SYNAPTARIUM_RUNS", str(tmp_path / "runs"))


@pytest.fixture(scope="module")
def digits():
    return load_dataset("mnist")


def test_every_public_name_is_there_and_importing_costs_nothing():
    for package in (corelib, corelib.analysis, corelib.models, corelib.runs):
        for name in package.__all__:
            assert getattr(package, name) is not None
        with pytest.raises(AttributeError, match="nonsense"):
            package.nonsense  # noqa: B018
    code = (
        "import sys, corelib, corelib.models, corelib.analysis;"
        "print([m for m in ('torch', 'pandas', 'numpy') if m in sys.modules])"
    )
    printed = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, encoding="utf-8"
    )
    assert printed.stdout.strip() == "[]", printed.stderr


def test_what_there_is():
    assert list(corelib.systems().index) == list(SYSTEMS)
    assert "paper" in corelib.systems().loc["bpan", "presets"]
    assert corelib.datasets().loc["mnist", ["inputs", "classes", "here"]].tolist() == [
        784,
        10,
        True,
    ]
    assert corelib.checkpoints().loc["bpan-mnist", "system"] == "bpan"
    assert len(corelib.runs.table()) == 0


def test_a_training_in_this_process_and_what_came_of_it(digits):
    threads, before = torch.get_num_threads(), torch.random.get_rng_state()
    experiment = train("mlp", name="lab1", seed=3, where="here", **QUICK)
    assert torch.get_num_threads() == threads
    assert torch.equal(torch.random.get_rng_state(), before)
    assert experiment.state == "completed"
    assert experiment.history["step"].tolist() == [12]
    assert experiment.steps["count"].sum() == 12
    row = evaluate(experiment).iloc[0]
    assert row["accuracy"] == pytest.approx(experiment.metrics["accuracy"])
    logits = experiment.model(digits.inputs(digits.test.pixels))[:, -1]
    truth = (logits.argmax(1) == digits.test.labels).double().mean().item()
    assert row["accuracy"] == pytest.approx(truth)
    again = Experiment.of("lab1")
    assert (again.id, again.spec) == (experiment.id, experiment.spec)
    table = corelib.runs.table()
    assert table.loc[experiment.id, ["name", "state", "updates"]].tolist() == [
        "lab1",
        "completed",
        12,
    ]
    with pytest.raises(RunError, match="nothing left"):
        again.train(where="here")


def test_a_worker_trains_the_same_weights_as_this_process():
    here = train("mlp", where="here", **QUICK)
    worker = train("mlp", **QUICK)
    for a, b in zip(here.model.parameters(), worker.model.parameters(), strict=True):
        assert torch.equal(a, b)


def test_detached_it_returns_at_once(capsys):
    experiment = train("mlp", detach=True, **QUICK)
    assert experiment.state in ("starting", "queued", "running")
    experiment.wait()
    assert experiment.state == "completed"
    assert "epoch 0/1" in capsys.readouterr().out


SCRIPT = """
import time
from corelib import train
from corelib.runs.store import Run

def append(run, event):
    noted(run, event)
    # Here it makes no more updates until it is interrupted: no machine is too fast for the test.
    while event.kind == "stepped" and event.step > 5 and run.control.request == "run":
        time.sleep(0.01)

noted, Run.append = Run.append, append
train("mlp", epochs={epochs}, n_hidden=16, progress=False, where="{where}")
"""


# A worker's is interrupted in test_cli, too.
@pytest.mark.parametrize(
    ("where", "epochs"), [("here", 2), pytest.param("worker", 20, marks=pytest.mark.slow)]
)
def test_an_interrupted_training_goes_on(where, epochs):
    code = SCRIPT.format(where=where, epochs=epochs)
    script = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stderr=subprocess.PIPE)
    running = "updates > 5 and state == 'running'"
    wait_until(lambda: corelib.runs.table().query(running).size, "it trains", 120)
    (name,) = corelib.runs.table().query(running).index
    script.send_signal(signal.SIGINT)
    assert script.wait(60) != 0
    assert b"KeyboardInterrupt" in script.stderr.read()
    experiment = Experiment.of(name)
    assert experiment.state == "cancelled"
    done = experiment.checkpoint.card.step
    assert 0 < done < 215 * epochs
    experiment.train(progress=False, where="here")
    whole = train("mlp", epochs=epochs, n_hidden=16, progress=False, where="here")
    for a, b in zip(experiment.model.parameters(), whole.model.parameters(), strict=True):
        assert torch.equal(a, b)


@pytest.mark.parametrize(
    "package", ["corelib", "corelib.analysis", "corelib.models", "corelib.runs", "corelib.extend"]
)
def test_a_shell_completes_every_public_name(package):
    module = importlib.import_module(package)
    assert module.__all__
    assert set(module.__all__) <= set(dir(module))


def test_settings_are_told_apart_and_wrong_ones_are_sentences():
    spec = corelib.runs.experiment.spec_of("bpan", preset="sweep", n_excitatory=64, epochs=2)
    assert (spec.config["n_excitatory"], spec.training["epochs"]) == (64, 2)
    assert (spec.training["batch_size"], spec.training["ce"]) == (512, "final")
    assert corelib.runs.experiment.spec_of("ipvae", preset="digits").dataset == "mnist"
    for arguments, words in (
        ({"n_exitatory": 64}, "the nearest is n_excitatory"),
        ({"n_excitatory": 0}, "n_excitatory is 0"),
        ({"preset": "nothing"}, "code, paper, sweep"),
        ({"dataset": "celeba"}, "dataset is 'celeba'"),
        ({"input_dim": 3}, "fixes it"),
    ):
        with pytest.raises(SettingsError, match=words):
            train("bpan", **arguments)
    with pytest.raises(RunError, match="not been trained"):
        _ = Experiment(spec).id
    assert len(corelib.runs.table()) == 0, "nothing was begun"


def test_settings_of_network_and_training_have_different_names():
    for item in SYSTEMS.values():
        own = {info.name for info in item.config_type.infos()}
        assert not own & {info.name for info in item.training_type.infos()}
        for preset in item.presets.values():
            item.training_type(**preset.training).check(item.config_type(**preset.config))


def test_a_corrupted_evaluation_equals_one_by_hand(digits):
    model = load("bpan-mnist")
    row = evaluate(model, "mnist", corruption="gaussian", severity=0.4, threshold=0.8, images=N)
    noisy = corrupt(digits.test.pixels[:N], Corruption("gaussian", 0.4), digits.mean, digits.std)
    logits, steps = model.forward_anytime(digits.inputs(noisy), 0.8)
    truth = digits.test.labels[:N]
    assert row["accuracy at θ = 0.8"].item() == pytest.approx(
        (logits.argmax(1) == truth).double().mean().item()
    )
    assert row["mean steps at θ = 0.8"].item() == pytest.approx(steps.double().mean().item())
    by_name = evaluate("bpan-mnist", corruption="gaussian", severity=0.4, threshold=0.8, images=N)
    pd.testing.assert_frame_equal(
        row.drop(columns=["model", "loss"]), by_name.drop(columns=["model", "loss"])
    )
    assert by_name["model"].item() == "bpan-mnist"


def test_own_arrays_are_measured_as_the_data_set_they_come_from(digits):
    pixels, labels = digits.test.pixels[:N].numpy(), digits.test.labels[:N].numpy()
    ours = evaluate("mlp-mnist", (pixels, labels))
    theirs = evaluate("mlp-mnist", images=N)
    assert ours["accuracy"].item() == theirs["accuracy"].item()
    assert (
        evaluate("mlp-mnist", (pixels / 255, labels))["accuracy"].item() == ours["accuracy"].item()
    )
    for wrong, words in (
        ((pixels.reshape(N, -1), labels), "shape"),
        ((pixels, labels[:-1]), "shape"),
        ((pixels.astype(float), labels), "from 0 to 1"),
        ((pixels[:, :20, :20], labels), "784 pixels"),
    ):
        with pytest.raises((DataError, SettingsError), match=words):
            evaluate("mlp-mnist", wrong)


@pytest.mark.parametrize(
    ("which", "words"),
    [
        ({"split": "all"}, "split is 'all'"),
        ({"images": 0}, "images is 0"),
        ({"corruption": "rain"}, "rain"),
        ({"corruption": "blur", "severity": 99}, "severity is 99"),
        ({"severity": 0.5}, "no corruption is named"),
        ({"threshold": 2}, "from 0 to 1"),
        ({"dataset": "natural-16"}, "fragment"),
    ],
)
def test_what_cannot_be_measured_is_a_sentence(which, words):
    with pytest.raises(SettingsError, match=words):
        evaluate("bpan-mnist", **which)


def test_an_unknown_network_is_a_sentence():
    with pytest.raises(CheckpointError, match="no checkpoint named 'nothing'"):
        evaluate("nothing")
    with pytest.raises(SettingsError, match="no answer after each step"):
        accuracy_curve("ipvae-mnist", images=3)
    with pytest.raises(SettingsError, match="is a MLP"):
        currents("mlp-mnist")


def test_curves_and_halting_steps_against_the_networks_own_early_answers(digits):
    model, x = load("act-mnist"), digits.inputs(digits.test.pixels[:N])
    curve = accuracy_curve("act-mnist", thresholds=[0.4, 0.95], images=N)
    for _, row in curve.iterrows():
        logits, steps = model.forward_anytime(x, row["threshold"])
        assert row["mean_steps"] == pytest.approx(steps.double().mean().item())
        hits = logits.argmax(1) == digits.test.labels[:N]
        assert row["accuracy"] == pytest.approx(hits.double().mean().item())
    each = halting_steps("act-mnist", threshold=0.95, images=N)
    assert each["step"].tolist() == steps.tolist()
    assert each["correct"].tolist() == hits.tolist()
    assert each["label"].tolist() == digits.test.labels[:N].tolist()
    standard = halting_steps("act-mnist", images=N)
    assert standard.equals(halting_steps("act-mnist", threshold=0.9, images=N))
    assert not standard.equals(each)


def test_accuracy_by_severity_equals_evaluations():
    grid = accuracy_by_severity(
        "bpan-mnist", corruption="salt_pepper", severities=[0, 0.3], seeds=2, images=N
    )
    assert grid.attrs["unit"] == "share of the pixels"
    assert len(grid) == 4
    for _, row in grid.iterrows():
        one = evaluate(
            "bpan-mnist",
            corruption="salt_pepper",
            severity=row["severity"],
            seed=int(row["seed"]),
            images=N,
        )
        assert row["accuracy"] == pytest.approx(one["accuracy"].item())
        assert row["mean_steps"] == pytest.approx(one["mean steps at θ = 0.9"].item())
    with pytest.raises(SettingsError, match="gaussian, salt_pepper"):
        accuracy_by_severity("bpan-mnist", corruption="rain")


def test_currents_add_up_and_follow_the_controls(digits):
    view = currents("bpan-mnist", image=4)
    total = view[["excitation", "inhibition", "drive", "bias"]].sum(axis=1)
    np.testing.assert_allclose(total, view["net"], atol=1e-4)
    assert view.groupby("population")["unit"].nunique().to_dict() == {"E": 128, "I": 32}
    assert (view["excitation"] >= 0).all()
    assert (view["inhibition"] <= 0).all()
    free = currents("bpan-mnist", image=digits.test.pixels[4].numpy(), inhibition_gain=0)
    assert (free["inhibition"] == 0).all()
    lesioned = currents("bpan-mnist", lesioned_e=20, lesion_seed=1)
    assert lesioned.query("lesioned")["rate"].eq(0).all()
    assert lesioned.groupby("unit")["lesioned"].first().sum() == 20
    for wrong, words in (
        ({"gain": 2}, "no control named 'gain'"),
        ({"image": 10_000}, "image is 10000"),
        ({"image": np.zeros((3, 3))}, r"should have \(28, 28\)"),
    ):
        with pytest.raises(SettingsError, match=words):
            currents("bpan-mnist", **wrong)


def test_the_energy_is_the_weighted_sum_of_squared_errors():
    trace = energy_trace("bpc-mnist", start="random", n_steps=6, alpha_f=2.0, alpha_b=0.5, label=7)
    forward = trace.filter(like="forward").sum(axis=1)
    backward = trace.filter(like="backward").sum(axis=1)
    np.testing.assert_allclose(trace["energy"], forward + 0.25 * backward, rtol=1e-5)
    assert trace["step"].tolist() == list(range(7))
    with pytest.raises(SettingsError, match="no setting named 'steps'"):
        energy_trace("bpc-mnist", steps=3)


def test_gates_are_those_that_the_instructions_open():
    table = gates("butd-shared-multi-mnist")
    model = load("butd-shared-multi-mnist")
    opened = model.task_gates()
    for name, gate in zip(model.names, opened, strict=True):
        for task in range(2):
            row = table[(table["population"] == name) & (table["task"] == task)].iloc[0]
            assert row["units"] == gate[task].numel()
            assert 0 < row["open"] <= 1
    top = opened[-1].bool().numpy()
    expected = (top[0] & top[1]).sum() / (top[0] | top[1]).sum()
    assert table["jaccard"].iloc[-1] == pytest.approx(expected)
    with pytest.raises(SettingsError, match="has no instructions"):
        gates("bpan-mnist")


def test_tuning_curves_give_the_selectivity():
    curves = tuning("ipvae-mnist", 8, trials=2)
    assert len(curves) == 8 * curves["neuron"].nunique()
    chosen = selectivity("ipvae-mnist", 8, trials=2)
    neuron = int(chosen["orientation"].idxmax())
    own = curves[curves["neuron"] == neuron]
    raised = np.maximum(own["rate"] - own["baseline"], 0)
    turns = np.exp(2j * np.deg2rad(own["direction"]))
    assert chosen.loc[neuron, "orientation"] == pytest.approx(
        abs((raised * turns).sum() / raised.sum())
    )
    with pytest.raises(SettingsError, match="no field named 'kontrast'"):
        tuning("ipvae-mnist", kontrast=1)


class Twice(nn.Module):
    """Answers twice; the second answer is the better one."""

    def __init__(self) -> None:
        super().__init__()
        self.own = load("mlp-mnist")
        self.dropout = nn.Dropout(0.5)

    def forward(self, x):
        logits = self.dropout(self.own(x)[:, 0])
        return torch.stack([0.05 * logits, logits], 1)


def test_a_wrapped_module_is_measured_like_one_of_ours(digits):
    module = Twice().train()
    row = evaluate(wrap(module), "mnist", images=N)
    own = evaluate("mlp-mnist", images=N)
    assert row["accuracy"].item() == own["accuracy"].item(), "without dropout"
    assert module.training
    assert module.dropout.training
    curve = accuracy_curve(module, "mnist", thresholds=[0, 0.9], images=N)
    assert curve["mean_steps"].iloc[0] == 1
    assert curve["mean_steps"].iloc[1] > 1.5
    pictures = wrap(
        nn.Sequential(nn.Conv2d(1, 2, 28), nn.Flatten(), nn.Linear(2, 10)),
        lambda x: x.view(-1, 1, 28, 28),
    )
    assert evaluate(pictures, "mnist", images=N)["parameters"].item() == 2 * 784 + 2 + 30
    with pytest.raises(SettingsError, match="should return logits"):
        evaluate(wrap(nn.Flatten(0)), "mnist", images=N)
    with pytest.raises(SettingsError, match="not known"):
        wrap(module).macs()


def test_a_wrapped_network_answers_exactly_as_itself(digits):
    bpan = load("bpan-mnist")
    x = digits.inputs(digits.test.pixels[:N])
    ours, wrapped = (m.forward_anytime(x, 0.9) for m in (bpan, wrap(bpan)))
    assert torch.equal(ours.steps, wrapped.steps)
    torch.testing.assert_close(ours.logits, wrapped.logits, rtol=1e-4, atol=1e-4)


def test_the_command_line_says_the_same(tmp_path, capsys):
    file = tmp_path / "row.csv"
    words = "evaluate bpan-mnist --corruption occlusion --severity 0.2 --threshold 0.7 --images 300"
    assert main([*words.split(), "--csv", str(file)]) == 0
    row = evaluate("bpan-mnist", corruption="occlusion", severity=0.2, threshold=0.7, images=300)
    saved = pd.read_csv(file)
    assert saved["accuracy at θ = 0.7"].item() == row["accuracy at θ = 0.7"].item()
    printed = capsys.readouterr().out
    assert "300 images of mnist (test, occlusion 0.2)" in printed
    assert percent(row["accuracy"].item(), 2) in printed
    for wrong in ("--severity x", "--severity nan", "--images 1.5", "--corruption rain"):
        assert main(["evaluate", "bpan-mnist", *wrong.split()]) == 2
        assert len(capsys.readouterr().err.strip().splitlines()) == 1


def test_a_preset_on_the_command_line_gives_way_to_single_options(capsys):
    words = "train bpan --preset sweep --batch-size 128 --max-steps 2 --detach --yes"
    assert main(words.split()) == 0
    name = capsys.readouterr().out.strip()
    experiment = Experiment.of(name).wait(progress=False)
    assert (experiment.spec.training["batch_size"], experiment.spec.training["ce"]) == (
        128,
        "final",
    )
    assert main(["train", "bpan", "--preset", "nothing"]) == 2
    assert "code, paper, sweep" in capsys.readouterr().err


def test_images_of_ones_own_are_added_and_removed(tmp_path, monkeypatch):
    monkeypatch.setenv("SYNAPTARIUM_DATA", str(tmp_path / "data"))
    file = make_npz(tmp_path / "shapes.npz")
    item = add_images(file, "mine", side=24, licence="CC0", seed=3)
    assert (item.side, item.licence, item.seed) == (24, "CC0", 3)
    assert corelib.datasets().loc["mine", "inputs"] == 24**2
    trained = train("mlp", dataset="mine", where="here", **QUICK)
    row = evaluate(trained, "mine", corruption="occlusion", severity=0.3)
    assert row["images"].item() == len(load_dataset("mine").test.labels)
    with pytest.raises(DataError, match="a data set named 'mnist' already"):
        add_images(file, "mnist")
    remove_images("mine")
    assert "mine" not in corelib.datasets().index
