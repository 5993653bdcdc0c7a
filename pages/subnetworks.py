"""Sub-networks: one network, and the part of it that an instruction selects."""

from dashboard.router import ensure_routed

ensure_routed()

from corelib.data import read_ahead

# The images are read while the libraries are imported.
read_ahead("multi-mnist")

from dashboard.butd.published import PUBLISHED
from dashboard.butd.subnetworks import tabs, view
from dashboard.butd.subnetworks.instruction import draw_instruction
from dashboard.butd.subnetworks.lesions import draw_lesions
from dashboard.butd.subnetworks.third_task import draw_third_task
from dashboard.shell.page import Page, Training, draw_page

draw_page(
    Page(
        name=view.PAGE,
        room="subnetworks",
        view=view.view,
        sentence=view.sentence,
        presets=view.presets,
        main=tabs.draw_main,
        tabs={
            "Layers": tabs.draw_layers,
            "Over training": tabs.draw_over_training,
            "Lesions": draw_lesions,
            "Swap gates": tabs.draw_swapped_gates,
            "Instruction": draw_instruction,
            "Third task": draw_third_task,
        },
        published=PUBLISHED,
        training=Training(view.SYSTEMS, tabs.draw_gates),
        export=lambda v: [v.item],
    )
)
