"""The page Models: what it lists, opens, lets out and lets in."""

import io
import zipfile

import pytest
from streamlit.testing.v1 import AppTest

from corelib import checkpoints, export_model
from corelib.catalog import SYSTEMS
from corelib.runs import onnx_file, registry
from corelib.runs.onnx_file import Exported
from dashboard.lab.models.view import ANY, matching
from tests.pages.app import cells, open_page, sentences

SMALL = "bpan-sequence-streaming-mnist"


@pytest.fixture(scope="module")
def zipped(tmp_path_factory) -> bytes:
    return export_model(SMALL, tmp_path_factory.mktemp("out") / "m.zip").read_bytes()


def links(app: AppTest) -> dict[str, str]:
    """The links to other pages by their labels, with the query that each asks with."""
    return {link.proto.label: link.proto.query_string for link in app.get("page_link")}


def rows(app: AppTest) -> list[str]:
    return list(app.dataframe[0].value["model"]) if app.dataframe else []


def facts(app: AppTest) -> str:
    """The cells of the model card."""
    return "\n".join(str(cell) for table in app.table for cell in table.value.to_numpy().ravel())


def test_every_model_is_listed_with_its_score_and_size(runs_root):
    app = open_page("models")
    assert not app.exception
    assert not app.error
    table, known = app.dataframe[0].value.set_index("model"), checkpoints()
    assert list(table.index) == list(known["title"])
    assert f"**{len(known)}** trained networks of {len(SYSTEMS)} kinds" in sentences(app)
    row = table.loc["bpan-mnist"]
    assert row["score"] == pytest.approx(97.64)
    assert row["measured"] == "accuracy / %, test"
    assert row["weights"] == 152_650
    # What is no share is shown as it is.
    assert table.loc["ipvae-mnist", "score"] == pytest.approx(0.911, abs=1e-3)
    assert table.loc["ipvae-mnist", "measured"] == "R², test"


def test_the_filters_leave_what_they_say(runs_root):
    app = open_page("models", models_find="NODALE shipped")
    assert rows(app) == ["bpan-nodale-mnist"]
    app = open_page("models", models_network="Iterative Poisson VAE")
    assert rows(app) == ["ipvae-mnist", "ipvae-natural-16"]
    assert app.selectbox(key="models_model").options == rows(app)
    app = open_page("models", models_from="imported")
    assert rows(app) == []
    assert "No model is like that" in app.info[0].value
    # What the address holds is text, and no pattern.
    app = open_page("models", models_find=r".*(<b>")
    assert not app.exception
    assert rows(app) == []


def test_words_are_searched_wherever_they_stand():
    frame = checkpoints().reset_index()
    frame = frame.rename(columns={"title": "model", "system": "network", "dataset": "images"})
    frame["from"] = frame["origin"]
    assert list(matching(frame, "", ANY, ANY)["name"]) == list(frame["name"])
    found = matching(frame, "gru CT-mnist", ANY, "shipped")
    assert len(found) == 3
    assert found["name"].str.contains("gru").all()
    assert set(matching(frame, "gru", "gru", ANY)["network"]) == {"gru"}


@pytest.mark.parametrize(
    "name", ["pondernet-mnist", SMALL, "bpc-mnist", "butd-head-multi-mnist", "ipvae-natural-16"]
)
def test_an_address_opens_a_model_and_its_pages(runs_root, name):
    app = open_page("models", models_model=name)
    assert not app.exception
    assert not app.error
    item = registry.find(name)
    assert f"### {name}" in [title.value for title in app.markdown]
    assert f"all {10_000 if 'mnist' in name else 5_000:,} images, once" in facts(app)
    assert f"load_dataset('{item.card.dataset}')" in "\n".join(c.value for c in app.code)
    shown = links(app)
    assert shown
    for label, query in shown.items():
        assert name in query, f"{label} should open with {name}"


def test_a_card_names_what_did_not_reproduce(runs_root):
    app = open_page("models", models_model="pondernet-mnist")
    assert "PonderNet, mean steps by its own rule: published 5.95" in facts(app)


def test_the_zip_that_is_offered_is_the_librarys(runs_root, zipped):
    app = open_page("models", models_model=SMALL)
    names = {button.proto.label for button in app.get("download_button")}
    assert {"Model (zip)", "Weights (safetensors)", "Weights (npz)", "Card (JSON)"} <= names
    from corelib.reproduce.model_card import package

    assert package(registry.find(SMALL)) == zipped


def upload(content: bytes, name: str = "mine", file: str = "model.zip", **query: str) -> AppTest:
    app = open_page("models", **query)
    app.file_uploader(key="import_weights").set_value((file, content, "application/zip"))
    app.text_input(key="import_name").set_value(name)
    return app.button(key="import_button").click().run()


def test_a_zip_comes_in_is_opened_and_goes_again(runs_root, zipped):
    app = upload(zipped)
    assert not app.exception
    assert not app.error
    assert "mine is BPAN that reads a sequence, tested on streaming-mnist" in app.success[0].value
    assert app.selectbox(key="models_model").value == "mine"
    assert "mine" in rows(app)
    assert "as its card says, not measured here" in facts(app)
    assert "imported" in cells(app)
    app.button(key="models_remove").click().run()
    assert not app.exception
    assert "mine" not in rows(app)
    assert not app.success
    assert registry.imported().usable == []


def damaged(content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("../<b>![x](http://x)", content)
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "cannot be opened"),
        (b"\x80\x04N.", "cannot be opened"),
        (damaged(b"x"), "a model's zip holds only"),
    ],
)
def test_a_damaged_upload_gets_a_sentence(runs_root, content, sentence):
    app = upload(content)
    assert not app.exception
    (error,) = app.error
    assert sentence in error.value
    assert "<b>" not in error.value.replace(r"\<", "")
    assert "![x]" not in error.value
    assert registry.imported().usable == []
    # It is said once, and the page goes on.
    assert not app.run().error
    assert rows(app)


def test_what_cannot_be_read_is_listed_with_its_reason(runs_root, zipped):
    app = upload(zipped)
    (registry.imported_root() / "mine" / "checkpoint.json").write_text("{", encoding="utf-8")
    app = open_page("models")
    assert not app.exception
    assert "mine" not in rows(app)
    (box,) = (box for box in app.expander if box.label.startswith("Not offered"))
    assert box.label == "Not offered: 1"
    assert "cannot be read" in box.markdown[0].value


def test_onnx_is_offered_with_what_it_differs_by_or_a_reason(runs_root, monkeypatch):
    app = open_page("models", models_model="ipvae-mnist")
    assert "it draws random numbers" in "\n".join(c.value for c in app.caption)
    assert not [b for b in app.button if b.key == "models_onnx"]
    monkeypatch.setattr(onnx_file, "check_exportable", lambda item: None)
    monkeypatch.setattr(onnx_file, "as_onnx", lambda item: Exported(b"graph", 1e-6, 2.0, 64))
    app = open_page("models", models_model="mlp-mnist")
    app.button(key="models_onnx").click().run()
    assert not app.exception
    assert "by at most 1.0e-06" in "\n".join(c.value for c in app.caption)
    assert "Save" in {button.proto.label for button in app.get("download_button")}
    # Another network is not exported before it is asked for.
    app.selectbox(key="models_model").set_value("act-mnist").run()
    assert "Save" not in {button.proto.label for button in app.get("download_button")}
