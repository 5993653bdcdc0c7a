"""What a person does, in a real browser."""

import json
import os
import re
import signal

import pytest
from playwright.sync_api import Page, expect

from corelib.runs.offered import titles
from corelib.runs.store import list_runs
from tests.browser.driver import (
    address_has,
    address_is,
    at_page,
    figure_changes,
    figure_data,
    go_to,
    move_slider,
    no_errors,
    open_page,
    ready,
    widget,
)
from tests.runs.conftest import wait_until

PAGES = {
    "/": "Synaptarium",
    "/balance": "E/I balance",
    "/halting": "Halting",
    "/robustness": "Robustness",
    "/evidence": "Sequential evidence",
    "/bpc": "BPC digits",
    "/subnetworks": "Sub-networks",
    "/learning": "Counter-Hebb learning",
    "/sparse": "Sparse code",
    "/bars": "Moving bars",
    "/runs": "Runs",
}


FRESH = ("/", "/balance", "/bpc", "/subnetworks", "/bars", "/runs")
"""On a server that nobody has visited: one page of each family, and those that stand alone."""


@pytest.mark.parametrize("path", PAGES)
def test_a_deep_link_opens_its_page(page: Page, request, path: str):
    server = request.getfixturevalue("fresh_server" if path in FRESH else "server")
    problems = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    # It asks nothing of the network.
    page.on(
        "request", lambda request: outside(request.url, server) and problems.append(request.url)
    )
    open_page(page, server + path)
    expect(page.get_by_role("heading", level=1)).to_have_text(PAGES[path])
    expect(page.get_by_role("link", name="Home")).to_be_visible()
    assert page.get_by_text("Page not found").count() == 0
    no_errors(page)
    assert problems == []


def outside(url: str, server: str) -> bool:
    local = (server, server.replace("http", "ws"), "data:", "blob:")
    return not url.startswith(local)


def headline(page: Page) -> str:
    return page.get_by_text("At θ =").first.inner_text()


def test_moving_the_threshold_changes_sentence_figure_and_address(page: Page, server: str):
    open_page(page, f"{server}/balance?balance_theta=0.5")
    # A digit about which the network changes its mind.
    widget(page, "balance_try_hard").get_by_role("button").click()
    expect(page.get_by_text("At θ = 0.90").first).to_be_visible()
    move_slider(page, "balance_theta", -40)
    expect(page.get_by_text("At θ = 0.50").first).to_be_visible()
    before_sentence, before_figure = headline(page), figure_data(page, "balance_probability_0")
    move_slider(page, "balance_theta", 40)
    expect(page.get_by_text("At θ = 0.90").first).to_be_visible()
    assert headline(page) != before_sentence
    figure_changes(page, "balance_probability_0", before_figure)
    # 0.90 is the default, which leaves the address; 0.95 is not.
    page.wait_for_url(lambda url: "balance_theta" not in url)
    move_slider(page, "balance_theta", 5)
    address_has(page, "balance_theta=0.95")
    no_errors(page)


def test_a_link_reproduces_the_view(page: Page, server: str, chrome):
    address = (
        f"{server}/balance?balance_model=bpan-nodale-mnist&balance_versus=bpan-unbalanced-mnist"
        "&balance_index=1232&balance_gain=0.5&balance_steps=12&balance_tab=Weights"
    )
    open_page(page, address)
    expect(page.get_by_text("At θ = 0.90 bpan-nodale-mnist")).to_have_count(1)
    expect(page.get_by_text("of 12 steps")).to_have_count(2)
    first = figure_data(page, "balance_currents_0")
    expect(page.locator(".st-key-balance_weights_1 .js-plotly-plot")).to_be_visible()
    other = chrome.new_context().new_page()
    open_page(other, page.url)
    assert figure_data(other, "balance_currents_0") == first
    other.context.close()


def test_taking_inhibition_away_raises_the_net_current(page: Page, server: str):
    open_page(page, f"{server}/balance")
    widget(page, "balance_try_gain").get_by_role("button").click()
    expect(page.get_by_text("of 30 steps").first).to_be_visible()
    expect(page.get_by_text("inhibition gain g = 0 (was 1)")).to_be_visible()
    address_has(page, "balance_gain=0")
    page.wait_for_function(
        "() => { const plot = document.querySelector('.st-key-balance_currents_0 .js-plotly-plot');"
        " const net = plot._fullData.filter(t => t.name == 'net')[0].y;"
        " return net.length == 30 && net[29] > 1.5 * net[0]; }"
    )
    widget(page, "balance_reset").get_by_role("button").click()
    expect(page.get_by_text("of 6 steps").first).to_be_visible()
    no_errors(page)


def draw_a_one(page: Page, pad_key: str) -> None:
    pad = page.locator(f".st-key-{pad_key} canvas")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.15 * box["height"])
    page.mouse.down()
    for i in range(1, 21):
        page.mouse.move(
            box["x"] + (0.5 - 0.002 * i) * box["width"],
            box["y"] + (0.15 + 0.035 * i) * box["height"],
        )
    page.mouse.up()


def test_a_drawn_digit_is_classified(page: Page, server: str):
    open_page(page, f"{server}/balance?balance_input=Draw")
    expect(page.get_by_text("Draw a digit").first).to_be_visible()
    draw_a_one(page, "balance_pad")
    expect(page.get_by_text("calls this digit a 1")).to_be_visible()
    no_errors(page)


def thumbnail(page: Page, says: str) -> str:
    """The picture that the sidebar shows as the network's input: the name of its file, which is
    made of its content."""
    picture = page.get_by_role("img", name=f"The network's input: {says}").first
    expect(picture).to_be_visible()
    return picture.get_attribute("src").rpartition("/")[2]


def test_a_drawn_digit_is_there_on_other_pages_after_a_reload_and_in_a_link(
    page: Page, server: str, chrome
):
    open_page(page, f"{server}/balance?balance_input=Draw")
    draw_a_one(page, "balance_pad")
    expect(page.get_by_text("calls this digit a 1")).to_be_visible()
    address_has(page, "digit=draw.")
    drawn = thumbnail(page, "drawn")
    move_slider(page, "balance_theta", 5)
    address_has(page, "balance_theta=0.95")
    left = page.url

    go_to(page, "Halting")
    address_has(page, "digit=draw.")
    assert thumbnail(page, "drawn") == drawn
    page.reload()
    ready(page)
    assert thumbnail(page, "drawn") == drawn

    other = chrome.new_context().new_page()
    open_page(other, page.url)
    assert thumbnail(other, "drawn") == drawn
    no_errors(other)
    other.context.close()

    page.go_back()
    at_page(page, "E/I balance")
    address_is(page, left)
    expect(page.get_by_text("At θ = 0.95").first).to_be_visible()
    assert thumbnail(page, "drawn") == drawn
    page.go_forward()
    at_page(page, "Halting")
    thumbnail(page, "drawn")

    widget(page, "halting_reset_input").get_by_role("button").click()
    thumbnail(page, "test image 0, a 7")
    page.wait_for_url(lambda url: "digit" not in url)
    go_to(page, "Robustness")
    thumbnail(page, "test image 0, a 7")
    no_errors(page)


def test_back_and_forward_go_from_page_to_page_as_each_was_left(page: Page, server: str):
    open_page(page, f"{server}/balance")
    move_slider(page, "balance_theta", 5)
    address_has(page, "balance_theta=0.95")
    # A button that sets several controls is no place in the history.
    widget(page, "balance_try_gain").get_by_role("button").click()
    address_has(page, "balance_gain=0")
    address_has(page, "balance_steps=30")
    ready(page)
    left = page.url
    go_to(page, "Halting")
    move_slider(page, "halting_theta", -10)
    address_has(page, "halting_theta=0.8")
    halting = page.url
    go_to(page, "Runs")
    for step, title, address in (
        (page.go_back, "Halting", halting),
        (page.go_back, "E/I balance", left),
        (page.go_forward, "Halting", halting),
        (page.go_back, "E/I balance", left),
    ):
        step()
        at_page(page, title)
        address_is(page, address)
    expect(page.get_by_text("of 30 steps").first).to_be_visible()
    no_errors(page)


def run_state(runs) -> str:
    """The newest run's state, from its folder."""
    newest_first = list(list_runs())
    return newest_first[0].status.state if newest_first else "none"


def small_training(page: Page, epochs: int) -> None:
    """Fill in a small network and a number of epochs, and press Train."""
    for field, value in (
        ("network_n_excitatory", 16),
        ("network_n_inhibitory", 4),
        ("training_epochs", epochs),
        ("training_batch_size", 500),
    ):
        box = widget(page, f"balance_{field}").locator("input")
        box.fill(str(value))
        box.press("Tab")
        ready(page)
    widget(page, "balance_train").get_by_role("button").click()


def press(page: Page, name: str) -> None:
    widget(page, f"balance_{name}").get_by_role("button").click()


def updates_shown(page: Page) -> int:
    text = page.get_by_text(re.compile(r"update [\d,]+ of")).first.inner_text()
    return int(re.search(r"update ([\d,]+) of", text).group(1).replace(",", ""))


def test_train_watch_pause_step_reload_resume_cancel(page: Page, server: str, runs, monkeypatch):
    monkeypatch.setenv("SYNAPTARIUM_RUNS", str(runs))
    open_page(page, f"{server}/balance?balance_tab=Train")
    small_training(page, epochs=400)
    points = (
        "() => { const p = document.querySelector('.st-key-balance_curves .js-plotly-plot');"
        " return p && p._fullData && p._fullData[0].x.length > %d; }"
    )
    page.wait_for_function(points % 0)
    page.wait_for_function(points % 8)

    press(page, "pause")
    wait_until(lambda: run_state(runs) == "paused", "the pause")
    expect(page.get_by_text("Paused", exact=True)).to_be_visible()
    run = next(iter(list_runs()))
    at = run.history().step
    press(page, "step")
    wait_until(lambda: run.control.single_steps == 1, "the press on Step is heard")
    wait_until(lambda: run.history().step == at + 1, "one single update")
    page.wait_for_function(f"() => document.body.innerText.includes('update {at + 1:,} of')")

    press(page, "resume")
    wait_until(lambda: run.history().step > at + 20, "more updates")
    page.reload()
    ready(page)
    assert run.status.state == "running"
    shown = updates_shown(page)
    page.wait_for_function(
        f"() => {{ const m = document.body.innerText.match(/update ([\\d,]+) of/);"
        f" return m && Number(m[1].replaceAll(',', '')) > {shown}; }}"
    )

    press(page, "cancel")
    wait_until(lambda: run_state(runs) == "cancelled", "the cancellation")
    expect(page.get_by_text("Cancelled", exact=True)).to_be_visible()
    # The trained network is available.
    widget(page, "balance_model").locator("input").click()
    expect(page.get_by_role("option", name=titles()[run.id])).to_be_visible()
    no_errors(page)


def test_a_killed_worker_is_reported_as_died_and_its_run_resumes(
    page: Page, server: str, runs, monkeypatch
):
    monkeypatch.setenv("SYNAPTARIUM_RUNS", str(runs))
    open_page(page, f"{server}/balance?balance_tab=Train")
    small_training(page, epochs=400)
    wait_until(lambda: run_state(runs) == "running", "the training")
    run = next(iter(list_runs()))
    wait_until(lambda: run.checkpoints(), "a checkpoint")
    os.kill(worker_pid(run.id), signal.SIGKILL)
    expect(page.get_by_text("Died", exact=False).first).to_be_visible()
    assert run.status.state == "died"
    press(page, "resume")
    wait_until(lambda: run.status.state == "running", "the training to go on")
    step = run.history().step
    wait_until(lambda: run.history().step > step, "updates after the resume")
    press(page, "cancel")
    wait_until(lambda: run.status.state == "cancelled", "the cancellation")


def worker_pid(run_id: str) -> int:
    """The worker of a run, found by the log that it writes: the app itself trusts no pid."""
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.readlink(f"/proc/{name}/fd/1").endswith(f"/{run_id}/log.txt"):
                return int(name)
        except OSError:
            continue
    raise AssertionError(f"no worker of {run_id}")


def test_two_runs_at_once_queue(page: Page, server: str, runs, monkeypatch):
    monkeypatch.setenv("SYNAPTARIUM_RUNS", str(runs))
    open_page(page, f"{server}/balance?balance_tab=Train")
    small_training(page, epochs=400)
    wait_until(lambda: run_state(runs) == "running", "the first run")
    first = next(iter(list_runs()))
    # As its person sees it: what is pressed while the page makes room for it may be missed. The
    # page itself hardly rests while a busy machine trains.
    expect(widget(page, "balance_cancel")).to_be_visible()
    press(page, "train")
    wait_until(lambda: len(list(list_runs())) == 2, "the second run")
    second = next(run for run in list_runs() if run.id != first.id)
    wait_until(lambda: second.status.state == "queued", "the queue")
    expect(page.get_by_text("another run is using the processor", exact=False)).to_be_visible()
    first.ask("cancel")
    wait_until(lambda: second.status.state == "running", "the second's turn")
    page.wait_for_selector(".st-key-balance_curves .js-plotly-plot")
    press(page, "cancel")
    wait_until(lambda: second.status.state == "cancelled", "the end")


def test_a_figure_and_its_network_can_be_exported(page: Page, server: str, tmp_path):
    open_page(page, f"{server}/balance?balance_tab=Export")
    # The browser has drawn the figures of the zip, and the page has run again with them.
    expect(widget(page, "balance_zip").get_by_role("button")).to_be_enabled()
    ready(page)
    with page.expect_download() as caught:
        widget(page, "balance_currents_0_csv").get_by_role("button").click()
    lines = caught.value.path().read_text(encoding="utf-8").splitlines()
    assert lines[0] == "panel,series,x_name,x,y_name,mean,sd,n,unit"
    assert any(line.split(",")[1] == "inhibitory" for line in lines)
    with page.expect_download() as caught:
        widget(page, "balance_export_card").get_by_role("button").click()
    assert json.loads(caught.value.path().read_text(encoding="utf-8"))["system"] == "bpan"
    with page.expect_download() as caught:
        widget(page, "balance_export_weights").get_by_role("button").click()
    from safetensors.numpy import load_file

    assert "theta" in load_file(caught.value.path())
    assert page.get_by_text("python -m corelib train bpan").count() >= 1


def click_middle(page: Page, selector: str, place: int = 0) -> None:
    """Click the middle of a drawn shape: plotly takes clicks by position, not by element."""
    shape = page.locator(selector).nth(place)
    shape.scroll_into_view_if_needed()
    box = shape.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for_timeout(300)
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)


def test_halting_follows_the_threshold_and_a_clicked_bar_and_digit(page: Page, server: str):
    open_page(page, f"{server}/halting?halting_theta=0.95")
    expect(page.get_by_text("At θ = 0.95 it answers")).to_be_visible()
    before = figure_data(page, "halting_histograms")
    marks = figure_data(page, "halting_costs")
    move_slider(page, "halting_theta", -10)
    expect(page.get_by_text("At θ = 0.85 it answers")).to_be_visible()
    figure_changes(page, "halting_histograms", before)
    figure_changes(page, "halting_costs", marks)
    address_has(page, "halting_theta=0.85")

    # The bar of step 1 of the second network.
    click_middle(page, ".st-key-halting_histograms .subplot.x2y2 .bars .point path")
    expect(page.get_by_text("images that act-mnist answers at step 1")).to_be_visible()
    ready(page)
    # A digit of the mosaic: its trajectory appears below.
    chosen = widget(page, "halting_index").locator("input")
    first = chosen.input_value()
    click_middle(page, ".st-key-halting_mosaic .scatterlayer .point", 7)
    expect(chosen).not_to_have_value(first)
    expect(page.get_by_text(re.compile(f"^Test image {chosen.input_value()},"))).to_be_visible()
    no_errors(page)
