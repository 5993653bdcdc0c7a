"""Without gradients softplus(theta) is kept from call to call; it must never be out of date."""

import copy
import pickle

import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from corelib.models.bpan import BPAN
from corelib.models.bpan.dynamics import softplus
from corelib.training.adam import Adam


def make(seed: int = 0) -> BPAN:
    torch.manual_seed(seed)
    return BPAN(input_dim=5, n_excitatory=4, n_inhibitory=3, n_classes=3, n_steps=3)


def inputs(model: BPAN) -> Tensor:
    return torch.ones(2, 5, dtype=model.theta.dtype)


def train(model: BPAN) -> None:
    optimiser = Adam(model, 0.1)
    model.compute_loss(inputs(model), torch.tensor([0, 1])).backward()
    optimiser.step()


def load(model: BPAN) -> None:
    model.load_state_dict(make(1).state_dict())


@torch.no_grad()
def edit(model: BPAN) -> None:
    model.theta[0, 1] += 0.5


def edit_data(model: BPAN) -> None:
    model.theta.data[1, 2] -= 0.5


def edit_with_numpy(model: BPAN) -> None:
    model.theta.detach().numpy()[2, 0] += 0.25


def swap_data(model: BPAN) -> None:
    model.theta.data = model.theta.data + 1


def replace(model: BPAN) -> None:
    model.theta = nn.Parameter(model.theta.detach().flip(0))


@torch.no_grad()
def transpose(model: BPAN) -> None:
    """The same bytes in memory as before, in another order."""
    model.theta.data = model.theta.data.T


@torch.inference_mode()
def infer(model: BPAN) -> None:
    model.weights()


@torch.no_grad()
def spoil_what_was_given(model: BPAN) -> None:
    model.weights().recurrent.fill_(7)
    model.weights(inhibition_gain=0.5).recurrent.zero_()
    model.weights(lesioned=torch.arange(7) < 2).recurrent.zero_()


def with_gradients(model: BPAN) -> None:
    assert model.weights().recurrent.requires_grad


CHANGES = [
    train,
    load,
    edit,
    edit_data,
    edit_with_numpy,
    swap_data,
    replace,
    transpose,
    infer,
    spoil_what_was_given,
    with_gradients,
    BPAN.double,
    BPAN.float,
    BPAN.bfloat16,
]
COPIES = [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model)), lambda model: model]


@torch.no_grad()
def assert_up_to_date(model: BPAN) -> None:
    truth = softplus(model.theta) * model.scale
    assert torch.equal(model.weights().recurrent, truth)
    assert torch.equal(model.weights().recurrent, truth), "now kept"
    kept = (torch.arange(7) >= 2).to(truth.dtype)
    lesioned = model.weights(lesioned=torch.arange(7) < 2).recurrent
    assert torch.equal(lesioned, truth * kept[:, None] * kept)
    answers = model.forward_anytime(inputs(model), 1.0)
    assert torch.equal(answers.logits, model.forward_anytime(inputs(model), 1.0, None).logits)
    fresh = model.weights()._replace(recurrent=truth)
    assert torch.equal(answers.logits, model.forward_anytime(inputs(model), 1.0, fresh).logits)


@given(
    st.lists(st.tuples(st.sampled_from(CHANGES), st.sampled_from(COPIES)), min_size=1, max_size=6)
)
def test_the_weights_follow_whatever_is_done_to_theta(changes):
    model = make()
    assert_up_to_date(model)
    for change, duplicate in changes:
        other = duplicate(model)
        change(other)
        assert_up_to_date(other)
        assert_up_to_date(model)
        model = other


def test_they_are_computed_once(monkeypatch):
    model, calls = make(), []
    monkeypatch.setattr(
        "corelib.models.bpan.network.softplus", lambda theta: calls.append(1) or softplus(theta)
    )
    for _ in range(3):
        model.forward_anytime(inputs(model))
    assert len(calls) == 1
    model.weights()
    assert len(calls) == 2, "with gradients always anew"


def test_values_that_are_no_numbers_are_kept_too():
    model = make()
    with torch.no_grad():
        model.theta[0, 0] = torch.nan
        for _ in range(2):
            recurrent = model.weights().recurrent
            assert recurrent.isnan().sum() == 1


def test_parameters_put_in_for_a_call_are_used():
    model, others = make(), [make(seed) for seed in (1, 2)]
    stacked = {
        name: torch.stack([dict(other.named_parameters())[name].detach() for other in others])
        for name, _ in model.named_parameters()
    }
    x = inputs(model)
    with torch.no_grad():
        model(x)

        def call(parameters: dict[str, Tensor]) -> Tensor:
            return torch.func.functional_call(model, parameters, (x,))

        truth = torch.stack([other(x) for other in others])
        torch.testing.assert_close(torch.func.vmap(call)(stacked), truth)
        assert torch.equal(call({k: v[1] for k, v in stacked.items()}), truth[1])
