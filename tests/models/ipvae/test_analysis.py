"""Measures of codes against closed forms."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from corelib.models.ipvae import analysis, inference
from tests.models.ipvae.small import make


def test_features_are_the_columns_of_the_decoder():
    model = make("iP")
    features = analysis.features(model)
    assert features.shape == (5, 3, 3)
    assert features[2, 1, 0] == model.decoder[3, 2]


def test_the_most_similar_feature_has_the_largest_cosine():
    rng = np.random.default_rng(2)
    fields = rng.normal(size=(7, 4, 4))
    fields[3] = 0
    field = rng.normal(size=(4, 4))

    def cosine(other):
        size = np.sqrt((field**2).sum() * (other**2).sum())
        return abs((field * other).sum()) / size if size else 0.0

    assert analysis.most_similar_feature(field, fields) == max(
        range(7), key=lambda k: cosine(fields[k])
    )
    # Either sign and any length.
    assert analysis.most_similar_feature(-0.1 * fields[5], fields) == 5


def test_sparsity_at_the_extremes():
    one = np.zeros((50, 1))
    one[7] = 3
    assert analysis.lifetime_sparsity(one) == pytest.approx([1])
    assert analysis.lifetime_sparsity(np.full((50, 1), 2.0)) == pytest.approx([0])
    assert np.isnan(analysis.lifetime_sparsity(np.zeros((50, 1)))).all()
    # A fraction a of equal answers: (1 - a) / (1 - 1 / n).
    part = np.zeros((40, 1))
    part[:10] = 1.5
    assert analysis.lifetime_sparsity(part) == pytest.approx([0.75 / (1 - 1 / 40)])


def test_population_sparsity_is_lifetime_sparsity_transposed():
    rates = np.random.default_rng(0).exponential(size=(6, 9))
    sparsity = analysis.population_sparsity(rates)
    assert sparsity.shape == (6,)
    np.testing.assert_allclose(sparsity, analysis.lifetime_sparsity(rates.T))
    # Of exponential numbers mean² / mean of squares is a half.
    # By the delta method its standard error is 0.5 / √n.
    many = np.random.default_rng(0).exponential(size=(2, 100_000))
    error = 0.5 / np.sqrt(100_000)
    assert analysis.population_sparsity(many) == pytest.approx([0.5, 0.5], abs=5 * error)


def test_encoding_is_inference_in_chunks(monkeypatch):
    monkeypatch.setattr(analysis, "CHUNK", 4)
    model = make("iP")
    x = torch.randn(10, 9, dtype=torch.float64)
    code = analysis.encode(model, x, 6, seed=3)
    parts = [
        inference.run_inference(model, some, 6, seed=3 + k) for k, some in enumerate(x.split(4))
    ]
    np.testing.assert_array_equal(code.rate, np.concatenate([p.rate for p in parts]))
    for name in ("r2", "zeros", "change"):
        truth = sum(n * getattr(p, name) for n, p in zip((4, 4, 2), parts, strict=True)) / 10
        np.testing.assert_allclose(getattr(code, name), truth, rtol=1e-6)


def test_a_readout_separates_classes_only_if_the_code_does():
    rng = np.random.default_rng(0)
    labels = rng.integers(3, size=600)
    code = rng.normal(size=(600, 4)) * 0.3
    code[:, :3] += np.eye(3)[labels] * 2
    readout = analysis.read_out(code[:400], labels[:400], code[400:], labels[400:])
    assert readout.accuracy > 0.98
    assert readout.accuracy == (readout.predicted == labels[400:]).mean()
    shuffled = rng.permutation(labels)
    none = analysis.read_out(code[:400], shuffled[:400], code[400:], shuffled[400:])
    assert none.accuracy < 0.5


def test_a_readout_is_regularised_as_held_out_training_images_ask():
    rng = np.random.default_rng(1)
    labels = rng.integers(2, size=300)
    # One weak sign of the class among much noise: weights must be small.
    code = 3 * rng.normal(size=(300, 60))
    code[:, 0] += labels
    readout = analysis.read_out(code[:100], labels[:100], code[100:], labels[100:])
    held_out = {
        strength: LogisticRegression(max_iter=300, C=strength)
        .fit(code[:80], labels[:80])
        .score(code[80:100], labels[80:100])
        for strength in analysis.STRENGTHS
    }
    assert held_out[readout.strength] == max(held_out.values()) > held_out[1.0]
    truth = LogisticRegression(max_iter=300, C=readout.strength).fit(code[:100], labels[:100])
    np.testing.assert_array_equal(readout.predicted, truth.predict(code[100:]))


def test_without_lesions_the_named_neurons():
    model = make("iP")
    assert analysis.without(model, [1, 3]).lesioned.tolist() == [False, True, False, True, False]
