"""The page Data, and what becomes of pages when images of one's own are removed."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from corelib import train
from corelib.data import own
from corelib.data.own_asked import Asked
from corelib.data.own_reading import add
from tests.charts import charts
from tests.data.shapes import CLASSES, make_npz
from tests.pages.app import open_page, sentences


@pytest.fixture
def mine(tmp_path, monkeypatch):
    monkeypatch.setenv("SYNAPTARIUM_DATA", str(tmp_path / "data"))
    return add(make_npz(tmp_path / "shapes.npz"), "mine", Asked(licence="*mine*"))


def test_without_images_it_says_how_to_add_some(tmp_path, monkeypatch, runs_root):
    monkeypatch.setenv("SYNAPTARIUM_DATA", str(tmp_path / "data"))
    app = open_page("data")
    assert not app.exception
    assert "You have added no images yet" in sentences(app)
    app.button(key="data_add").click().run()
    assert app.error[0].value == "Choose an npz to upload first."
    app.segmented_control(key="data_way").set_value("A file or folder on this machine").run()
    app.text_input(key="data_path").set_value(str(make_npz(tmp_path / "s.npz")))
    app.text_input(key="data_name").set_value("Mine!")
    app.button(key="data_add").click().run()
    assert "small letters, digits and hyphens" in app.error[0].value
    app.text_input(key="data_name").set_value("mine")
    app.button(key="data_add").click().run()
    assert not app.exception
    assert not app.error
    assert app.success[0].value.startswith("Added mine: 90 images of your own")
    assert list(own.sets()) == ["mine"]


def test_a_set_is_shown_and_removed(mine, runs_root):
    app = open_page("data")
    assert not app.exception
    assert "**1** set of your own with **90** images" in sentences(app)
    counts = app.dataframe[0].value
    assert list(counts["class"]) == list(CLASSES)
    assert list(counts["images"]) == [30] * 3
    captions = [caption.value for caption in app.caption]
    assert "72 train, 9 validate and 9 test, drawn within each class with seed 0." in captions
    assert r"Licence: \*mine\*." in captions
    app.button(key="data_remove").click().run()
    assert app.success[0].value == "Removed mine."
    assert own.sets() == {}


OPENED = {
    "balance": ("bpan", "mine", {"n_excitatory": 8, "n_inhibitory": 4}, "balance_model"),
    "halting": ("act", "mine", {"n_hidden": 8}, "halting_models_mine"),
    "robustness": ("mlp", "mine", {"n_hidden": 8}, "robust_models_mine"),
    "bpc": ("bpc", "mine", {}, "bpc_model"),
    "learning": ("counter-hebb", "mine", {}, "learn_model"),
    "subnetworks": ("butd", "multi-mine", {}, "sub_model"),
    "sparse": ("ipvae", "mine", {"n_latents": 8, "t_train": 3}, "sparse_model"),
    "bars": ("ipvae", "mine", {"n_latents": 8, "t_train": 3}, "bars_model"),
    "photographs": ("ipvae", "woods", {"n_latents": 8, "t_train": 3}, "sparse_model"),
}
"""Page, and what is shown there: system, data set, settings, and the control that chooses it."""


def opened(page: str, tmp_path: Path) -> dict[str, str]:
    """A network of own images for this page, trained for a moment; the address that shows it."""
    system, dataset, settings, control = OPENED[page]
    if dataset == "woods":
        rng = np.random.default_rng(0)
        folder = tmp_path / "woods"
        folder.mkdir()
        for k in range(3):
            Image.fromarray(rng.integers(0, 255, (240, 320), np.uint8)).save(folder / f"{k}.png")
        add(folder, "woods", Asked(side=12))
    trained = train(
        system, dataset=dataset, epochs=1, seed=3, progress=False, where="here", **settings
    )
    chosen = {control: trained.run.id}
    if control.endswith("_mine"):
        chosen[f"{control.split('_')[0]}_images"] = "mine"
    return chosen


@pytest.mark.parametrize("page", OPENED)
def test_each_page_shows_a_network_of_own_images(page, mine, tmp_path, runs_root):
    chosen = opened(page, tmp_path)
    app = open_page("sparse" if page == "photographs" else page, **chosen)
    assert not app.exception
    assert not app.error
    control, run = next(iter(chosen.items()))
    (picker,) = [c for c in (*app.selectbox, *app.multiselect) if c.key == control]
    assert run in str(picker.value)
    assert charts(app)


@pytest.mark.slow
@pytest.mark.parametrize("page", OPENED)
def test_every_tab_shows_a_network_of_own_images(page, mine, tmp_path, runs_root):
    chosen = opened(page, tmp_path)
    name = "sparse" if page == "photographs" else page
    prefix = next(iter(chosen)).split("_")[0]
    wrong = {}
    for tab in open_page(name, **chosen).tabs:
        app = open_page(name, **chosen, **{f"{prefix}_tab": tab.label})
        if app.exception or app.error:
            wrong[tab.label] = [*app.exception, *app.error][0].value
    assert wrong == {}
