"""The expected time stands beside Train and Recompute, and follows the settings."""

from streamlit.testing.v1 import AppTest

from corelib.reproduce import anytime
from corelib.runs.slots import thread_count
from corelib.runs.spec import make_spec
from corelib.runs.store import create_run
from corelib.training.events import Began, Stepped
from tests.pages.app import open_page

UNKNOWN = "Expected time: no run of this kind here yet: unknown until it has run for a minute"


def ran(spec, per_update: float, batch: int = 256) -> None:
    """A completed run on 55,000 images that was as fast as this."""
    run = create_run(spec)
    run.append(
        Began(
            step=0,
            total_steps=20,
            steps_per_epoch=-(-55_000 // batch),
            device="cpu",
            threads=thread_count(),
            parameters=1,
        )
    )
    run.append(Stepped(step=20, count=20, seconds=20 * per_update, metrics={"loss": 1.0}))
    run.set_status("completed")


def told(app: AppTest) -> list[str]:
    assert not app.exception
    return [item.value for item in app.caption if item.value.startswith("Expected time")]


def test_train_says_how_long_it_takes_and_follows_the_form(runs_root):
    assert told(open_page("balance", balance_tab="Train")) == [UNKNOWN]
    ran(make_spec("bpan"), per_update=0.1)
    app = open_page("balance", balance_tab="Train")
    # 15 epochs of 215 updates.
    assert told(app) == ["Expected time: about 5 minutes (from 1 run here)"]
    app.number_input(key="balance_training_epochs").set_value(30).run()
    assert told(app) == ["Expected time: about 11 minutes (from 1 run here)"]
    app.number_input(key="balance_network_n_steps").set_value(12).run()
    assert told(app) == ["Expected time: about 22 minutes (from 1 run here of other sizes)"]


def test_recompute_says_how_long_what_is_missing_takes(runs_root, monkeypatch):
    few = anytime.TABLE._replace(seeds=2, specs=lambda seed: [make_spec("bpan", seed=seed)])
    monkeypatch.setattr(anytime, "TABLE", few)
    ask = {"halting_tab": "Published", "halting_table": "anytime"}
    assert told(open_page("halting", **ask)) == [UNKNOWN]
    ran(make_spec("bpan"), per_update=0.1)
    # Seed 0 is trained.
    assert told(open_page("halting", **ask)) == ["Expected time: about 5 minutes (from 1 run here)"]
    ran(make_spec("bpan", seed=1), per_update=0.1)
    assert told(open_page("halting", **ask)) == [
        "Expected time: all networks are trained; only measuring is left"
    ]
