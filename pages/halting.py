"""Halting: which networks answer early, how early, and what that is worth."""

from dashboard.router import ensure_routed

ensure_routed()

from corelib.data import read_ahead

# The images are read while the libraries are imported.
read_ahead()

from dashboard.bpan.halting import examples, tabs, view
from dashboard.shell.page import Page, Published, Training, draw_page

draw_page(
    Page(
        name=view.PAGE,
        room="halting",
        view=view.view,
        sentence=view.sentence,
        presets=view.presets,
        main=tabs.draw_main,
        tabs={
            "Numbers": tabs.draw_numbers,
            examples.EXAMPLES: examples.draw_examples,
            "By class and difficulty": tabs.draw_groups,
            "Recurrence": tabs.draw_recurrence,
            "Calibration": tabs.draw_calibration,
            "Clock": tabs.draw_clock,
        },
        published=Published(("anytime", "classification", "controls")),
        training=Training(view.SYSTEMS),
        export=lambda v: v.items,
        about_first=True,
    )
)
