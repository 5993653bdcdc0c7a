"""Figures in a real browser: drawn from the top, patched in place as a person has zoomed them, and
in the colours of the theme."""

from playwright.sync_api import Page, expect

from dashboard.figures.style import DARK, LIGHT
from dashboard.shell.plotly import script
from tests.browser.driver import (
    drawn,
    drawn_changes,
    move_slider,
    no_errors,
    open_page,
    ready,
    widget,
)

COSTS = "halting_costs"


def plot(key: str) -> str:
    return f".st-key-{key} .js-plotly-plot"


PLOT = plot(COSTS)
RANGE = "p => JSON.stringify(p._fullLayout.xaxis.range)"
MARKS = "p => JSON.stringify(p._fullData.filter(d => d.x.length === 1).map(d => d.x))"
"""Where the networks stand at the present θ."""
SAME = f"() => document.querySelector('{PLOT}').mark === 'the first'"


def zoom(page: Page, key: str = COSTS) -> None:
    """Drag over a part of the figure."""
    page.locator(plot(key)).scroll_into_view_if_needed()
    box = page.locator(f"{plot(key)} .nsewdrag").first.bounding_box()
    assert box is not None

    def at(share: float) -> tuple[float, float]:
        return box["x"] + share * box["width"], box["y"] + share * box["height"]

    page.mouse.move(*at(0.3))
    page.mouse.down()
    page.mouse.move(*at(0.6), steps=5)
    page.mouse.up()


def test_a_slider_patches_a_figure_and_leaves_its_zoom(page: Page, server: str):
    open_page(page, f"{server}/halting?halting_theta=0.9")
    whole, marks = drawn(page, COSTS, RANGE), drawn(page, COSTS, MARKS)
    page.evaluate(f"() => {{ document.querySelector('{PLOT}').mark = 'the first' }}")
    zoom(page)
    drawn_changes(page, COSTS, RANGE, whole)
    zoomed = drawn(page, COSTS, RANGE)
    handle = widget(page, "halting_theta").get_by_role("slider")
    handle.focus()
    # Faster than any of them is drawn: the last one stays.
    for _ in range(6):
        handle.press("ArrowLeft")
    drawn_changes(page, COSTS, MARKS, marks)
    ready(page)
    expect(widget(page, "halting_theta").get_by_role("slider")).to_have_value("0.84")
    assert page.evaluate(SAME)
    assert drawn(page, COSTS, RANGE) == zoomed
    # A figure of the same view that was opened with that value shows the same.
    other = page.context.new_page()
    open_page(other, f"{server}/halting?halting_theta=0.84")
    last = drawn(other, COSTS, MARKS)
    other.close()
    page.wait_for_function(
        f"last => ({MARKS})(document.querySelector('{PLOT}')) === last", arg=last
    )
    # Other units: the zoom would mean something else.
    widget(page, "halting_cost").get_by_role("radio", name="multiply-adds").click()
    drawn_changes(page, COSTS, RANGE, zoomed)
    no_errors(page)


def test_a_zoom_goes_whole_where_the_range_changes(page: Page, server: str):
    """And a double click goes to the range of now, not to that of the first drawing."""
    currents = "balance_currents_0"
    open_page(page, f"{server}/balance?balance_steps=20")
    whole = drawn(page, currents, RANGE)
    zoom(page, currents)
    drawn_changes(page, currents, RANGE, whole)
    zoomed = drawn(page, currents, RANGE)
    page.get_by_text("More", exact=True).first.click()
    move_slider(page, "balance_steps", -15)
    drawn_changes(page, currents, RANGE, zoomed)
    assert drawn(page, currents, RANGE) == "[0.7,5.3]"
    zoom(page, currents)
    drawn_changes(page, currents, RANGE, "[0.7,5.3]")
    page.wait_for_timeout(600)
    page.locator(f"{plot(currents)} .nsewdrag").first.dblclick()
    shown = f"({RANGE})(document.querySelector('{plot(currents)}'))"
    page.wait_for_function(f"() => {shown} === '[0.7,5.3]'")
    no_errors(page)


def test_a_hidden_curve_stays_hidden(page: Page, server: str):
    currents = "balance_currents_0"
    hidden = "p => p._fullData.filter(d => d.visible === 'legendonly').map(d => d.name).join()"
    values = "p => JSON.stringify(p._fullData[0].y)"
    open_page(page, f"{server}/balance")
    drawn(page, currents, RANGE)
    page.locator(f"{plot(currents)} .legendtoggle").first.click()
    drawn_changes(page, currents, hidden, "")
    name, before = drawn(page, currents, hidden), drawn(page, currents, values)
    move_slider(page, "balance_gain", -3)
    drawn_changes(page, currents, values, before)
    assert drawn(page, currents, hidden) == name
    no_errors(page)


def test_the_toolbar_offers_nothing_outside(page: Page, server: str):
    """plotly.js has a button that sends a figure's data away."""
    open_page(page, f"{server}/balance")
    drawn(page, "balance_currents_0", RANGE)
    offered = page.locator(f"{plot('balance_currents_0')} .modebar-btn").evaluate_all(
        "found => found.map(each => each.dataset.title)"
    )
    assert offered == ["Zoom", "Pan", "Reset axes", "Full screen"]


def test_a_figure_fills_the_screen_and_comes_back(page: Page, server: str):
    open_page(page, f"{server}/halting")
    drawn(page, COSTS, RANGE)
    width = f"() => document.querySelector('{PLOT} .main-svg').clientWidth"
    before = page.evaluate(width)
    page.locator(PLOT).hover()
    page.locator(f"{PLOT} [data-title='Full screen']").click()
    page.wait_for_function(f"({width})() > {before} + 200")
    page.evaluate("() => document.exitFullscreen()")
    page.wait_for_function(f"({width})() === {before}")
    no_errors(page)


TWICE = """
async source => {
  const parentElement = document.createElement("div")
  parentElement.innerHTML = '<div class="stPlotlyChart" style="width: 400px"></div>'
  document.body.append(parentElement)
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }))
  const { default: call } = await import(url)
  const data = y => new TextEncoder().encode(JSON.stringify(
    { spec: { data: [{ y }], layout: {} }, config: {}, alt: "", clicks: false }))
  const place = parentElement.firstChild
  const drawn = async () => {
    for (let n = 0; place.dataset.drawn !== "yes" && n < 100; n++)
      await new Promise(resolve => setTimeout(resolve, 50))
    return [...place.querySelector(".js-plotly-plot")._fullData[0].y]
  }
  const overtaken = call({ data: data([1]), parentElement })
  const last = call({ data: data([2]), parentElement })
  overtaken()
  const found = [await drawn()]
  call({ data: data([3]), parentElement })
  found.push(await drawn())
  parentElement.remove()
  last()
  return [...found, place.querySelectorAll(".main-svg").length]
}
"""


def test_a_call_that_was_overtaken_ends_nothing(page: Page, server: str):
    """So Streamlit calls where data come faster than the browser takes them."""
    open_page(page, f"{server}/halting")
    assert page.evaluate(TWICE, script("chart.js")) == [[2], [3], 0]


COLOUR = "p => p._fullLayout.font.color"
FIRST_DRAWN = """
window.order = []
new MutationObserver(() => {
  for (const place of document.querySelectorAll("[data-testid=stPlotlyChart][data-drawn=yes]"))
    if (!window.order.includes(place)) window.order.push(place)
}).observe(document, { subtree: true, attributeFilter: ["data-drawn"] })
"""
PLACES = "() => [...document.querySelectorAll('[data-testid=stPlotlyChart]')]"


def test_figures_take_the_colours_of_the_theme_as_it_changes(page: Page, server: str):
    open_page(page, f"{server}/halting")
    for scheme, palette in (("dark", DARK), ("light", LIGHT)):
        before = drawn(page, COSTS, COLOUR)
        page.emulate_media(color_scheme=scheme)
        drawn_changes(page, COSTS, COLOUR, before)
        assert drawn(page, COSTS, COLOUR) == palette.text
    no_errors(page)


def test_figures_are_drawn_from_the_top(page: Page, server: str):
    page.add_init_script(FIRST_DRAWN)
    open_page(page, f"{server}/evidence")
    shown = page.evaluate(
        f"() => window.order.map(place => ({PLACES})().indexOf(place)).filter(i => i >= 0)"
    )
    assert len(shown) > 2
    assert shown == sorted(shown)
