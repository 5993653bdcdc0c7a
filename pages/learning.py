"""Counter-Hebb learning: updates from a network's own top-down path, against the gradient."""

from dashboard.router import ensure_routed

ensure_routed()

from corelib.data import read_ahead

# The images are read while the libraries are imported.
read_ahead()

from dashboard.butd.learning import rules, tabs, view
from dashboard.butd.learning.comparison import draw_rules
from dashboard.butd.published import PUBLISHED
from dashboard.shell.page import Page, Training, draw_page

draw_page(
    Page(
        name=view.PAGE,
        room="learning",
        view=view.view,
        sentence=view.sentence,
        presets=view.presets,
        main=tabs.draw_main,
        tabs={
            "Difference": tabs.draw_difference,
            "Rules": draw_rules,
            "Forward and feedback": tabs.draw_forward_and_feedback,
        },
        published=PUBLISHED,
        training=Training((rules.SYSTEM,), tabs.draw_training),
        export=lambda v: [v.item],
        always=("Rules",),
    )
)
