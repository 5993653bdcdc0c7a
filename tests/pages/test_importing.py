"""A checkpoint of the authors, brought in on the page Models, opens in the pages of its system."""

import io
import json

import pytest
import torch
from streamlit.testing.v1 import AppTest

from corelib.models.butd import BUTDNet
from corelib.runs import foreign, registry
from tests.charts import charts
from tests.models.ipvae import test_authors as vaes
from tests.pages.app import open_page
from tests.runs.test_foreign import bpan


def saved(content: object) -> bytes:
    buffer = io.BytesIO()
    torch.save(content, buffer)
    return buffer.getvalue()


def filled(weights: bytes, settings: bytes | None = None, name: str = "mine") -> AppTest:
    """The form after its button was pressed."""
    app = open_page("models")
    app.file_uploader(key="import_weights").set_value(("net.pt", weights, "application/zip"))
    if settings is not None:
        app.file_uploader(key="import_settings").set_value(("c.json", settings, "text/json"))
    app.text_input(key="import_name").set_value(name)
    app.button(key="import_button").click()
    return app.run()


def test_a_file_becomes_a_network_that_the_form_names(runs_root):
    app = filled(saved(bpan()), json.dumps({"T": 9}).encode())
    assert not app.exception
    assert not app.error
    (said,) = (item.value for item in app.success)
    assert "mine is Balanced Predictive Attractor Network, tested on mnist" in said
    assert "E/I balance" in said
    assert registry.find("mine").card.config["n_steps"] == 9
    assert registry.find("mine").card.origin.file == "net.pt"
    assert app.selectbox(key="models_model").value == "mine", "it is opened"
    app.button(key="models_remove").click().run()
    assert not app.exception
    assert registry.imported().usable == []
    assert not [b for b in app.button if b.key == "models_remove"]


def test_what_is_wrong_is_said_and_nothing_is_kept(runs_root):
    for weights, sentence in (
        (b"no archive", "no checkpoint of torch"),
        (saved({**bpan(), "readout.bias": torch.full((10,), torch.nan)}), "not finite"),
        (saved({"<img src=x>": torch.zeros(1)}), "no form that is known here"),
    ):
        app = filled(weights)
        assert not app.exception
        (error,) = (item.value for item in app.error)
        assert sentence in error
        assert "<img" not in error.replace(r"\<", "")
    app = filled(saved(bpan()), name="../up")
    assert "should hold only letters" in app.error[0].value
    app = open_page("models")
    app.button(key="import_button").click().run()
    assert "Choose a file" in app.error[0].value
    assert registry.imported().usable == []


def keep(tmp_path, state: dict, settings: dict | None = None) -> str:
    file = tmp_path / "net.pt"
    torch.save(state, file)
    if settings:
        file.with_suffix(".json").write_text(json.dumps(settings), encoding="utf-8")
    (item,) = foreign.import_checkpoint(file, name="mine")
    return item.name


def vae(kind: str) -> dict:
    state = vaes.drawn(kind, torch.float32)
    torch.manual_seed(0)
    state["layer.phi.weight"] = 0.2 * torch.randn(256, vaes.K)
    return {"model": state | {"layer.dec_log_sigma": torch.zeros(1, 256)}}


def instructed() -> dict[str, torch.Tensor]:
    torch.manual_seed(0)
    names = {"core.fc": "core_net._fc", "head": "head_layer"}
    names |= {"task_head.embedding": "task_head.0", "task_head.task": "task_head.1"}
    model = BUTDNet(network="fc", hidden=30, embedding=6)
    return {
        f"{names[name.rpartition('.')[0]]}.{name.rpartition('.')[2]}": tensor
        for name, tensor in model.state_dict().items()
    }


def opened(page: str, prefix: str, name: str) -> None:
    app = open_page(page, **{f"{prefix}_model": name})
    assert not app.exception
    assert not app.error
    assert charts(app), "the page should show a figure"
    assert app.selectbox(key=f"{prefix}_model").value == name


def test_a_bpan_opens_in_balance(runs_root, tmp_path):
    opened("balance", "balance", keep(tmp_path, bpan()))


@pytest.mark.parametrize("kind", vaes.KINDS)
@pytest.mark.parametrize("page", ["sparse", "bars"])
def test_an_iterative_vae_opens_in_its_pages(runs_root, tmp_path, page, kind):
    opened(page, page, keep(tmp_path, vae(kind), vaes.settings(kind)))


def test_an_instructed_network_opens_in_subnetworks(runs_root, tmp_path):
    opened("subnetworks", "sub", keep(tmp_path, instructed()))
