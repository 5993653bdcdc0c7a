"""The BPC digits page says what its networks do."""

import numpy as np
import pytest
import torch

from corelib import load
from corelib.data import load_dataset
from corelib.models.bpc import analysis
from corelib.models.bpc.inference import Given, InferenceConfig, infer
from corelib.runs.registry import find
from dashboard.bpc import inference as bpc_inference
from tests.pages.app import open_page, sentences

BEST = "bpc-mnist"


def digit(index: int) -> tuple[torch.Tensor, int]:
    data = load_dataset()
    return data.inputs(data.test.pixels[index : index + 1]), int(data.test.labels[index])


def test_the_sentence_is_the_networks(runs_root):
    app = open_page("bpc", bpc_index="18")
    x, label = digit(18)
    answer = int(load(BEST)(x).argmax())
    test = find(BEST).card.test
    text = sentences(app)
    assert f"reads **{test['accuracy']:.1%}** of the test digits" in text
    assert f"**{test['generator loss']:.4f}**" in text
    right = ", rightly" if answer == label else f", but it is a {label}"
    assert f"It calls this digit a **{answer}**{right}" in text


@pytest.mark.parametrize("tab", ["Generate", "Classify", "Inference", "Complete", "Compare"])
@pytest.mark.parametrize(
    "name", [BEST, "bpc-seed-mnist", "gpc-mnist", "dpc-mnist", "hybrid-pc-mnist", "backprop-mnist"]
)
def test_every_tab_opens_for_every_network(runs_root, tab, name):
    app = open_page("bpc", bpc_model=name, bpc_tab=tab)
    assert not app.exception
    assert not app.error
    told = len(app.get("plotly_chart")) + len(app.info)
    assert told > 0


def test_inference_is_played_as_the_controls_say(runs_root):
    app = open_page(
        "bpc",
        bpc_tab="Inference",
        bpc_index="3",
        bpc_label="0",
        bpc_n_steps="12",
        bpc_alpha_f="0.5",
        bpc_step_size="0.01",
    )
    x, _ = digit(3)
    model = load(BEST)
    y = torch.eye(10)[[0]]
    inference_config = InferenceConfig(12, 0.01, 0.5, 1.0, "bottom-up")
    energy = infer(Given(x, y), model.weights(), inference_config).energy[0]
    text = sentences(app)
    assert f"In 12 steps the energy goes from {energy[0]:.4g} to **{energy[-1]:.4g}**" in text
    gauge = analysis.stability(Given(x, y), model.weights(), inference_config)
    assert app.metric[0].value == f"{gauge.value:.2f}"


def test_a_step_that_is_too_large_is_said(runs_root):
    app = open_page(
        "bpc",
        bpc_tab="Inference",
        bpc_label="7",
        bpc_n_steps="100",
        bpc_alpha_f="100",
        bpc_step_size="2",
    )
    assert not app.exception
    assert any("Lower γ" in w.value or "lower the step size" in w.value for w in app.warning)


def test_masks_hide_half():
    for name in bpc_inference.MASKS[:-1]:
        assert bpc_inference.mask_of(name).mean() == 0.5
    assert bpc_inference.mask_of("left half")[:, :14].all()
    assert bpc_inference.mask_of("bottom half")[14:].all()
    painted = np.zeros((28, 28), bool)
    painted[3, 4] = True
    np.testing.assert_array_equal(bpc_inference.mask_of("painted", painted), painted)


def test_completion_on_the_test_set_helps(runs_root, monkeypatch):
    from dashboard.shell import cache

    monkeypatch.setattr(bpc_inference, "COMPLETED", 100)
    found = bpc_inference.completed(cache.checkpoint_key(find(BEST)), "left half", False)
    data = load_dataset()
    known = torch.from_numpy(~bpc_inference.mask_of("left half").ravel())
    x, labels = data.inputs(data.test.pixels[:100]), data.test.labels[:100]
    expected, _ = analysis.complete(load(BEST), x, known, labels, False)
    assert found == expected
    assert found.after > found.before
    assert found.error < found.error_before


def test_a_preset_fills_in_the_form(runs_root):
    app = open_page("bpc", bpc_tab="Train")
    app.button(key="bpc_bpc_preset_seed").click().run()
    assert app.selectbox(key="bpc_bpc_network_activation").value == "relu"
    assert app.number_input(key="bpc_bpc_training_max_steps").value == 300
    app.button(key="bpc_bpc_preset_best").click().run()
    assert app.selectbox(key="bpc_bpc_network_activation").value == "gelu"
    assert app.number_input(key="bpc_bpc_training_max_steps").value == 0


def test_the_standard_view_brings_back_the_networks_own_inference(runs_root):
    app = open_page("bpc", bpc_n_steps="50", bpc_tab="Inference")
    assert app.slider(key="bpc_n_steps").value == 50
    app.button(key="bpc_try_standard").click().run()
    assert app.slider(key="bpc_n_steps").value == load(BEST).learning.n_steps


def test_the_published_table(runs_root):
    app = open_page("bpc", bpc_tab="Published")
    assert not app.exception
    shown = " ".join(app.dataframe[0].value.to_numpy().astype(str).ravel())
    assert "82.95" in shown
    assert "83.14" in shown
