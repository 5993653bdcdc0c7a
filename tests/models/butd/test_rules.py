"""Learning rules: their names, means over seeds, and what the comparison counts."""

import numpy as np
import pytest

from corelib.models.butd.rules import RULES, AngleAndAccuracy, compare, over_seeds, rule_name


def settings(name: str) -> tuple[dict, dict]:
    rule = RULES[name]
    return {"weights": rule.weights}, {
        "rule": rule.rule,
        "weight_decay": rule.weight_decay,
        "noise": 0.0,
    }


@pytest.mark.parametrize("name", RULES)
def test_a_rule_is_identified_by_its_settings(name):
    config, training = settings(name)
    assert rule_name(config, training) == name
    assert rule_name(config, training | {"noise": 0.25}) == f"{name}, noise 0.25"


def test_other_settings_give_other_names():
    config, training = settings("Counter-Hebb, separate weights")
    other = rule_name(config, training | {"weight_decay": 0.5})
    assert other == "Counter-Hebb, separate, decay 0.5"
    config, training = settings("Counter-Hebb, separate, decaying")
    part = rule_name(config, training | {"decays": "feedback"})
    assert part == "Counter-Hebb, separate, decay 0.01 of feedback weights"
    assert rule_name(config, training | {"decays": "all"}) == "Counter-Hebb, separate, decaying"
    config, training = settings("back-propagation")
    assert rule_name({"weights": "separate"}, training) == "back-propagation"
    decaying = rule_name(config, training | {"weight_decay": 0.1, "noise": 2.0})
    assert decaying == "back-propagation, decay 0.1, noise 2"


def test_means_over_seeds_cover_the_epochs_all_seeds_reached():
    runs = [{1: 0.5, 2: 0.7, 4: 0.8}, {2: 0.9, 1: 0.6}, {}, {1: 0.1, 2: 0.2, 3: 0.3}]
    curve = over_seeds(runs)
    assert curve is not None
    assert (curve.epoch.tolist(), curve.n) == ([1, 2], 3)
    for k, values in enumerate(([0.5, 0.6, 0.1], [0.7, 0.9, 0.2])):
        mean = sum(values) / 3
        assert curve.mean[k] == pytest.approx(mean)
        assert curve.sd[k] == pytest.approx((sum((v - mean) ** 2 for v in values) / 2) ** 0.5)
    one = over_seeds([{3: 0.25}])
    assert one is not None
    assert (one.mean.tolist(), one.sd.tolist(), one.n) == ([0.25], [0], 1)
    assert over_seeds([{}, {}]) is None


def test_comparison_matches_counting_pairs_one_by_one():
    rng = np.random.default_rng(0)
    points = {
        f"rule {k}": AngleAndAccuracy(rng.uniform(0, 90, 3), rng.uniform(0.8, 1, 3))
        for k in range(5)
    }
    points["exact"] = AngleAndAccuracy(np.array([0.0, 0.5]), np.array([0.97, 0.98]))
    comparison = compare(points)
    assert comparison.exact == pytest.approx([0.975])
    means = [(p.angle.mean(), p.accuracy.mean()) for k, p in points.items() if k != "exact"]
    pairs = agreeing = 0
    for i in range(5):
        for j in range(i):
            near, far = sorted((means[i], means[j]))
            pairs += 1
            agreeing += near[1] > far[1]
    assert (comparison.pairs, comparison.agreeing) == (pairs, agreeing) == (10, agreeing)
    assert 0 < agreeing < 10
    angles = [m.angle for m in comparison.others.values()]
    assert angles == sorted(angles)
    assert len(angles) == 5
