"""The command line: what it prints, its exit codes, and that what it starts is what was asked."""

import io
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import threading
import tomllib
from contextlib import redirect_stderr, redirect_stdout, suppress
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import assume, given, reject
from hypothesis import strategies as st

from corelib.__main__ import main
from corelib.catalog import SYSTEMS
from corelib.cli import follow as following
from corelib.cli.commands import COMMANDS
from corelib.cli.parse import Group, UsageError, parse, value_of
from corelib.data import DATASETS, fashion_mnist
from corelib.errors import DataError, RunError, SettingsError
from corelib.reproduce import expected, results
from corelib.runs.progress import Bar
from corelib.runs.registry import shipped
from corelib.runs.slots import thread_count
from corelib.runs.spec import as_command, make_spec, read_spec
from corelib.runs.store import Run, create_run, find_run, list_runs
from corelib.training.card import read_card
from corelib.training.checkpoint import read_tensors
from corelib.training.events import Began, Stepped
from corelib.words import percent
from tests.runs.conftest import wait_until

ROOT = Path(__file__).parents[1]
TINY = shlex.split("--n-excitatory 8 --n-inhibitory 2 --n-steps 2 --batch-size 5000")
PER_EPOCH = 11
UNKNOWN = "no run of this kind here yet: unknown until it has run for a minute"
BOX = re.compile("[╭╮╰╯│─]")


def spawn(*words, **more):
    """The real thing, in a process of its own."""
    return subprocess.Popen(
        # A shell's background job ignores Ctrl-C, and so would all that it starts.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        args=[sys.executable, "-m", "corelib", *words],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **more,
        encoding="utf-8",
    )


def finish(process, seconds=120):
    out, err = process.communicate(timeout=seconds)
    return process.returncode, out, err


def one_sentence(err):
    """The one line on stderr; fails if it is more, or less, than a sentence."""
    assert err.endswith("\n")
    assert err.count("\n") == 1
    assert "Traceback" not in err
    assert not BOX.search(err)
    return err.strip()


def leaves(group=COMMANDS, path=()):
    for word, command in group.commands.items():
        if isinstance(command, Group):
            yield (*path, word)
            yield from leaves(command, (*path, word))
        else:
            yield (*path, word)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A tiny completed training: its run, exit code, stdout, stderr."""
    root = tmp_path_factory.mktemp("cli") / "runs"
    env = {**os.environ, "SYNAPTARIUM_RUNS": str(root), "SYNAPTARIUM_SLOTS": "1"}
    words = ["train", "bpan", *TINY, "--epochs", "2", "--no-dale", "--seed", "3"]
    code, out, err = finish(spawn(*words, env=env))
    (folder,) = (f for f in root.iterdir() if not f.name.startswith("."))
    return Run(folder), code, out, err


@pytest.fixture
def trained_run(trained, monkeypatch):
    """The run of ``trained``, for tests that change nothing of it."""
    run = trained[0]
    monkeypatch.setenv("SYNAPTARIUM_RUNS", str(run.folder.parent))
    return run


# Help and what it costs


@pytest.mark.parametrize("words", [(), *leaves()], ids=" ".join)
@pytest.mark.parametrize("ask", ["--help", "-h"])
def test_every_command_has_help(words, ask, capsys):
    assert main([*words, ask]) == 0
    out, err = capsys.readouterr()
    assert out.startswith(f"usage: {' '.join(('python -m corelib', *words))}")
    assert err == ""


@pytest.mark.parametrize("name", SYSTEMS)
def test_help_shows_every_setting_with_bounds_and_default(name, capsys):
    main(["train", name, "--help"])
    out = " ".join(BOX.sub(" ", capsys.readouterr().out).split())
    for kind in (SYSTEMS[name].config_type, SYSTEMS[name].training_type):
        for info in kind.infos():
            option = f"--{info.name.replace('_', '-')}"
            if info.from_data:
                assert option not in out
                continue
            start = out.index(option)
            entry = out[start : out.index("(default:", start) + 40]
            assert info.help[:30] in entry
            # Words with a space come in quotes.
            shown = (
                shlex.quote(str(info.default))
                if info.kind == "text" and info.default
                else info.default
            )
            assert f"(default: {shown})" in entry
            for bound in (info.lower, info.upper):
                assert bound is None or f"{int(bound):,}".split(",")[0] in entry


def test_there_is_one_train_command_for_each_system():
    assert list(COMMANDS.commands["train"].commands) == list(SYSTEMS)


def test_light_commands_import_no_torch(runs_root):
    script = """
import sys
from corelib.__main__ import main
for words in sys.argv[1:]:
    main(words.split())
    heavy = {"torch", "torchvision", "pandas", "numpy.testing"} & set(sys.modules)
    assert not heavy, (words, heavy)
    print("light:", words)
"""
    light = ["--help", "train bpan --help", "train bpan --n-steps 0", "runs list", "--version"]
    light += ["runs show nothing", "evaluate nothing", "data mnist", "reproduce", "train --spec no"]
    done = subprocess.run(
        [sys.executable, "-c", script, *light],
        cwd=ROOT,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("light:") == len(light)


def test_version_is_that_of_the_project(capsys):
    assert main(["--version"]) == 0
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"][
        "version"
    ]
    assert capsys.readouterr().out.startswith(f"synaptarium {version} (python 3.")


# Errors

WRONG = [
    (
        "",
        "needs the name of a command; there are: app, train, evaluate, runs, sweep, checkpoints, "
        "import, export, data, film, reproduce and report",
    ),
    ("trian", "There is no command named 'trian', the nearest is train"),
    ("--epochs 3", "name a command before options"),
    ("train", "needs the name of a system; there are: bpan"),
    ("train nosuch", "There is no system named 'nosuch'; there are: bpan"),
    ("train --epochs 3 bpan", "name a system before options: bpan"),
    ("train --sepc f", "the nearest is --spec"),
    ("train --spec", "needs a value after --spec"),
    ("train --detach", "train needs --spec"),
    ("train --spec no/such.json", "There is no file no/such.json."),
    ("train bpan --n-steps 0", "n_steps is 0, but should be greater than or equal to 1."),
    ("train bpan --n-steps 2.5", "n_steps is '2.5', but should be a valid integer"),
    ("train bpan --n-stepz 3", "no option --n-stepz, the nearest is --n-steps"),
    ("train bpan --lambda_ball=3", "no option --lambda_ball, the nearest is --lambda-bal"),
    ("train bpan --epochs abc", "epochs is 'abc', but should be a valid integer"),
    ("train bpan --epochs=", "epochs is '', but should be a valid integer"),
    ("train bpan --epochs", "needs a value after --epochs"),
    ("train bpan --epochs --seed 3", "needs a value after --epochs"),
    ("train bpan --alpha nan", "alpha is nan, but should be a finite number"),
    ("train bpan --alpha -0.5", "alpha is -0.5, but should be greater than 0"),
    ("train bpan --ce foo", "ce is 'foo', but should be 'time' or 'final'"),
    ("train bpan --dataset foo", "dataset is 'foo', but should be 'mnist', 'fashion-mnist', 'cif"),
    (
        "train bpan --dataset ct-mnist",
        "dataset is 'ct-mnist', but should be 'mnist', 'fashion-mnist', 'cif",
    ),
    (
        "train gru-sequence --dataset mnist",
        "dataset is 'mnist', but should be 'ct-mnist', 'ct-mnist-located',",
    ),
    ("train bpan --input-dim 784", "train bpan has no option --input-dim"),
    ("evaluate bpan-mnist --dataset ct-mnist", "bpan-mnist reads images, but ct-mnist holds seq"),
    ("train bpan --seed -1", "seed is -1, but should be greater than or equal to 0"),
    ("train bpan --variant a-b", "variant is 'a-b', but should hold only letters"),
    ("train bpan --dale=False", "does not take the word 'False'"),
    ("train bpan mnist", "does not take the word 'mnist'"),
    ("evaluate", "evaluate needs RUN"),
    ("evaluate nosuch", "There is no checkpoint named 'nosuch'"),
    ("evaluate bpan-mnist --split train", "split is 'train', but should be 'test' or 'validation'"),
    ("evaluate bpan-mnist --dataset foo", "There is no data set named 'foo'"),
    ("evaluate ../../etc", "There is no checkpoint"),
    ("runs", "needs the name of a command; there are: list, show"),
    ("runs lst", "There is no command named 'lst', the nearest is list"),
    ("runs show", "runs show needs RUN"),
    ("runs show nosuch", "There is no run named 'nosuch'"),
    ("runs cancel nosuch", "There is no run named 'nosuch'"),
    ("runs export bpan-mnist", "runs export needs RUN and FOLDER"),
    ("runs remove nosuch --yes", "There is no run named 'nosuch'"),
    ("data", "data needs the name of a command or data set; there are: add, list, show, remove, "),
    ("data foo", "There is no command or data set named 'foo'; there are: add, list, show, "),
    ("data add somewhere", "data add needs PATH and --name"),
    ("data add /nosuch --name mine", "There is no file or folder /nosuch"),
    ("data show nosuch", "There are no images of your own named 'nosuch'"),
    ("data remove nosuch", "There are no images of your own named 'nosuch'"),
    ("reproduce nosuch", "There is no reproduction named 'nosuch'; there are: bpan"),
]


@pytest.mark.parametrize(("words", "says"), WRONG, ids=[w or "nothing" for w, _ in WRONG])
def test_what_is_wrong_is_one_sentence_and_exit_code_2(words, says, runs_root, capsys):
    assert main(words.split()) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert says in one_sentence(err)
    assert list(list_runs()) == []


@pytest.mark.parametrize(
    "words", [["train", "bpan", "--n-steps", "0"], ["train", "bpan", "--n-stepz"], ["trian"]]
)
def test_errors_of_the_real_process(words):
    code, out, err = finish(spawn(*words))
    assert (code, out) == (2, "")
    one_sentence(err)


WORDS = shlex.split(
    "train bpan runs list show evaluate data reproduce remove export --epochs --n-steps --dale "
    "--no-dale --seed --spec --detach --json --no-json --yes --csv --help -h -- - 3 -1 1e-3 x -x θ "
    "--x=1 --epochs=3 --run --network.n-steps --n_steps --tyro-print-completion"
)


def parse_or_refuse(words):
    """The command, or the sentence of a ``UsageError``, or None when help was asked."""
    try:
        return parse(COMMANDS, words)
    except UsageError as error:
        return str(error)
    except SystemExit as end:
        return end.code or None


@given(st.lists(st.sampled_from([*WORDS, ""]), max_size=6))
def test_any_words_make_a_command_a_sentence_or_help(words):
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        made = parse_or_refuse(words)
    assert err.getvalue() == ""
    if made is None:
        assert {"-h", "--help"} & set(words)
        assert out.getvalue().startswith("usage: ")
    else:
        assert out.getvalue() == ""
        assert callable(made) or re.fullmatch(r"\S.*", made)


def test_a_closed_pipe_is_quiet():
    for words in (["reproduce"], ["train", "bpan", "--help"]):
        process = spawn(*words)
        process.stdout.close()
        assert process.wait(timeout=60) in (0, 1)
        assert process.stderr.read() == ""
        process.stderr.close()


def test_a_disk_that_refuses_is_one_sentence(tmp_path, monkeypatch, capsys):
    (tmp_path / "file").write_text("", encoding="utf-8")
    monkeypatch.setenv("SYNAPTARIUM_RUNS", str(tmp_path / "file" / "runs"))
    assert main(["train", "bpan", *TINY]) == 2
    assert "Disk or system error" in one_sentence(capsys.readouterr().err)


# The command that repeats a run


def values(info):
    if info.kind == "bool":
        return st.booleans()
    if info.kind == "choice":
        return st.sampled_from(info.choices)
    if info.kind == "int":
        return st.integers(info.lower, info.upper)
    return st.floats(
        info.lower, info.upper, exclude_min=info.lower_open, exclude_max=info.upper_open
    )


def settings_of(kind):
    infos = [i for i in kind.choices() if i.kind != "text"]
    return st.fixed_dictionaries({}, optional={i.name: values(i) for i in infos})


@pytest.mark.parametrize("name", SYSTEMS)
@given(data=st.data())
def test_the_command_of_a_run_parses_to_the_same_run(name, data):
    drawn = {
        "dataset": data.draw(st.sampled_from(SYSTEMS[name].datasets)),
        "config": data.draw(settings_of(SYSTEMS[name].config_type)),
        "training": data.draw(settings_of(SYSTEMS[name].training_type)),
        "seed": data.draw(st.integers(0, 2**31 - 1)),
        "variant": data.draw(st.text("abcXYZ019_", max_size=8)),
    }
    try:
        spec = make_spec(name, **drawn)
    except SettingsError:
        reject()  # settings that contradict each other
    program, *words = shlex.split(as_command(spec))
    assert [program, *words[:2]] == ["python", "-m", "corelib"]
    assert parse(COMMANDS, words[2:]).spec() == spec


@given(st.floats(0, 10), st.booleans())
def test_options_may_be_written_with_underscores_and_equals_signs(value, dale):
    assume(value != 0.0)
    words = ["train", "bpan", f"--lambda_bal={value!r}", f"--{'' if dale else 'no-'}dale"]
    spec = parse(COMMANDS, words).spec()
    assert spec.training["lambda_bal"] == value
    assert spec.config["dale"] is dale


# Training and what follows


def test_training_prints_its_epochs_and_its_test_metrics(trained):
    run, code, out, err = trained
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[:2] == [f"Expected time: {UNKNOWN}.", f"Run {run.id} is starting."]
    epochs = [line for line in lines if line.startswith("epoch ")]
    assert [line.split()[1] for line in epochs] == ["1/2", "2/2"]
    history = run.history()
    for line, validated in zip(epochs, history.validations, strict=True):
        assert f"validation accuracy {percent(validated.score, 2)}" in line
        assert re.search(r"\d+ updates/s  \d:\d\d left  loss \d", line)
    assert f"  accuracy               {percent(history.finished.metrics['accuracy'], 2)}" in lines
    assert lines[-1] == (
        f"Run {run.id} is completed; evaluate it with: python -m corelib evaluate {run.id}"
    )
    spec = run.spec
    assert (spec.seed, spec.config["dale"], spec.config["n_excitatory"]) == (3, False, 8)


def test_evaluate_measures_what_the_training_measured(trained_run, capsys):
    card = read_card(trained_run.checkpoint(trained_run.history().finished.best_step))
    assert main(["evaluate", trained_run.id, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["metrics"] == card.test
    assert main(["evaluate", trained_run.id, "--split", "validation", "--json"]) == 0
    evaluation = json.loads(capsys.readouterr().out)
    assert evaluation["metrics"] == card.metrics
    assert (evaluation["dataset"], evaluation["images"]) == ("mnist", 5000)


def test_evaluate_takes_a_folder_and_prints_a_table(trained_run, capsys):
    folder = trained_run.checkpoints()[-1]
    assert main(["evaluate", str(folder)]) == 0
    lines = capsys.readouterr().out.splitlines()
    accuracy = read_card(folder).test["accuracy"]
    assert lines[0].endswith("on 10,000 images of mnist (test):")
    assert f"  accuracy               {percent(accuracy, 2)}" in lines


def test_evaluate_of_a_shipped_checkpoint_agrees_with_its_card(capsys):
    item = shipped()[0]
    assert main(["evaluate", item.name, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["metrics"] == pytest.approx(item.card.test)


def test_runs_are_listed_and_shown(trained_run, capsys):
    assert main(["runs", "list", "--json"]) == 0
    (entry,) = json.loads(capsys.readouterr().out)
    assert (entry["id"], entry["state"], entry["seed"]) == (trained_run.id, "completed", 3)
    assert (entry["step"], entry["total_steps"]) == (2 * PER_EPOCH, 2 * PER_EPOCH)
    assert main(["runs", "list"]) == 0
    head, row = capsys.readouterr().out.splitlines()
    assert head.split()[:2] == ["run", "state"]
    assert row.split()[:2] == [trained_run.id, "completed"]
    assert main(["runs", "show", trained_run.id[:20]]) == 0
    out = capsys.readouterr().out
    assert as_command(trained_run.spec) in out
    assert main(["runs", "command", trained_run.id]) == 0
    assert capsys.readouterr().out == as_command(trained_run.spec) + "\n"


def test_an_unreadable_run_hides_no_other(runs_root, capsys):
    good = create_run(make_spec("bpan"))
    bad = create_run(make_spec("bpan"))
    (bad.folder / "spec.json").write_text("{", encoding="utf-8")
    assert main(["runs", "list", "--json"]) == 0
    states = {item["id"]: item["state"] for item in json.loads(capsys.readouterr().out)}
    assert states == {good.id: "starting", bad.id: "unreadable"}
    assert main(["runs", "list"]) == 0
    assert capsys.readouterr().out.count("\n") == 3
    assert main(["runs", "show", bad.id]) == 2
    one_sentence(capsys.readouterr().err)


def test_export_copies_weights_and_card(trained_run, tmp_path, capsys):
    target = tmp_path / "out"
    assert main(["runs", "export", trained_run.id, str(target)]) == 0
    files = {"weights.safetensors", "checkpoint.json", "history.jsonl"}
    assert {f.name for f in target.iterdir()} == files
    assert main(["runs", "export", trained_run.id, str(target)]) == 2
    assert "already exists" in one_sentence(capsys.readouterr().err)


def weights_at(run, step):
    return read_tensors(run.checkpoint(step) / "weights.safetensors")


def assert_same(one, other):
    assert one.keys() == other.keys()
    assert all(one[name].equal(other[name]) for name in one)


def test_a_spec_repeats_a_run_bit_by_bit(trained, runs_root):
    code, _, err = finish(spawn("train", "--spec", str(trained[0].folder / "spec.json")))
    assert (code, err) == (0, "")
    (again,) = list_runs()
    assert again.spec == trained[0].spec
    assert_same(weights_at(again, 2 * PER_EPOCH), weights_at(trained[0], 2 * PER_EPOCH))


def test_a_folder_may_stand_for_its_spec(trained, runs_root, monkeypatch, capsys):
    started = []
    monkeypatch.setattr("corelib.runs.launch._launch", started.append)
    assert main(["train", f"--spec={trained[0].folder}", "--detach"]) == 0
    assert capsys.readouterr().out.strip() == started[0].id
    assert started[0].spec == trained[0].spec


def test_interrupted_then_resumed_equals_uninterrupted(runs_root):
    total = 8
    words = ["train", "bpan", *TINY, "--epochs", str(total)]
    process = spawn(*words)
    for line in process.stdout:
        if line.startswith("epoch 1/"):
            break
    process.send_signal(signal.SIGINT)
    code, out, err = finish(process)
    assert (code, err) == (130, "")
    (run,) = list_runs()
    assert run.status.state == "cancelled"
    stopped_at = run.history().saved_step
    assert PER_EPOCH <= stopped_at < total * PER_EPOCH
    assert out.splitlines()[-1].endswith(f"continue with: python -m corelib runs resume {run.id}")

    code, out, err = finish(spawn("runs", "resume", run.id))
    assert (code, err) == (0, "")
    assert f"updates {stopped_at + 1:,} to {total * PER_EPOCH:,}." in out
    # Only epochs that came after: progress goes on where it stopped.
    epochs = [int(n) for n in re.findall(rf"^epoch (\d+)/{total}", out, re.MULTILINE)]
    assert epochs == list(range(stopped_at // PER_EPOCH + 1, total + 1))

    assert finish(spawn(*words))[0] == 0
    other, _ = list_runs()
    assert other.id != run.id
    assert_same(weights_at(run, total * PER_EPOCH), weights_at(other, total * PER_EPOCH))

    code, _, err = finish(spawn("runs", "resume", run.id))
    assert code == 2
    assert "nothing left to resume" in one_sentence(err)


def test_detached_run_is_paused_resumed_cancelled_and_removed(runs_root, capsys):
    assert main(["train", "bpan", *TINY, "--epochs", "1000", "--detach"]) == 0
    name = capsys.readouterr().out.strip()
    run = find_run(name)
    assert run.status.state in ("starting", "running")
    try:
        wait_until(lambda: run.status.state == "running", "it trains")
        assert main(["runs", "pause", name]) == 0
        wait_until(lambda: run.status.state == "paused", "it is paused")
        step = run.history().step
        # It has left its slot to others, and so makes no more updates.
        with FileLock(runs_root / ".slots" / "0.lock", timeout=60):
            assert run.history().step == step
        assert main(["runs", "resume", name, "--detach"]) == 0
        wait_until(lambda: run.history().step > step, "it goes on")
        capsys.readouterr()
        assert main(["runs", "remove", name, "--yes"]) == 2
        assert "cancel it before removing it" in one_sentence(capsys.readouterr().err)
    finally:
        code = main(["runs", "cancel", name])
    assert code == 0
    assert run.status.state == "cancelled"
    assert not run.is_alive()
    capsys.readouterr()
    assert main(["runs", "cancel", name]) == 2
    one_sentence(capsys.readouterr().err)


def test_a_removed_run_is_restored_until_the_deleted_ones_are_emptied(
    runs_root, monkeypatch, capsys
):
    run = create_run(make_spec("bpan"))
    run.set_status("cancelled")
    before = {f.name: f.read_bytes() for f in run.folder.iterdir() if f.is_file()}
    assert main(["runs", "remove", run.id]) == 0
    assert f"runs restore {run.id}" in capsys.readouterr().out
    assert not run.folder.exists()
    assert main(["runs", "show", run.id]) == 2
    capsys.readouterr()
    assert main(["runs", "restore"]) == 0
    assert capsys.readouterr().out == run.id + "\n"
    assert main(["runs", "restore", run.id[:20]]) == 0
    assert {f.name: f.read_bytes() for f in run.folder.iterdir() if f.is_file()} == before
    assert main(["runs", "restore", run.id]) == 2
    assert "no deleted run" in one_sentence(capsys.readouterr().err)

    assert main(["runs", "remove", run.id, "--yes"]) == 0
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    capsys.readouterr()
    assert main(["runs", "empty"]) == 2
    assert "add --yes to confirm" in one_sentence(capsys.readouterr().err)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda question: "")
    assert main(["runs", "empty"]) == 0
    assert main(["runs", "restore", run.id]) == 0
    assert main(["runs", "remove", run.id]) == 0
    monkeypatch.setattr("builtins.input", lambda question: "y")
    assert main(["runs", "empty"]) == 0
    capsys.readouterr()
    assert main(["runs", "restore"]) == 0
    assert capsys.readouterr().out == "No run is deleted.\n"


def test_a_run_is_named_tagged_and_found_by_its_name(runs_root, capsys):
    run, other = create_run(make_spec("bpan", variant="lab1")), create_run(make_spec("bpan"))
    words = ["--name", "Tuesday group", "--tags", "course, first,", "--note", "wide"]
    assert main(["runs", "mark", "lab1", *words]) == 0
    assert main(["runs", "mark", "Tuesday group"]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert shown[-1].split(maxsplit=1) == ["note", "wide"]
    assert shown[-2].split(maxsplit=1) == ["tags", "course, first"]
    assert main(["runs", "show", "lab1"]) == 2
    capsys.readouterr()
    assert main(["runs", "list", "--json"]) == 0
    entries = {item["id"]: item for item in json.loads(capsys.readouterr().out)}
    marked = entries[run.id]
    assert (marked["name"], marked["variant"]) == ("Tuesday group", "lab1")
    assert (marked["tags"], marked["note"]) == (["course", "first"], "wide")
    assert entries[other.id]["tags"] == []
    assert main(["runs", "mark", run.id, "--name", "x" * 61]) == 2
    assert "61 characters" in one_sentence(capsys.readouterr().err)
    assert main(["runs", "mark", run.id, "--name", "", "--tags", ""]) == 0
    assert find_run("lab1").id == run.id
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_a_run_that_fails_says_why(runs_root):
    env = {**os.environ, "CUDA_VISIBLE_DEVICES": ""}
    code, _, err = finish(spawn("train", "bpan", *TINY, "--device", "cuda", env=env))
    assert code == 2
    assert "failed: device is 'cuda', but this machine has no CUDA" in one_sentence(err)


def test_a_run_whose_worker_vanished_says_so(runs_root, monkeypatch):
    monkeypatch.setattr("corelib.runs.store.LAUNCH_GRACE_S", 0.0)
    run = create_run(make_spec("bpan"))
    with pytest.raises(
        RunError, match=f"Run {run.id} died: The worker ended without an error message"
    ):
        following.follow(run)


def test_a_queued_run_says_so_and_starts_when_it_may(runs_root):
    (runs_root / ".slots").mkdir(parents=True)
    with FileLock(runs_root / ".slots" / "0.lock"):
        process = spawn("train", "bpan", *TINY, "--epochs", "1")
        assert process.stdout.readline() == f"Expected time: {UNKNOWN}.\n"
        assert "is starting" in process.stdout.readline()
        assert "is queued" in process.stdout.readline()
    code, out, err = finish(process)
    assert (code, err) == (0, "")
    assert "epoch 1/1" in out


class Terminal:
    """A terminal in which the command line runs, so wide that the words leave the bar all of its
    cells; ``bars`` are those drawn so far."""

    COLUMNS = 120

    def __init__(self, *words):
        pty = pytest.importorskip("pty")
        self.ours, theirs = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "corelib", *words],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=theirs,
            stderr=theirs,
            env={**os.environ, "COLUMNS": str(self.COLUMNS)},
        )
        os.close(theirs)
        self.output = b""
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        # Linux says so when the other side is closed.
        with suppress(OSError):
            while part := os.read(self.ours, 4096):
                self.output += part

    @property
    def bars(self):
        lines = self.output.decode(errors="ignore").split("\r")
        return [
            line.partition("\x1b[K")[0] for line in lines if "epoch" in line and "\x1b[K" in line
        ]

    def end(self):
        code = self.process.wait(timeout=60)
        self.reader.join(timeout=60)
        os.close(self.ours)
        return code


def cells(bar):
    """How many cells a bar has, and how many of them are filled."""
    filled = bar.count("█")
    return filled + bar.count("░"), filled


def test_a_terminal_gets_a_bar_that_grows(runs_root):
    (runs_root / ".slots").mkdir(parents=True)
    # Until this test lets go of the slot the worker waits, and then it makes the updates it is
    # asked for: no machine is too slow, or too fast, to see the bar grow.
    with FileLock(runs_root / ".slots" / "0.lock"):
        terminal = Terminal("train", "bpan", *TINY, "--epochs", "3")
        wait_until(
            lambda: [run for run in list_runs() if run.status.state == "queued"], "it is queued"
        )
        (run,) = list_runs()
        run.ask("pause")
    try:
        wait_until(lambda: run.status.state == "paused" and terminal.bars, "a bar is drawn")
        for _ in range(3):
            for step in range(run.history().step + 1, run.history().step + 9):
                run.ask_single_step()
                wait_until(lambda step=step: run.history().step == step, "the step is made")
            grown = (Bar.WIDEST, Bar.WIDEST * step // (3 * PER_EPOCH))
            wait_until(lambda grown=grown: cells(terminal.bars[-1]) == grown, "the bar has grown")
        run.ask("run")
        assert terminal.end() == 0
    finally:
        with suppress(RunError):
            run.ask("cancel")
    drawn = terminal.bars
    assert {cells(bar)[0] for bar in drawn} == {Bar.WIDEST}
    filled = [cells(bar)[1] for bar in drawn]
    assert filled == sorted(filled)
    assert (filled[0], filled[-1]) == (0, Bar.WIDEST)
    assert re.search(
        r"epoch 3/3  \d+ updates/s  0:00 left  loss [\d.]+  validation [\d.]+\s%", drawn[-1]
    )


# How long it will take


LONG = [*TINY, "--epochs", "1000"]


@pytest.fixture
def slow(runs_root, monkeypatch):
    """A machine on which an update takes a second; nothing is started on it. Returns the specs that
    would have been."""
    run = create_run(parse(COMMANDS, ["train", "bpan", *TINY]).spec())
    run.append(
        Began(
            step=0,
            total_steps=20,
            steps_per_epoch=PER_EPOCH,
            device="cpu",
            threads=thread_count(),
            parameters=1,
        )
    )
    run.append(Stepped(step=20, count=20, seconds=20.0, metrics={}))
    run.set_status("completed")
    started = []
    monkeypatch.setattr("corelib.runs.launch.start", lambda spec: started.append(spec) or run)
    monkeypatch.setattr("corelib.cli.commands.follow", lambda run: 0)
    return started


def at_a_terminal(monkeypatch, *answers):
    """A person who gives these answers, and no more; none: the terminal is closed."""
    left = list(answers)

    def answer():
        if not left:
            raise EOFError
        return left.pop(0)

    monkeypatch.setattr("sys.stdin", io.StringIO())
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", answer)
    return left


@pytest.mark.parametrize(
    ("answers", "begins"), [(["y"], 1), (["Yes "], 1), (["n"], 0), ([""], 0), ([], 0)]
)
def test_a_person_is_asked_before_more_than_ten_minutes(answers, begins, slow, monkeypatch, capsys):
    at_a_terminal(monkeypatch, *answers)
    assert main(["train", "bpan", *LONG]) == 0
    assert len(slow) == begins
    out, err = capsys.readouterr()
    assert out.startswith("Expected time: about 3.1 hours (from 1 run here).\n")
    assert err.startswith("Begin? [y/N] ")
    assert ("Nothing was started." in err) == (not begins)


@pytest.mark.parametrize(
    "words", [["train", "bpan", *LONG, "--yes"], ["train", "bpan", *TINY, "--epochs", "2"]]
)
def test_yes_and_short_work_are_not_asked_about(words, slow, monkeypatch):
    unused = at_a_terminal(monkeypatch, "n")
    assert main(words) == 0
    assert len(slow) == 1
    assert unused == ["n"]


def test_a_script_is_told_and_not_asked(slow, monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    monkeypatch.setattr("builtins.input", lambda: pytest.fail("it asked"))
    assert main(["train", "bpan", *LONG, "--detach"]) == 0
    assert len(slow) == 1
    out, err = capsys.readouterr()
    assert out.count("\n") == 1
    assert err == "Expected time: about 3.1 hours (from 1 run here).\n"


def test_reproducing_says_how_long_its_networks_take_and_asks(slow, monkeypatch, capsys):
    def table(*words):
        return results.OverSeeds(
            "toy",
            seeds=3,
            specs=lambda seed: [
                parse(COMMANDS, ["train", "bpan", *TINY, "--seed", str(seed), *words]).spec()
            ],
            measure=lambda specs, runs: pytest.fail("it began"),
            summary=lambda rows: rows,
        )

    monkeypatch.setattr("corelib.reproduce.anytime.TABLE", table("--epochs", "1000"))
    for option in ("--train", "--ship"):
        at_a_terminal(monkeypatch, "n")
        assert main(["reproduce", "anytime", option]) == 0
        out, err = capsys.readouterr()
        assert out == ""
        assert "Expected time: about 9.2 hours (from 1 run here)." in err
        assert "Nothing was started." in err
    # The network of seed 0 is completed and needs no time.
    monkeypatch.setattr("corelib.reproduce.anytime.TABLE", table())
    assert expected("anytime", n_seeds=1).words == "nothing is left to train"
    assert expected("anytime", n_seeds=2).seconds == pytest.approx(15 * PER_EPOCH)
    assert expected("anytime", train=False) is None
    assert expected("lca") is None
    assert expected("checkpoints").unknown > 10


def test_a_wrong_number_of_seeds_is_refused_at_once(runs_root, capsys):
    assert main(["reproduce", "anytime", "--train", "--seeds", "999999999"]) == 2
    assert "should be from 1 to 100" in one_sentence(capsys.readouterr().err)


def test_runs_are_listed_with_their_names(runs_root, capsys):
    create_run(make_spec("bpan", variant="lab1"))
    main(["runs", "list"])
    head, row = capsys.readouterr().out.splitlines()
    assert head.split()[-1] == "name"
    assert row.split()[-1] == "lab1"


# Data


@pytest.fixture
def no_fashion(tmp_path, monkeypatch):
    monkeypatch.setenv("SYNAPTARIUM_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(fashion_mnist, "DEBIAN_FOLDER", tmp_path / "none")


def test_missing_data_is_reported_before_a_run_is_made(no_fashion, runs_root, capsys):
    assert main(["train", "bpan", *TINY, "--dataset", "fashion-mnist"]) == 2
    err = one_sentence(capsys.readouterr().err)
    assert "download it with: python -m corelib data fashion-mnist" in err
    assert list(list_runs()) == []


def test_data_downloads_what_is_missing(no_fashion, monkeypatch, capsys):
    fetched = []
    source = DATASETS["fashion-mnist"]._replace(
        here=lambda: bool(fetched), download=lambda: fetched.append(1)
    )
    monkeypatch.setitem(DATASETS, "fashion-mnist", source)
    for _ in range(2):
        assert main(["data", "fashion-mnist"]) == 0
    assert fetched == [1]
    assert "already here" in capsys.readouterr().out.splitlines()[-1]


def test_a_failed_download_is_one_sentence(no_fashion, monkeypatch, capsys):
    def fail():
        raise DataError("Fashion-MNIST could not be downloaded\n(no network).")

    source = DATASETS["fashion-mnist"]._replace(here=lambda: False, download=fail)
    monkeypatch.setitem(DATASETS, "fashion-mnist", source)
    assert main(["data", "fashion-mnist"]) == 2
    assert "(no network)" in one_sentence(capsys.readouterr().err)


def test_data_that_ships_is_here(capsys):
    assert main(["data", "mnist"]) == 0
    assert "already here" in capsys.readouterr().out


def test_every_spec_that_is_written_is_read_again(runs_root):
    run = create_run(make_spec("bpan", training={"lambda_bal": 0.1}))
    assert read_spec(run.folder / "spec.json") == run.spec


@pytest.mark.parametrize(
    ("words", "value"),
    [
        (["--preset", "seed", "--preset", "best"], "best"),
        (["--preset=seed", "--preset", "best"], "best"),
        (["--preset", "best", "--preset=seed"], "seed"),
        (["--presets", "seed"], ""),
        (["--preset"], ""),
    ],
)
def test_the_last_value_of_an_option_counts(words, value):
    assert value_of("--preset", words) == value
