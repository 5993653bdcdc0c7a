"""The command film: what it writes, and what it refuses in one sentence."""

import pytest

from corelib.__main__ import main
from corelib.films import film
from corelib.models.ipvae import experiment
from tests.films.decoded import of_gif, of_mp4


def refusal(capsys, *words: object) -> str:
    """The sentence of a command that is refused."""
    assert main(["film", *map(str, words)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    return err.strip()


def test_each_experiment_becomes_a_file(tmp_path, capsys):
    file = tmp_path / "bpc.mp4"
    assert main(["film", "bpc", str(file), "--steps", "3", "--label", "4"]) == 0
    assert f"{file}: 3.3 s, " in capsys.readouterr().out
    read = of_mp4(file.read_bytes())
    assert len(read.pictures) == 33
    assert (read.pictures[0] != read.pictures[4]).any()
    file = tmp_path / "evidence.gif"
    words = ["--networks", "bpan-sequence-streaming-mnist", "--task", "streaming-mnist"]
    assert main(["film", "evidence", str(file), "--image", "3", *words]) == 0
    assert len(of_gif(file.read_bytes()).pictures) == 8
    assert "no sound" not in capsys.readouterr().out, "there was none to lose"


def test_a_gif_of_bars_says_that_its_sound_is_lost(tmp_path, capsys, monkeypatch):
    made = []
    # The pictures are tested elsewhere.
    monkeypatch.setattr(film, "_gif", lambda it: made.append(it) or b"GIF89a")
    words = ["--neuron", "7", "--direction", "90", "--frame-ms", "50", "--seed", "2"]
    file = tmp_path / "bars.gif"
    assert main(["film", "bars", str(file), *words]) == 0
    assert capsys.readouterr().out == f"{file}: 8.0 s, 0 kB; a GIF has no sound, an .mp4 does.\n"
    assert made[0].sound.any()
    assert file.read_bytes() == b"GIF89a"
    monkeypatch.setattr(film, "_mp4", lambda it: b"with sound")
    assert main(["film", "bars", str(tmp_path / "bars.mp4"), *words]) == 0
    assert "no sound" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "contrast", "polarity"), [("", 2.0, "bright"), ("--contrast 0.5 --dark", 0.5, "dark")]
)
def test_the_bar_is_as_it_was_asked_for(words, contrast, polarity, tmp_path, monkeypatch):
    asked, run = [], experiment.run
    monkeypatch.setattr(experiment, "run", lambda model, it: asked.append(it) or run(model, it))
    monkeypatch.setattr(film, "_gif", lambda _: b"GIF89a")
    given = ["--neuron", "7", "--direction", "45", "--seed", "3", *words.split()]
    assert main(["film", "bars", str(tmp_path / "bars.gif"), *given]) == 0
    (it,) = asked
    assert (it.stimulus.contrast, it.stimulus.polarity) == (contrast, polarity)
    assert (it.direction, it.trials, it.seed) == (45, 1, 3)


def test_a_file_that_is_there_is_replaced_only_when_asked(tmp_path, capsys):
    file = tmp_path / "a.gif"
    file.write_bytes(b"mine")
    words = ["bpc", file, "--steps", "1"]
    assert "There is a file" in (text := refusal(capsys, *words))
    assert "--force" in text
    assert file.read_bytes() == b"mine"
    assert main(["film", *map(str, words), "--force"]) == 0
    assert file.read_bytes()[:3] == b"GIF"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["bars", "a.avi"], "'a.avi' is neither: change its ending."),
        (["bars", "nowhere/a.gif"], "There is no folder nowhere; create it, or choose another."),
        (["bars", "a.gif", "--network", "bpc-mnist"], "bpc-mnist is no iterative VAE"),
        (["bars", "a.gif", "--neuron", "999"], "neuron is 999, but should be from 0 to 511."),
        (["bars", "a.gif", "--frame-ms", "0"], "frame_seconds is 0.0, but should be above 0."),
        (["bars", "a.gif", "--seed", "x"], "seed is 'x', but should be a whole number."),
        (["evidence", "a.gif", "--task", "mnist"], "task is 'mnist', but should be one of: "),
        (["evidence", "a.gif", "--networks", "nobody"], "nobody"),
        (["evidence", "a.gif", "--image", "10000"], "image is 10000, but should be from 0 to 9999"),
        (["bpc", "a.gif", "--network", "mlp-mnist"], "mlp-mnist is no predictive coding network"),
        (["bpc", "a.gif", "--label", "12"], "label is 12"),
        (["bpc", "a.gif", "--steps", "-1"], "n_steps is -1"),
        (["cinema"], "There is no film named 'cinema'"),
    ],
)
def test_what_cannot_be_made_is_one_sentence(words, says, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert says in refusal(capsys, *words)
    assert not list(tmp_path.iterdir())


def test_without_pyav_it_says_what_to_install_before_it_computes(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("corelib.cli.film_command.has_mp4", lambda: False)
    assert refusal(capsys, "bars", tmp_path / "a.mp4").endswith("install it with: pip install av")
    # A GIF needs none of it.
    monkeypatch.setattr(film, "_gif", lambda _: b"GIF89a")
    assert main(["film", "bpc", str(tmp_path / "a.gif"), "--steps", "1"]) == 0
