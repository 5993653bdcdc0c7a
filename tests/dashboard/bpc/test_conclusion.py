from dashboard.bpc.compare import conclusion

READER = {"accuracy": 0.98, "generator loss": 0.06}
MAKER = {"accuracy": 0.95, "generator loss": 0.03}
BOTH = {"accuracy": 0.975, "generator loss": 0.045}


def test_the_one_chosen_is_compared_with_the_best_of_each():
    said = conclusion({"r": READER, "m": MAKER, "own": BOTH}, "own")
    assert "**r** classifies best (98.00\N{NO-BREAK SPACE}%)" in said
    assert "**m** generates best (loss 0.0300), and no network does both" in said
    assert "**own** is 0.50 points behind the one and has 1.50 times" in said
    assert "points behind" not in conclusion({"r": READER, "m": MAKER}, "unknown")


def test_one_network_may_do_both():
    assert conclusion({"r": READER, "one": {"accuracy": 0.99, "generator loss": 0.01}}, "r") == (
        "**one** both classifies best (99.00\N{NO-BREAK SPACE}%) and generates best (loss 0.0100)."
    )
