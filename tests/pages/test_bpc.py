"""The BPC digits page says what its networks do."""

import pytest
import torch

from corelib import load
from corelib.data import load_dataset
from corelib.models.bpc import analysis, variety
from corelib.models.bpc.inference import Given, InferenceConfig, infer
from corelib.models.bpc.stability import eigenvalues_along
from corelib.reproduce import bpc_completion, bpc_depth, reproduce, results
from corelib.runs.registry import find
from corelib.words import percent, with_article
from dashboard.bpc import cache as bpc_cache
from tests.charts import charts
from tests.pages.app import cells, named, open_page, sentences

BEST = "bpc-mnist"


def digit(index: int) -> tuple[torch.Tensor, int]:
    data = load_dataset()
    return data.inputs(data.test.pixels[index : index + 1]), int(data.test.labels[index])


def test_the_sentence_gives_the_networks_answer(runs_root):
    app = open_page("bpc", bpc_index="18")
    x, label = digit(18)
    answer = int(load(BEST)(x).argmax())
    test = find(BEST).card.test
    text = sentences(app)
    assert f"reads **{percent(test['accuracy'])}** of the test digits correctly" in text
    assert f"**{test['generator loss']:.4f}**" in text
    assert answer == label
    assert f"It correctly calls this digit **{with_article(str(answer))}**." in text


@pytest.mark.parametrize("tab", ["Generate", "Classify", "Inference", "Complete", "Compare"])
@pytest.mark.parametrize(
    "name", [BEST, "bpc-seed-mnist", "gpc-mnist", "dpc-mnist", "hybrid-pc-mnist", "backprop-mnist"]
)
def test_every_tab_opens_for_every_network(runs_root, tab, name):
    app = open_page("bpc", bpc_model=name, bpc_tab=tab)
    assert not app.exception
    assert not app.error
    shown = len(charts(app)) + len(app.info)
    assert shown > 0


def test_samples_follow_the_controls(runs_root):
    app = open_page(
        "bpc",
        bpc_samples_of="7",
        bpc_samples_layer="z2",
        bpc_samples_scale="0.5",
        bpc_samples_n="15",
        bpc_samples_seed="3",
    )
    assert not app.exception
    data, model, judge = load_dataset(), load(BEST), load("mlp-mnist")
    fitted = variety.class_gaussian(model, data, 7, 2)
    sampling = variety.Sampling(n=15, scale=0.5, seed=3)
    images = variety.sample_images(model, fitted, sampling)
    own = data.inputs(data.train.pixels[data.train.labels == 7])
    test = data.inputs(data.test.pixels[data.test.labels == 7][:100])
    ours, theirs = (variety.variety(x, 7, own, judge) for x in (images, test))
    text = sentences(app)
    assert f"reads **{percent(ours.accuracy, 0)}** of the 15 samples as a 7" in text
    assert f"(test digits: {percent(theirs.accuracy, 0)})" in text
    assert f"differ by **{ours.spread:.2f}** (test digits: {theirs.spread:.2f}" in text
    assert f"**{ours.distance:.2f}** away (test digits: {theirs.distance:.2f}" in text
    captions = " ".join(item.value for item in app.caption)
    assert f"{len(own):,} training digits of class 7, at 0.5 sd. n = 15, noise seed 3" in captions


def test_samples_of_back_propagation_say_why_they_are_no_digits(runs_root):
    app = open_page("bpc", bpc_model="backprop-mnist")
    assert not app.exception
    captions = " ".join(item.value for item in app.caption)
    assert "from which this generator has never learned" in captions


def test_without_a_classifier_for_the_images_the_page_says_so(runs_root, monkeypatch):
    monkeypatch.setattr(bpc_cache, "judge_key", lambda dataset: None)
    app = open_page("bpc")
    assert not app.exception
    assert "No mlp-mnist ships that could read the samples. Two samples differ" in sentences(app)


def test_inference_follows_the_controls(runs_root):
    app = open_page(
        "bpc",
        bpc_tab="Inference",
        bpc_index="3",
        bpc_label="0",
        bpc_n_steps="12",
        bpc_alpha_f="0.5",
        bpc_step_size="0.01",
        bpc_anywhere="false",
    )
    x, _ = digit(3)
    model = load(BEST)
    y = torch.eye(10)[[0]]
    config = InferenceConfig(12, 0.01, 0.5, 1.0, "bottom-up")
    energy = infer(Given(x, y), model.weights(), config).energy[0]
    text = sentences(app)
    assert f"In 12 steps the energy goes from {energy[0]:.4g} to **{energy[-1]:.4g}**" in text
    along = eigenvalues_along(Given(x, y), model.weights(), config)
    largest = 0.01 * along.eigenvalue.max().item()
    assert (
        f"step size times largest eigenvalue is at most **{largest:.3g}**, below the limit of 2."
        in text
    )


def test_help_says_the_digits_own_label(runs_root):
    app = open_page("bpc", bpc_tab="Inference", bpc_index="18")
    assert digit(18)[1] == 3
    assert app.selectbox(key="bpc_label").help.endswith("This digit: 3")


def test_too_large_a_step_is_reported(runs_root):
    app = open_page(
        "bpc",
        bpc_tab="Inference",
        bpc_label="7",
        bpc_n_steps="100",
        bpc_alpha_f="100",
        bpc_step_size="2",
    )
    assert not app.exception
    assert "Then it diverges." in sentences(app)
    assert "above the limit of 2" in sentences(app)
    # The gauge, its curves, and what there is of inference are shown all the same.
    assert len(charts(app)) == 4


@pytest.mark.parametrize("name", [BEST, "gpc-mnist", "hybrid-pc-mnist"])
def test_the_presets_lie_on_either_side_of_this_networks_limit(runs_root, name):
    app = open_page("bpc", bpc_model=name)
    ends = {}
    for preset in ("below", "step"):
        app.button(key=f"bpc_try_{preset}").click().run()
        assert not app.exception
        model, (x, _) = load(name), digit(0)
        step_size = app.number_input(key="bpc_step_size").value
        config = model.learning._replace(start="random", n_steps=60, step_size=step_size)
        given = analysis.clamped(model, x, None)
        noise = torch.Generator().manual_seed(0)
        along = eigenvalues_along(given, model.weights(), config, 1, noise)
        largest = step_size * along.eigenvalue.max().item()
        assert (largest > 2) == (preset == "step")
        side = "above" if preset == "step" else "below"
        assert f"{side} the limit of 2" in sentences(app)
        ends[preset] = step_size
    assert ends["below"] < ends["step"] < 1.5 * ends["below"]


def test_something_happens_at_first(runs_root):
    app = open_page("bpc", bpc_tab="Inference")
    model, (x, _) = load(BEST), digit(0)
    config = model.learning._replace(start="random")
    noise = torch.Generator().manual_seed(0)
    energy = infer(analysis.clamped(model, x, None), model.weights(), config, 1, noise).energy[0]
    assert energy[-1] < 0.5 * energy[0]
    assert f"to **{energy[-1]:.4g}**, {percent(1 - energy[-1] / energy[0])} less" in sentences(app)


def test_a_one_directional_network_infers_in_its_own_direction(runs_root):
    app = open_page("bpc", bpc_model="gpc-mnist", bpc_tab="Inference", bpc_start="bottom-up")
    assert not app.exception
    assert app.selectbox(key="bpc_start").value == "top-down"
    assert {item.key for item in app.number_input} >= {"bpc_step_size"}
    assert "bpc_alpha_f" not in {item.key for item in app.number_input}


def test_a_random_start_leaves_torchs_own_generator_alone(runs_root):
    model = load(BEST)
    # Reading the network draws its first weights, once.
    open_page("bpc", bpc_tab="Inference")
    torch.manual_seed(11)
    before = torch.get_rng_state()
    values = []
    for _ in range(2):
        app = open_page("bpc", bpc_tab="Inference", bpc_start="random")
        assert not app.exception
        values.append(sentences(app))
    assert values[0] == values[1]
    x, _ = digit(0)
    given = analysis.clamped(model, x, None)
    config = model.learning._replace(start="random")
    generator = torch.Generator().manual_seed(0)
    energy = infer(given, model.weights(), config, 1, generator).energy[0]
    assert f"energy goes from {energy[0]:.4g} to **{energy[-1]:.4g}**" in values[0]
    assert torch.equal(torch.get_rng_state(), before)


def test_more_steps_than_the_slider_allows_extend_it(runs_root):
    from corelib.runs.spec import make_spec
    from corelib.runs.store import create_run
    from corelib.runs.trained import Trained

    config = {"widths": "9, 7", "n_steps": 150, "step_size": 0.009, "alpha_f": 200.0}
    run = create_run(make_spec("bpc", config=config))
    Trained.begin_or_resume(run).save()
    run.set_status("cancelled")
    app = open_page("bpc", bpc_model=run.id, bpc_tab="About")
    assert not app.exception
    assert app.slider(key="bpc_n_steps").value == 150
    assert app.number_input(key="bpc_step_size").value == 0.009
    assert app.number_input(key="bpc_alpha_f").value == 200.0
    # It cannot be stable: the page says so.
    app = open_page("bpc", bpc_model=run.id, bpc_tab="Generate")
    assert not app.exception
    said = app.error[0].value
    assert "step_size is 0.009, but with it this network's inference diverges" in said


def test_completion_on_the_test_set_helps(runs_root, monkeypatch):
    from dashboard.shell import cache

    monkeypatch.setattr(bpc_cache, "COMPLETED", 100)
    completed = bpc_cache.completed(cache.checkpoint_key(find(BEST)), "left half", False)
    data = load_dataset()
    known = torch.from_numpy(~analysis.mask_of("left half").ravel())
    x, labels = data.inputs(data.test.pixels[:100]), data.test.labels[:100]
    expected, _ = analysis.complete(load(BEST), x, known, labels, False)
    assert completed == expected
    assert completed.after > completed.before
    assert completed.error < completed.error_before


def test_a_preset_fills_in_the_form(runs_root):
    app = open_page("bpc", bpc_tab="Train")
    app.button(key="bpc_bpc_preset_seed").click().run()
    assert app.selectbox(key="bpc_bpc_network_activation").value == "relu"
    assert app.number_input(key="bpc_bpc_training_max_steps").value == 300
    app.button(key="bpc_bpc_preset_best").click().run()
    assert app.selectbox(key="bpc_bpc_network_activation").value == "gelu"
    assert app.number_input(key="bpc_bpc_training_max_steps").value == 0


def test_reset_brings_back_the_networks_own_inference(runs_root):
    app = open_page("bpc", bpc_n_steps="50", bpc_tab="Inference")
    assert app.slider(key="bpc_n_steps").value == 50
    app.button(key="bpc_reset").click().run()
    assert app.slider(key="bpc_n_steps").value == load(BEST).learning.n_steps


def test_the_published_table(runs_root):
    app = open_page("bpc", bpc_tab="Published")
    assert not app.exception
    shown = " ".join(cells(app))
    assert "82.95" in shown
    assert "83.14" in shown


def test_what_bounds_completion_and_depth_is_said_from_the_tables(runs_root):
    app = open_page("bpc", bpc_tab="Compare")
    assert not app.exception
    text = sentences(app)
    completed = results.shipped(bpc_completion.NAME)
    deep = results.shipped(bpc_depth.NAME)
    for sentence in (*bpc_completion.verdicts(completed), *bpc_depth.verdict(deep)):
        assert sentence in text
    # One for each half that is hidden, and one on samples of the posterior.
    assert len(bpc_completion.verdicts(completed)) == len(bpc_completion.MASKS) + 1
    assert len(bpc_depth.verdict(deep)) == 2


@pytest.mark.parametrize("table", ["bpc-variety", "bpc-completion", "bpc-depth"])
def test_the_other_tables_are_under_published(runs_root, table):
    app = open_page("bpc", bpc_tab="Published", bpc_table=table)
    assert not app.exception
    assert {str(name) for name in reproduce(table).iloc[:, 0]} <= named(app)
