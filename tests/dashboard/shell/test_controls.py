"""Controls: each has its help; Reset brings back the defaults and leaves alone what it names."""

import ast
import re
from importlib import import_module
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.rooms import ROOMS
from dashboard.shell.help import help_texts, labels
from tests.pages.app import open_page

ROOT = Path(__file__).parents[3]
HELPERS = {
    "slider",
    "interval",
    "number",
    "steps_slider",
    "switch",
    "choice",
    "select",
    "several",
    "sticky_button",
    "checkpoint_picker",
    "checkpoints_picker",
}
PREFIXES = ("balance", "halting", "robust", "evidence", "bpc", "sub", "learn", "sparse", "bars")


def controls() -> list[tuple[str, str, str]]:
    """File, page and name of every control whose page and name are known before it is drawn."""
    known = []
    for file in sorted((ROOT / "dashboard").rglob("*.py")):
        module = ".".join(file.relative_to(ROOT).with_suffix("").parts)
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or getattr(node.func, "id", "") not in HELPERS:
                continue
            page, name = node.args[:2]
            if isinstance(name, ast.Constant) and isinstance(page, ast.Constant):
                known.append((module, page.value, name.value))
            elif isinstance(name, ast.Constant) and getattr(page, "id", "") == "PAGE":
                known.append((module, import_module(module).PAGE, name.value))
    return known


def test_listed_labels_are_those_of_the_controls():
    """labels.toml repeats what the code says; here neither can change alone."""
    written: dict[tuple[str, str], set[str | None]] = {}
    for file in sorted((ROOT / "dashboard").rglob("*.py")):
        module = ".".join(file.relative_to(ROOT).with_suffix("").parts)
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or getattr(node.func, "id", "") not in HELPERS:
                continue
            page, name, label = [*node.args, *[None] * 3][:3]
            if getattr(page, "id", "") != "PAGE" or label is None:
                continue
            # A name put together from parts, such as one severity for each corruption.
            last = name.values[-1] if isinstance(name, ast.JoinedStr) else name
            known = last.value if isinstance(last, ast.Constant) else ""
            written.setdefault((import_module(module).PAGE, known), set()).add(
                # One that names the tasks, say, is not known before.
                label.value if isinstance(label, ast.Constant) else None
            )
    for page, of_page in labels().items():
        for name, label in of_page.items():
            found = [
                texts
                for (where, known), texts in written.items()
                if where == page and (known == name or (known[:1] == "_" and name.endswith(known)))
            ]
            assert found in ([{label}], [{None}]), f"{page}.{name}"


PAGES = dict(zip((room.file.removesuffix(".py") for room in ROOMS), PREFIXES, strict=True))


@pytest.mark.parametrize(("page", "prefix"), PAGES.items())
def test_every_preset_says_what_it_sets_in_the_words_of_the_labels(page, prefix, runs_root):
    app = open_page(page)
    presets = [b for b in app.button if (b.key or "").startswith(f"{prefix}_try_")]
    assert len(presets) >= 4
    for button in presets:
        what = button.help.split("\n\n")[1]
        assert re.search(r"^(Sets|Back at the default:|Opens the tab) ?", what), button.key
        named = re.findall(r"(?:Sets |, )([^,:]+): ", what.partition(". ")[0])
        # An identifier there is a control whose label is not known.
        unknown = [name for name in named if re.fullmatch(r"[a-z]+(\\?_[a-z]+)*", name)]
        assert unknown == [], f"{button.key}: {what}"


def test_every_control_has_its_help():
    found = controls()
    assert len(found) > 80
    silent = [item for item in found if item[2] not in {**help_texts("any"), **help_texts(item[1])}]
    assert silent == []


def test_every_help_belongs_to_a_control():
    named = {name for _, _, name in controls()}
    code = "\n".join(
        file.read_text(encoding="utf-8") for file in (ROOT / "dashboard").rglob("*.py")
    )
    for page in (*PREFIXES, "runs", "any"):
        for name in help_texts(page):
            # Some names are put together: one severity for each corruption, one axis for each pad.
            made = name.rpartition("_")[2].rstrip("0123456789")
            assert name in named or made in code, f"{page}.toml: {name}"


def test_reset_brings_back_defaults_and_keeps_network_and_input(runs_root):
    app = open_page("balance", balance_index="7", balance_model="bpan-nodale-mnist")
    app.slider(key="balance_gain").set_value(2.0).run()
    app.toggle(key="balance_drive").set_value(True).run()
    app.button(key="balance_reset").click().run()
    assert app.slider(key="balance_gain").value == 1.0
    assert app.toggle(key="balance_drive").value is False
    assert app.number_input(key="balance_index").value == 7
    assert app.selectbox(key="balance_model").value == "bpan-nodale-mnist"
    assert app.button(key="balance_reset").help == (
        "Every control at its default, except the network and the input"
    )


def test_reset_forgets_a_control_that_is_not_drawn_any_more(runs_root):
    """Its default depends on others: half of the frames, whichever they are now."""
    app = open_page("bars", bars_kind="flashed bar")
    fresh = app.slider(key="bars_on").value
    app.slider(key="bars_frames").set_value(400).run()
    app.button(key="bars_reset_all").click().run()
    assert app.selectbox(key="bars_kind").value == "moving bar"
    app.selectbox(key="bars_kind").select("flashed bar").run()
    assert app.slider(key="bars_on").value == fresh


def test_reset_keeps_a_test_image_given_by_its_number(runs_root):
    app = open_page("learning", learn_model="butd-shared-multi-mnist", learn_image="5")
    app.button(key="learn_reset").click().run()
    assert app.number_input(key="learn_image").value == 5


@pytest.mark.parametrize(
    ("page", "prefix", "old", "new"),
    [
        ("balance", "balance", "Take home", "Export"),
        ("robustness", "robust", "Where it hurts", "Occlusion sensitivity"),
        ("learning", "learn", "Both ways", "Forward and feedback"),
    ],
)
def test_an_old_address_opens_the_tab_and_names_it_anew(page, prefix, old, new, runs_root):
    app = open_page(page, **{f"{prefix}_tab": old})
    assert not app.exception
    assert app.session_state[f"{prefix}_tab"] == new
    assert app.query_params[f"{prefix}_tab"] in (new, [new])


def test_every_experiment_has_a_prefix_of_its_own():
    assert len(PREFIXES) == len(set(PREFIXES)) == len(ROOMS)


def two_controls() -> None:
    from dashboard.shell.address import drop
    from dashboard.shell.controls import select, switch
    from dashboard.shell.registry import begin, known_controls

    begin("p")
    if select("p", "mode", "Mode", ["plain", "more"]) == "more":
        switch("p", "detail", "Detail")
    switch("p", "other", "Other")
    drop(known_controls())


def test_a_change_made_while_another_control_leaves_stays_in_the_address():
    app = AppTest.from_function(two_controls)
    app.query_params["p_mode"], app.query_params["p_detail"] = "more", "true"
    app.run()
    assert app.toggle(key="p_detail").value
    app.selectbox(key="p_mode").select("plain").run()
    assert dict(app.query_params) == {}
    # From afar: what the browser sent before it heard of that.
    app.query_params["p_detail"] = app.query_params["p_other"] = "true"
    app.toggle(key="p_other").set_value(True).run()
    assert dict(app.query_params) == {"p_other": "true"}
    # What a link asks of a control that is not drawn yet stays.
    linked = AppTest.from_function(two_controls)
    linked.query_params["p_detail"] = "true"
    linked.run()
    assert dict(linked.query_params) == {"p_detail": "true"}


def test_parts_that_are_drawn_alone_keep_the_address_too():
    files = (file for file in (ROOT / "dashboard").rglob("*.py"))
    found = [file.name for file in files if "st.fragment" in file.read_text(encoding="utf-8")]
    assert found == ["apart.py"]
