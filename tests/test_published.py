"""Published figures, typed from their sources once more: what the tables show beside ours is this
and nothing else.

No figure here is read from the code. Where a figure of others is added to a table, it has to be
added here, from its source.
"""

import ast
import re
from pathlib import Path

import pandas as pd
import pytest

from corelib.analysis.anytime import Spread
from corelib.reproduce import REPRODUCTIONS, balance, bpan, bpc, claims
from corelib.reproduce.balance_measures import PUBLISHED_GAIN, PUBLISHED_SEVERITIES
from corelib.reproduce.claims_read import summary_of
from corelib.runs.spec import make_spec, resolve

ROOT = Path(__file__).parents[1]

# --- BPAN and its baselines -----------------------------------------------------------------------
# Lahiri and Panwar, Balanced Predictive Attractor Networks for Anytime and Sequential Inference.
# Their README and the files below are those of github.com/jeetblahiri/bpan.

PARAMETERS, ACCURACY = "published parameters", "published accuracy / %"
STEPS, SPEED_UP = "published mean steps", "published speed-up"

ANYTIME = {  # README, "Key Results"
    "BPAN": {PARAMETERS: 152_650, ACCURACY: 97.73, STEPS: 1.51, SPEED_UP: 3.97},
    "ACT": {PARAMETERS: 803_083, ACCURACY: 98.18, STEPS: 2.34, SPEED_UP: 2.56},
    "PonderNet": {PARAMETERS: 803_083, ACCURACY: 98.27, STEPS: 5.95, SPEED_UP: 1.01},
    "Multi-Exit": {PARAMETERS: 614_204, ACCURACY: 98.14, STEPS: 1.11, SPEED_UP: 5.41},
    # The authors' code, run again on MNIST's own split.
    "BPAN, the authors' code run again by us": {ACCURACY: 97.74, STEPS: 1.44},
}

SIZES = {  # README, "Standard Classification (MNIST)"; five seeds
    64: {PARAMETERS: 39_050, ACCURACY: (95.70, 0.12, 5)},
    128: {PARAMETERS: 76_170, ACCURACY: (96.82, 0.10, 5)},
    256: {PARAMETERS: 152_650, ACCURACY: (97.38, 0.12, 5)},
    512: {PARAMETERS: 307_850, ACCURACY: (97.92, 0.08, 5)},
}
SIZES_OF_MLP = {  # the same table
    64: (96.99, 0.09, 5),
    128: (97.65, 0.14, 5),
    256: (98.01, 0.12, 5),
    512: (98.13, 0.02, 5),
}
LOGGED = {  # results/mnist_param_sweep.jsonl: "params" and "best_test_acc" of bpan, and that of mlp
    64: (33_370, 96.49, 97.59),
    128: (69_930, 97.44, 97.87),
    256: (152_650, 97.77, 97.93),
    512: (356_490, 97.93, 98.20),
}

CORRUPTED = {  # "best_test_acc" of bpan and of mlp, by "noise_level"
    # results/mnist_gaussian_robustness.jsonl
    "none": (97.77, 97.93),
    "Gaussian noise, sd 0.1": (97.74, 97.91),
    "Gaussian noise, sd 0.2": (97.64, 97.84),
    "Gaussian noise, sd 0.3": (97.54, 97.77),
    # results/mnist_sp_robustness.jsonl
    "salt and pepper, 5 %": (97.02, 97.33),
    "salt and pepper, 10 %": (95.29, 96.27),
    "salt and pepper, 20 %": (88.51, 92.05),
    "salt and pepper, 30 %": (75.84, 83.38),
    # results/mnist_occ_robustness.jsonl
    "occlusion, side 0.2": (90.99, 92.68),
    "occlusion, side 0.4": (53.49, 53.87),
    "occlusion, side 0.6": (33.90, 30.54),
}

GAIN, CURRENT, VARIANCE = "+6.5 points", "-25 %", "-40 %"  # README, "Balance Regularizer Effects"
BALANCE = {
    "accuracy, published occlusion, side 0.5 / %": (GAIN, "+0.4 to +1.2 points"),
    "mean |recurrent current| / 0.01": (CURRENT, "about -23 %"),
    "mean |balance current| / 0.01": (CURRENT, "about -23 %"),
    "mean |balance current|, E units / 0.01": (CURRENT, "about -23 %"),
    "variance of the balance current / 0.01": (VARIANCE, "about -16 %"),
    "variance of the balance current, E units / 0.01": (VARIANCE, "about -16 %"),
}
"""Published, and what an independent re-run of the authors' code found."""

SEQUENTIAL = {  # README, "Sequential Evidence Integration"
    ("ct-mnist", "BPAN"): {PARAMETERS: 50_250, ACCURACY: 24.98},
    ("ct-mnist", "GRU of 256"): {PARAMETERS: 311_306, ACCURACY: 47.68},
    ("streaming-mnist", "BPAN"): {PARAMETERS: 42_890, ACCURACY: 79.72},
    ("streaming-mnist", "GRU of 256"): {PARAMETERS: 275_978, ACCURACY: 96.84},
}

# --- Bidirectional predictive coding --------------------------------------------------------------

OTHERS, LOSS = "others' accuracy / %", "others' loss x 1000"
BPC = {
    # "Bidirectional PC on MNIST", a tutorial of the library JPC (github.com/thebuckleylab/jpc,
    # examples/bidirectional_pc.ipynb): the lines printed after 100, 200 and 300 updates, 82.952721,
    # 81.881012 and 83.143028. The losses beside them, 0.304481, 0.289191 and 0.255959, are those
    # of one training batch each.
    "tutorial's settings, 100 updates": {OTHERS: 82.95},
    "tutorial's settings, 200 updates": {OTHERS: 81.88},
    "tutorial's settings, 300 updates": {OTHERS: 83.14},
    # An independent re-run with the standard settings in other code.
    "standard settings, one epoch": {OTHERS: 97.2},
    "standard settings, five epochs": {OTHERS: 98.30, LOSS: 284.5},
}

# --- Instructed vision ----------------------------------------------------------------------------
# The code of Abel and Ullman, Biologically inspired learning model for instructed vision (NeurIPS
# 2024, arXiv 2306.02415), run again by us with one seed: 40 epochs of Multi-MNIST, 6 of MNIST.

RERUN = "re-run / %"
BUTD = {
    ("Multi-MNIST", "Counter-Hebb, shared weights"): {
        "left digit, re-run / %": 93.35,
        "right digit, re-run / %": 90.94,
        "left digit after 10 epochs, re-run / %": 91.4,
        "right digit after 10 epochs, re-run / %": 87.9,
    },
    ("MNIST digits", "back-propagation"): {RERUN: 97.80},
    ("MNIST digits", "Counter-Hebb, shared weights"): {RERUN: 97.86},
    ("MNIST digits", "Counter-Hebb, separate weights"): {RERUN: 97.37},
    ("MNIST digits", "feedback alignment"): {RERUN: 97.30},
}

# --- Iterative VAEs -------------------------------------------------------------------------------
# Vafaii, Galor and Yates, Brain-like variational inference (arXiv 2410.19315), on van Hateren's
# images: per cent of the variance explained and of zeros, and K, T and β.

R2, ZEROS, SIZES_OF_VAE = "published R² / %", "published zeros / %", "published K, T, β"
CONVERGED, PLANE = "convergence, t = 1,000", "rate and distortion"
IPVAE = {
    # The comparison of convergence after 1,000 steps.
    (CONVERGED, "iP-VAE, β = 24"): {R2: 83.0, ZEROS: 77.3, SIZES_OF_VAE: "512, 16, 24"},
    (CONVERGED, "iG-relu-VAE, β = 8"): {R2: 82.0, ZEROS: 57.6, SIZES_OF_VAE: "512, 16, 8"},
    (CONVERGED, "iG-VAE, β = 8"): {R2: 87.4, ZEROS: 0.0, SIZES_OF_VAE: "512, 16, 8"},
    # The comparison of rate and distortion with LCA and an amortised Poisson VAE.
    (PLANE, "LCA"): {R2: 82.6, ZEROS: 77.8},
    (PLANE, "amortised P-VAE"): {R2: 69.6, ZEROS: 77.4},
    (PLANE, "iP-VAE, β = 24"): {R2: 82.7, ZEROS: 77.5, SIZES_OF_VAE: "512, 16, 24"},
    # MNIST.
    ("MNIST", "iP-VAE"): {
        R2: 95.1,
        ZEROS: 84.4,
        "published readout / %": 96.46,
        SIZES_OF_VAE: "512, 128, 128",
    },
}
SELECTIVITY = {  # 1 - circular variance for orientation; an iG-VAE's by either of our measures
    "ipvae": 0.85,
    "igvae-relu": 0.27,
    "igvae": 0.15,
    "igvae, size of activity": 0.15,
}

# --- the laws -------------------------------------------------------------------------------------

KEYS = {
    "anytime": ["model"],
    "classification": ["hidden"],
    "controls": ["hidden"],
    "robustness": ["corruption", "model"],
    "balance": ["measure", "arm"],
    "sequential": ["task", "model"],
    "bpc": ["network"],
    "butd": ["data", "rule"],
    "ipvae": ["figure", "model"],
    "selectivity": ["network"],
}
"""The columns that name a row, of the tables that show figures of others."""
OF_OTHERS = re.compile(r"published|logged|others'|re-run|run again")
"""What the names of their columns hold."""

TYPED = {
    "anytime": ANYTIME,
    "classification": {
        hidden: own
        | {"published MLP accuracy / %": SIZES_OF_MLP[hidden]}
        | dict(
            zip(
                ("logged parameters", "logged accuracy / %", "logged MLP accuracy / %"),
                LOGGED[hidden],
                strict=True,
            )
        )
        for hidden, own in SIZES.items()
    },
    "controls": {hidden: SIZES[hidden] for hidden in (64, 128)},
    "robustness": {
        (title, model): {"published / %": accuracy}
        for title, pair in CORRUPTED.items()
        for model, accuracy in zip(("BPAN", "MLP"), pair, strict=True)
    },
    "balance": {
        (measure, "λ_bal = 5e-4"): dict(
            zip(("published", "their code, run again"), pair, strict=True)
        )
        for measure, pair in BALANCE.items()
    },
    "sequential": SEQUENTIAL,
    "bpc": BPC,
    "butd": BUTD,
    "ipvae": IPVAE,
    "selectivity": {name: {"published": figure} for name, figure in SELECTIVITY.items()},
}


def plain(cell):
    """A cell as it is typed here: of one seed the figure alone."""
    if isinstance(cell, Spread):
        return tuple(cell) if cell.n > 1 else cell.mean
    return cell


def shown(table: str) -> dict:
    """The figures of others in a table, by row and column."""
    found: dict = {}
    for row in summary_of(table).to_dict("records"):
        own = {
            column: plain(cell)
            for column, cell in row.items()
            if OF_OTHERS.search(column) and (isinstance(cell, tuple) or not pd.isna(cell))
        }
        if own:
            assert table in KEYS, f"{table} shows figures of others: {own}"
            names = tuple(row[key] for key in KEYS[table])
            # Rows of the same name, such as contrasts, have the same figures.
            assert found.setdefault(names if len(names) > 1 else names[0], own) == own
    return found


@pytest.mark.parametrize("table", [name for name, t in REPRODUCTIONS.items() if t.over_seeds])
def test_a_table_shows_the_published_figures_and_no_others(table):
    assert shown(table) == TYPED.get(table, {})


def test_the_published_point_of_lca_has_a_row_of_its_own():
    (row,) = summary_of("lca").query("dictionary == 'published'").to_dict("records")
    published = IPVAE[PLANE, "LCA"]
    assert (row["R² / %"], row["zeros / %"]) == (published[R2], published[ZEROS])
    assert row["neurons"] == 512


def test_the_table_of_bpan_alone_shows_the_published_figures():
    again = ANYTIME["BPAN, the authors' code run again by us"]
    paper = ANYTIME["BPAN"]
    known = {"paper": paper, "re-run of the authors' code": again}
    typed = {name: (row[ACCURACY], row[STEPS]) for name, row in known.items()}
    assert typed == bpan.PUBLISHED


def test_published_figures_in_notes_are_those_of_the_source():
    assert PUBLISHED_GAIN == 6.5
    published = (
        "25 % less recurrent current, 40 % less balance variance, 6.5 points more under 50 %"
    )
    assert any(published in " ".join(note.split()) for note in balance.NOTES)
    assert any("(0.304, 0.289, 0.256) are of one training batch" in note for note in bpc.NOTES)
    # Severities of the authors' scripts: analyze_balance_regularizer.py and the files of results.
    assert PUBLISHED_SEVERITIES == {
        "gaussian": (0.1, 0.2, 0.3, 0.5, 1.0),
        "salt_pepper": (0.05, 0.1, 0.2, 0.3),
        "occlusion": (0.2, 0.3, 0.4, 0.5, 0.6),
    }


def numbers(table: str) -> set[float]:
    """All published numbers of a table as they are typed here."""
    cells = [cell for row in TYPED.get(table, {}).values() for cell in row.values()]
    values = {cell[0] if isinstance(cell, tuple) else cell for cell in cells}
    texts = {float(cell.split()[0]) for cell in values if re.fullmatch(r"[-+][\d.]+ .*", str(cell))}
    return texts | {float(cell) for cell in values if isinstance(cell, (int, float))}


def test_every_claim_quotes_a_figure_that_is_typed_here():
    typed = {table: numbers(table) for table in TYPED}
    typed["lca"] = {IPVAE[PLANE, "LCA"][R2]}
    # The paper proves that the update equals the gradient: an angle of 0°.
    typed["butd"] |= {0.0}
    quoted = [claim for claim in claims.claims() if claim.published is not None]
    assert len(quoted) > 100
    assert [claim for claim in quoted if claim.published not in typed[claim.table]] == []


HOLDERS = {
    "corelib/reproduce/anytime.py": {"PUBLISHED"},
    "corelib/reproduce/balance_measures.py": {"PUBLISHED_SEVERITIES", "PUBLISHED_GAIN"},
    "corelib/reproduce/bpan.py": {"PUBLISHED"},
    "corelib/reproduce/butd.py": {"RERUN", "RERUN_EARLY"},
    "corelib/reproduce/selectivity.py": {"PUBLISHED"},
    "corelib/reproduce/sequential.py": {"PUBLISHED"},
    "corelib/reproduce/sizes.py": {"PUBLISHED", "LOGGED"},
    # The largest severities of the published corruptions and the sizes of published data sets,
    # which are no results; and settings, which tests/models/ipvae/test_config.py types again.
    "corelib/data/corruption_kinds.py": {"PUBLISHED"},
    "corelib/data/torchvision_sets.py": {"PUBLISHED"},
    "corelib/models/ipvae/config.py": {"_PAPER", "_PAPER_TRAINING"},
}
"""The names that hold numbers of others; each is in a table or a test above."""


def holders(file: Path) -> set[str]:
    """Names of a module that say they hold figures of others, where there are numbers in them."""
    found = set()
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = {n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name)}
            said = {n for n in names if re.search("PUBLISHED|RERUN|LOGGED|REPORTED|PAPER", n)}
            figures = [
                n.value
                for n in ast.walk(node.value)
                if isinstance(n, ast.Constant) and isinstance(n.value, int | float)
            ]
            found |= said if figures else set()
    return found


def test_no_other_name_in_the_code_holds_published_numbers():
    files = [
        f for folder in ("corelib", "dashboard", "pages") for f in (ROOT / folder).rglob("*.py")
    ]
    found = {file.relative_to(ROOT).as_posix(): holders(file) for file in files}
    assert {name: own for name, own in found.items() if own} == HOLDERS


# --- settings -------------------------------------------------------------------------------------

# The defaults of the authors' run_anytime_baselines.py ...
LENGTH = {"epochs": 15, "batch_size": 256, "learning_rate": 1e-3, "n_steps": 6}
OWN = {
    # ... and of each baseline; ε is also that of Graves 2016, section 2.
    "act": {"n_hidden": 256, "tau": 0.01, "epsilon": 0.01},
    "pondernet": {"n_hidden": 256, "lambda_p": 0.3, "beta": 0.01},
    "multi-exit": {"n_hidden": 256},
    # README, "Quick Start". α is that of the code, where the README has 0.5.
    "bpan": {"n_excitatory": 128, "n_inhibitory": 32, "lambda_act": 1e-4, "lambda_bal": 5e-4}
    | {"alpha": 0.2},
}


@pytest.mark.parametrize("system", OWN)
def test_networks_are_trained_as_the_authors_train_them(system):
    resolved = resolve(make_spec(system))
    settings = resolved.config.model_dump() | resolved.training.model_dump()
    expected = LENGTH | OWN[system]
    assert {name: settings[name] for name in expected} == expected
