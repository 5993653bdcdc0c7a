"""Screenshots of every page in light and dark, and the pictures on Home and in docs/: ``make
screenshots``."""

import io
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser

from tests.browser.driver import ROOT, browser, open_page, ready, server, widget

VIEWS = {
    "home": ("/", 1500),
    "balance": ("/balance", 1750),
    "balance-compare": ("/balance?balance_versus=bpan-unbalanced-mnist&balance_gain=2", 2700),
    "balance-draw": ("/balance?balance_input=Draw", 1300),
    "balance-test-set": ("/balance?balance_tab=Test+set", 1900),
    "balance-weights": ("/balance?balance_tab=Weights", 2000),
    "balance-about": ("/balance?balance_tab=About", 2300),
    "balance-train": ("/balance?balance_tab=Train", 2100),
    "balance-export": ("/balance?balance_tab=Export", 1800),
    "halting": ("/halting", 1700),
    "halting-work": ("/halting?halting_cost=multiply-adds&halting_tab=Recurrence", 2000),
    "halting-digits": ("/halting?halting_tab=Examples+by+halting+step&halting_step=6", 2300),
    "halting-who": ("/halting?halting_tab=By+class+and+difficulty", 1900),
    "halting-calibration": ("/halting?halting_tab=Calibration", 2000),
    "halting-published": ("/halting?halting_tab=Published", 2100),
    "robustness": ("/robustness", 2300),
    "robustness-states": ("/robustness?robust_tab=States", 2600),
    "robustness-map": ("/robustness?robust_tab=Occlusion+sensitivity", 2000),
    "robustness-ablation": ("/robustness?robust_tab=Balance+ablation", 4200),
    "robustness-published": ("/robustness?robust_tab=Published&robust_table=balance", 2300),
    "evidence": ("/evidence", 2400),
    "evidence-stream": ("/evidence?evidence_task=streaming-mnist&evidence_tab=Numbers", 2300),
    "evidence-published": ("/evidence?evidence_tab=Published", 2500),
    "bpc": ("/bpc", 1900),
    "bpc-classify": ("/bpc?bpc_tab=Classify", 1000),
    "bpc-inference": ("/bpc?bpc_tab=Inference&bpc_label=7&bpc_alpha_f=1&bpc_n_steps=30", 1700),
    "bpc-complete": ("/bpc?bpc_tab=Complete&bpc_mask=bottom+half", 1100),
    "bpc-compare": ("/bpc?bpc_tab=Compare", 1300),
    "bpc-published": ("/bpc?bpc_tab=Published", 1300),
    "subnetworks": ("/subnetworks", 2000),
    "subnetworks-scene": ("/subnetworks?sub_what=open+and+active&sub_layer=conv1", 2000),
    "subnetworks-training": ("/subnetworks?sub_tab=Over+training", 2100),
    "subnetworks-lesions": ("/subnetworks?sub_tab=Lesions", 2100),
    "subnetworks-swap": ("/subnetworks?sub_tab=Swap+gates", 2500),
    "subnetworks-pad": ("/subnetworks?sub_tab=Instruction&sub_way=pad", 2200),
    "learning": ("/learning", 1500),
    "learning-rules": ("/learning?learn_tab=Rules", 2800),
    "learning-published": ("/learning?learn_tab=Published", 2300),
    "sparse": ("/sparse", 2400),
    "sparse-away": ("/sparse?sparse_away=false&sparse_sort=orientation", 2400),
    "sparse-convergence": ("/sparse?sparse_tab=Convergence", 1700),
    "sparse-plane": ("/sparse?sparse_tab=Rate+and+distortion", 1900),
    "sparse-sparsity": ("/sparse?sparse_tab=Sparsity", 1900),
    "sparse-lesions": ("/sparse?sparse_tab=Lesions", 1600),
    "sparse-about": ("/sparse?sparse_tab=About", 1900),
    "bars": ("/bars", 2700),
    "bars-grating": ("/bars?bars_kind=drifting+grating&bars_tab=Drives", 2100),
    "bars-curves": ("/bars?bars_kind=flashed+bar&bars_tab=Curves", 1900),
    "bars-hand": ("/bars?bars_kind=dragged+bar&bars_tab=Adaptation", 2200),
    "bars-population": ("/bars?bars_tab=Population", 3500),
    "bars-other": ("/bars?bars_tab=Other+networks", 3200),
    "runs": ("/runs", 1200),
}

# The figure of each experiment on the map on Home: address, a button to press first, figure.
ON_HOME = {
    "balance": ("/balance?balance_steps=12", "balance_try_hard", "balance_currents_0"),
    "halting": ("/halting", None, "halting_costs"),
    "robustness": ("/robustness?robust_kind=rotation", None, "robust_strip"),
    "evidence": ("/evidence", None, "evidence_player"),
    "bpc": ("/bpc?bpc_tab=Complete&bpc_mask=bottom+half", None, "bpc_completed"),
    "subnetworks": ("/subnetworks", None, "sub_gates"),
    "learning": ("/learning?learn_model=butd-shared-multi-mnist", None, "learn_passes"),
    "sparse": ("/sparse", None, "sparse_mosaic"),
    "bars": ("/bars", None, "bars_player"),
}

# What the page of each experiment in docs/ shows: address, width and height of the screen.
IN_DOCS = {
    "balance": ("/balance", 1440, 1280),
    "halting": ("/halting", 1440, 1330),
    "robustness": ("/robustness", 1440, 1250),
    "evidence": ("/evidence", 1440, 1250),
    "bpc": ("/bpc", 1440, 1250),
    "subnetworks": ("/subnetworks", 1440, 1200),
    "learning": ("/learning?learn_model=butd-shared-multi-mnist", 1440, 1060),
    "sparse": ("/sparse?sparse_tab=One+image", 1920, 1450),
    "bars": ("/bars", 1440, 1500),
}
# The pictures of docs/index.md, in light and dark.
AT_START = {
    "home": ("/", 1240, 900),
    "hard-digit": ("/balance?balance_index=740", 1240, 860),
    "no-inhibition": ("/balance?balance_index=740&balance_gain=0&balance_steps=30", 1240, 860),
}
WIDTH, COLOURS = 1440, 128
"""Of a picture in docs/; few colours keep it small."""


def shoot(chrome: Browser, address: str, theme: str, folder: Path) -> None:
    for name, (path, height) in VIEWS.items():
        context = chrome.new_context(viewport={"width": 1440, "height": height}, color_scheme=theme)
        page = context.new_page()
        open_page(page, address + path)
        # Figures fade in after the script has ended.
        page.wait_for_timeout(1500)
        page.screenshot(path=folder / f"{name}-{theme}.png")
        context.close()


def pictures(chrome: Browser, address: str, theme: str) -> None:
    """The pictures in assets: a figure of each experiment for Home, a page for the README."""
    context = chrome.new_context(
        viewport={"width": 1440, "height": 1180}, color_scheme=theme, device_scale_factor=1.5
    )
    page = context.new_page()
    folder = ROOT / "assets" / "pictures"
    for experiment, (path, button, figure) in ON_HOME.items():
        open_page(page, address + path)
        if button:
            widget(page, button).get_by_role("button").click()
            # The button's help would lie over the sentence.
            page.mouse.move(0, 0)
            page.wait_for_timeout(1000)
            ready(page)
        page.wait_for_selector(f".st-key-{figure} :is(.main-svg, img)")
        page.wait_for_timeout(1500)
        page.locator(f".st-key-{figure}").screenshot(path=folder / f"{experiment}-{theme}.png")
        if (experiment, theme) == ("balance", "light"):
            page.screenshot(path=folder / "page.png")
    context.close()


def pictures_in_docs(chrome: Browser, address: str, theme: str) -> None:
    """The pictures in docs/: of the page of each experiment in light, at the start in both."""
    taken = {f"pictures/{name}-{theme}": view for name, view in AT_START.items()}
    if theme == "light":
        taken |= {f"experiments/pictures/{name}": view for name, view in IN_DOCS.items()}
    for file, (path, width, height) in taken.items():
        context = chrome.new_context(
            viewport={"width": width, "height": height},
            device_scale_factor=WIDTH / width,
            color_scheme=theme,
        )
        page = context.new_page()
        open_page(page, address + path)
        page.wait_for_timeout(1500)
        with Image.open(io.BytesIO(page.screenshot())) as picture:
            small = picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
        small.save(ROOT / "docs" / f"{file}.png", optimize=True)
        context.close()


def main() -> None:
    folder = ROOT / "screenshots"
    folder.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as runs, server(Path(runs)) as address, browser() as chrome:
        for theme in ("light", "dark"):
            pictures(chrome, address, theme)
            shoot(chrome, address, theme, folder)
            pictures_in_docs(chrome, address, theme)
    print(f"Screenshots are in {folder.name}/")


if __name__ == "__main__":
    main()
