"""What is missing or damaged is named in a sentence; the rest of the page lives."""

import shutil

import pytest
import streamlit as st

from corelib.data import mnist, sources
from corelib.reproduce import results
from corelib.runs import registry
from corelib.runs.spec import make_spec
from corelib.runs.store import create_run
from corelib.training.events import Began
from dashboard.shell import cache
from tests.pages.addresses import PREFIX
from tests.pages.app import ROOT, open_page

QUICK = ("balance", "sparse")
"""Every page stands on the same skeleton; the others are slow tests."""
EXPERIMENTS = [
    page if page in QUICK else pytest.param(page, marks=pytest.mark.slow)
    for page in PREFIX
    if page != "runs"
]
OF_MNIST = [p for p in EXPERIMENTS if getattr(p, "values", [p])[0] not in ("sparse", "bars")]
ALWAYS = ("About", "Train")


@pytest.fixture(autouse=True)
def nothing_is_cached():
    def forget() -> None:
        st.cache_resource.clear()
        st.cache_data.clear()
        sources._loaded.cache_clear()

    forget()
    yield
    forget()


@pytest.fixture
def copied(tmp_path, monkeypatch):
    """The checkpoints that ship, in a folder where they may be damaged."""
    folder = tmp_path / "checkpoints"
    shutil.copytree(registry.SHIPPED, folder)
    monkeypatch.setattr(registry, "SHIPPED", folder)
    return folder


def lives(page: str, words: str, **query: str) -> None:
    """The page names what is wrong, and its text and its form are there."""
    shown = open_page(page, **query)
    assert not shown.exception
    assert words in " ".join(item.value for item in (*shown.error, *shown.info))
    for tab in ALWAYS:
        opened = open_page(page, **{f"{PREFIX[page]}_tab": tab}, **query)
        assert not opened.exception
        assert tab in [item.proto.label for item in opened.get("tab")]
        assert opened.session_state[f"{PREFIX[page]}_tab"] == tab
        if tab == "Train":
            assert any(button.key.endswith("_train") for button in opened.button)
        else:
            assert any(len(item.value) > 500 for item in opened.markdown)


@pytest.mark.parametrize("page", OF_MNIST)
def test_missing_digits(page, runs_root, tmp_path, monkeypatch):
    monkeypatch.setattr(mnist, "PATH", tmp_path / "nowhere.npz")
    monkeypatch.setattr(mnist.read_arrays, "__defaults__", (mnist.PATH,))
    lives(page, "missing")


@pytest.mark.parametrize("page", sorted(file.stem for file in (ROOT / "pages").glob("*.py")))
def test_missing_results_are_a_sentence_at_most(page, runs_root, tmp_path, monkeypatch):
    monkeypatch.setattr(results, "SHIPPED", tmp_path / "nowhere")
    app = open_page(page)
    assert not app.exception
    assert len(app.title) == 1
    for error in app.error:
        assert "make it with: python -m corelib reproduce" in error.value


@pytest.mark.parametrize("damage", ["missing", "empty", "truncated"])
@pytest.mark.parametrize("page", EXPERIMENTS)
def test_damaged_weights(page, damage, runs_root, copied):
    for file in copied.glob("*/weights.safetensors"):
        if damage == "missing":
            file.unlink()
        else:
            whole = file.read_bytes()
            file.write_bytes(whole[: len(whole) // 2 if damage == "truncated" else 0])
    # Without its file a checkpoint is not offered; whether a file is whole shows when it is read.
    lives(page, "Train " if damage == "missing" else "weights.safetensors")


def test_a_newer_checkpoint_of_a_run_is_found(copied, tmp_path):
    kept = registry.find("bpan-mnist")
    gone = kept._replace(folder=tmp_path / "replaced meanwhile")
    assert cache.checkpoint_key(gone) == cache.checkpoint_key(kept)


@pytest.mark.parametrize("page", ["balance", "runs"])
def test_a_run_of_no_updates_and_one_whose_events_are_damaged(page, runs_root):
    for text in ("", "{"):  # a blank line is no event either
        run = create_run(make_spec("bpan"))
        began = Began(
            step=0, total_steps=1, steps_per_epoch=1, device="cpu", threads=1, parameters=1
        )
        none = began.model_dump_json().replace('"total_steps":1', '"total_steps":0')
        run.events.write_text(f"{none}\n{text}\n", encoding="utf-8")
        run.set_status("cancelled")
        query = {"balance_tab": "Train"} if page == "balance" else {}
        shown = open_page(page, **query, **{f"{page}_run": run.id})
        assert not shown.exception
        assert [w.value for w in shown.warning] == ["2 lines of its history could not be read."]
        assert any(button.key == f"{page}_resume" for button in shown.button)


@pytest.mark.parametrize("tab", ["Tuning", "Population"])
def test_a_stimulus_to_which_no_neuron_responds(tab, runs_root):
    shown = open_page("bars", bars_speed="2.41", bars_tab=tab)
    assert not shown.exception
    if tab == "Population":
        assert "No neuron responds" in shown.info[0].value
