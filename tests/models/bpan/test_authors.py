"""The authors' files of BPAN and its baselines against their equations, written out slowly."""

import numpy as np
import pytest
import torch

from corelib.errors import CheckpointError, SettingsError
from corelib.models.bpan import authors
from corelib.training.foreign import Described, Imported
from tests.models.imported import network
from tests.reference.baselines import sigmoid

N_E, N_I, D, C, H, T = 6, 3, 7, 4, 5, 6
SHAPES = {
    "bpan": {
        "ei_layer.theta_EE": (N_E, N_E),
        "ei_layer.theta_EI": (N_E, N_I),
        "ei_layer.theta_IE": (N_I, N_E),
        "ei_layer.theta_II": (N_I, N_I),
        "ei_layer.W_XE.weight": (N_E, D),
        "ei_layer.W_XE.bias": (N_E,),
        "ei_layer.W_XI.weight": (N_I, D),
        "ei_layer.W_XI.bias": (N_I,),
        "ei_layer.b_e": (N_E,),
        "ei_layer.b_i": (N_I,),
        "readout.weight": (C, N_E),
        "readout.bias": (C,),
    },
    "act": {
        "act_cell.rnn_cell.weight_ih": (3 * H, D),
        "act_cell.rnn_cell.bias_ih": (3 * H,),
        "act_cell.rnn_cell.weight_hh": (3 * H, H),
        "act_cell.rnn_cell.bias_hh": (3 * H,),
        "act_cell.halt_linear.weight": (1, H),
        "act_cell.halt_linear.bias": (1,),
        "readout.weight": (C, H),
        "readout.bias": (C,),
    },
    "multi-exit": {
        "input_proj.weight": (H, D),
        "input_proj.bias": (H,),
        **{
            name.format(k): shape
            for k in range(3)
            for name, shape in {
                "blocks.{}.0.weight": (H, H),
                "blocks.{}.0.bias": (H,),
                "blocks.{}.2.weight": (H,),
                "blocks.{}.2.bias": (H,),
                "exit_heads.{}.weight": (C, H),
                "exit_heads.{}.bias": (C,),
            }.items()
        },
    },
}
SHAPES["pondernet"] = {k.removeprefix("act_cell."): s for k, s in SHAPES["act"].items()}


def drawn(kind: str, dtype: torch.dtype = torch.float64) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(len(kind))
    return {
        name: torch.randn(shape, generator=generator, dtype=torch.float64).to(dtype) * 0.7
        for name, shape in SHAPES[kind].items()
    }


def read(kind: str, state: dict, found: dict | None = None) -> Imported:
    form = next(form for form in authors.FORMS if kind in form.systems)
    assert form.matches(state)
    return form.read(state, found or {}, "")


def images() -> torch.Tensor:
    return torch.randn(5, D, dtype=torch.float64, generator=torch.Generator().manual_seed(9))


def bpan_logits(x: np.ndarray, p: dict[str, np.ndarray], dale: bool) -> np.ndarray:
    """(step, class): ``BalancedEILayer.get_weights`` and ``step`` of the authors' models.py."""
    blocks = {to + source: p[f"ei_layer.theta_{to}{source}"] for to in "EI" for source in "EI"}
    if dale:
        softplus = {name: np.log(1 + np.exp(theta)) for name, theta in blocks.items()}
        blocks = {
            name: softplus[name] / N_E if name[1] == "E" else -softplus[name] / N_I
            for name in softplus
        }
    e, i, logits = np.zeros(N_E), np.zeros(N_I), []
    for _ in range(T):
        r_e, r_i = np.maximum(e, 0), np.maximum(i, 0)
        net_e = blocks["EE"] @ r_e + blocks["EI"] @ r_i + p["ei_layer.b_e"]
        net_i = blocks["IE"] @ r_e + blocks["II"] @ r_i + p["ei_layer.b_i"]
        net_e = net_e + p["ei_layer.W_XE.weight"] @ x + p["ei_layer.W_XE.bias"]
        net_i = net_i + p["ei_layer.W_XI.weight"] @ x + p["ei_layer.W_XI.bias"]
        e, i = 0.8 * e + 0.2 * net_e, 0.8 * i + 0.2 * net_i
        logits.append(p["readout.weight"] @ np.maximum(e, 0) + p["readout.bias"])
    return np.array(logits)


@pytest.mark.parametrize("dale", [True, False])
def test_a_bpan_answers_as_the_authors_code(dale):
    state = drawn("bpan")
    model = network(read("bpan", state, {} if dale else {"use_dales": False}))
    ours = model(images()).detach().numpy()
    p = {name: tensor.numpy() for name, tensor in state.items()}
    theirs = np.array([bpan_logits(x, p, dale) for x in images().numpy()])
    assert np.abs(ours - theirs).max() < 1e-10
    assert np.abs(theirs).max() > 0.1


def gru_states(x: np.ndarray, p: dict[str, np.ndarray], prefix: str) -> list[np.ndarray]:
    """``torch.nn.GRUCell`` after each of T updates on the same input, from 0."""
    w, c, u, b = (
        np.split(p[f"{prefix}rnn_cell.{name}"], 3)
        for name in ("weight_ih", "bias_ih", "weight_hh", "bias_hh")
    )
    h, states = np.zeros(H), []
    for _ in range(T):
        r, z = (sigmoid(w[k] @ x + c[k] + u[k] @ h + b[k]) for k in (0, 1))
        n = np.tanh(w[2] @ x + c[2] + r * (u[2] @ h + b[2]))
        h = (1 - z) * n + z * h
        states.append(h)
    return states


def test_an_act_that_halts_answers_as_the_authors_code():
    state = drawn("act")
    state["act_cell.halt_linear.bias"] += 0.5
    p = {name: tensor.numpy() for name, tensor in state.items()}
    model = network(read("act", state))
    ours = model(images())[:, -1].detach().numpy()
    for x, answer in zip(images().numpy(), ours, strict=True):
        used, mixed = 0.0, np.zeros(H)
        for h in gru_states(x, p, "act_cell."):
            halting = sigmoid(
                p["act_cell.halt_linear.weight"][0] @ h + p["act_cell.halt_linear.bias"][0]
            )
            if used + halting >= 1 - 0.01:
                mixed, used = mixed + (1 - used) * h, 1.0
                break
            mixed, used = mixed + halting * h, used + halting
        assert used == 1.0, "this sample should have halted"
        assert np.abs(p["readout.weight"] @ mixed + p["readout.bias"] - answer).max() < 1e-10


def test_a_pondernet_has_the_authors_answers_and_halting_distribution():
    state = drawn("pondernet")
    p = {name: tensor.numpy() for name, tensor in state.items()}
    logits, log_p = network(read("pondernet", state)).ponder(images())
    for k, x in enumerate(images().numpy()):
        left, halting = 1.0, []
        for t, h in enumerate(gru_states(x, p, "")):
            answer = p["readout.weight"] @ h + p["readout.bias"]
            assert np.abs(logits[k, t].detach().numpy() - answer).max() < 1e-10
            now = sigmoid(p["halt_linear.weight"][0] @ h + p["halt_linear.bias"][0])
            halting.append(left * now)
            left *= 1 - now
        theirs = np.array(halting) / sum(halting)
        assert np.abs(log_p[k].detach().exp().numpy() - theirs).max() < 1e-10


def test_a_multi_exit_network_answers_as_the_authors_code():
    state = drawn("multi-exit")
    model = network(read("multi-exit", state))
    ours = model(images()).detach()
    hidden = torch.nn.functional.linear(
        images(), state["input_proj.weight"], state["input_proj.bias"]
    ).relu()
    for k in range(3):
        block = torch.nn.Sequential(
            torch.nn.Linear(H, H), torch.nn.ReLU(), torch.nn.LayerNorm(H)
        ).double()
        block.load_state_dict(
            {n.removeprefix(f"blocks.{k}."): t for n, t in state.items() if f"blocks.{k}." in n}
        )
        hidden = hidden + block(hidden)
        logits = hidden @ state[f"exit_heads.{k}.weight"].T + state[f"exit_heads.{k}.bias"]
        assert (ours[:, k] - logits).abs().max() < 1e-10


@pytest.mark.parametrize("dale", [True, False])
def test_what_is_written_is_what_was_read(dale):
    state = drawn("bpan", torch.float32)
    imported = read("bpan", state, {"use_dales": dale, "T": 9, "lambda_bal": 0.25})
    assert imported.training == {"lambda_bal": 0.25}
    described = Described("bpan", imported.config.model_dump(), imported.training, "mnist")
    form = authors.FORMS[0]
    written = form.write(imported.tensors, described)
    assert written.content.keys() == state.keys()
    assert all(torch.equal(written.content[name], state[name]) for name in state)
    again = form.read(written.content, written.settings, "")
    assert again.config == imported.config
    assert again.config.n_steps == 9
    assert again.config.dale is dale


@pytest.mark.parametrize("kind", list(SHAPES))
def test_each_key_that_does_not_fit_is_named(kind):
    state = drawn(kind)
    first, second = list(state)[1], list(state)[-1]
    # What a form is told by stays, and what its sizes are read from.
    lacking = {name: t for name, t in state.items() if name != second} | {"spare.weight": images()}
    with pytest.raises(CheckpointError) as caught:
        read(kind, lacking)
    assert f"{second} is missing" in str(caught.value)
    assert "spare.weight is not known" in str(caught.value)
    with pytest.raises(CheckpointError) as caught:
        read(kind, {**state, first: torch.zeros(2, 3, 5), second: torch.zeros(11)})
    assert f"{second} is (11), but should be ({C})" in str(caught.value)
    with pytest.raises(CheckpointError, match=r"holds torch.int64, but should hold torch.float32"):
        read(kind, {**state, second: torch.zeros(C, dtype=torch.int64)})


def test_what_the_settings_say_must_fit_the_tensors():
    state = drawn("bpan")
    with pytest.raises(CheckpointError, match="n_excitatory is 64 in the settings, but 6"):
        read("bpan", state, {"n_exc": 64})
    with pytest.raises(SettingsError, match="has no setting named pace"):
        read("bpan", state, {"pace": 64})
    with pytest.raises(SettingsError, match="alpha is 3, but should be"):
        read("bpan", state, {"dt": 3})
    assert read("bpan", state).assumed == ("n_steps = 6", "alpha = 0.2", "dale = True")


def test_a_cell_that_is_no_gru_is_refused():
    state = drawn("act")
    state["act_cell.rnn_cell.weight_ih"] = torch.zeros(4 * H, D)
    with pytest.raises(CheckpointError, match=r"weight_ih is \(20, 7\), but should be \(15, 7\)"):
        read("act", state)


def test_a_network_that_reads_sequences_is_asked_for():
    form = authors.FORMS[0]
    imported = form.read(drawn("bpan"), {}, "bpan-sequence")
    assert imported.system == "bpan-sequence"
    x = torch.randn(2, 3, D, dtype=torch.float64)
    assert network(imported)(x).shape == (2, 3, C)
