"""BPC digits: one network that classifies digits, generates them, and fills in hidden pixels."""

from dashboard.router import ensure_routed

ensure_routed()

from corelib.data import read_ahead

# The images are read while the libraries are imported.
read_ahead()

from dashboard.bpc import classify, compare, completion, generate, inference, training, view
from dashboard.shell.page import Page, Published, Training, draw_page

draw_page(
    Page(
        name=view.PAGE,
        room="bpc",
        view=view.view,
        sentence=view.sentence,
        presets=view.presets,
        main=lambda v: None,  # each tab has a main figure of its own
        tabs={
            "Generate": generate.draw_generate,
            "Classify": classify.draw_classify,
            "Inference": inference.draw_inference,
            "Complete": completion.draw_completion,
            "Compare": compare.draw_compare,
        },
        published=Published(("bpc", "bpc-variety", "bpc-completion", "bpc-depth")),
        training=Training(view.SYSTEMS, training.draw_learning),
        export=lambda v: [v.item],
    )
)
