"""Files that appear whole, and what is left of those that did not."""

import os
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from corelib import files


@pytest.fixture
def dead() -> int:
    """The number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def scrap(folder: Path, name: str, seconds_old: float = 0.0) -> Path:
    made = folder / name
    made.write_bytes(b"half")
    then = time.time() - seconds_old
    os.utime(made, (then, then))
    return made


def test_scrap_of_dead_processes_and_old_scrap_is_swept(tmp_path, dead):
    mine = os.getpid()
    in_use = [
        scrap(tmp_path, f".weights.{mine}-0a1b2c3d.part"),
        scrap(tmp_path, f".weights.{mine}-0a1b2c3e.trash", 50),
        # Another user's, and one made when its name told no process.
        scrap(tmp_path, ".weights.1-0a1b2c3d.part"),
        scrap(tmp_path, ".new-run"),
        scrap(tmp_path, ".weights.99999999999999999999-0a1b2c3d.part"),
    ]
    no_scrap = [scrap(tmp_path, name, 900) for name in ("weights", ".weights", "a.1-b.part")]
    left = [
        scrap(tmp_path, f".weights.{dead}-0a1b2c3d.part"),
        scrap(tmp_path, f".run.{dead}-0a1b2c3d.trash"),
        scrap(tmp_path, f".weights.{mine}-0a1b2c3f.part", 70),
        scrap(tmp_path, ".removed-run", 70),
        scrap(tmp_path, ".old.part", 70),
    ]
    folder = tmp_path / f".run.{dead}-0a1b2c40.part"
    (folder / "checkpoints").mkdir(parents=True)
    files.sweep(tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted([*in_use, *no_scrap])
    assert not any(path.exists() for path in (*left, folder))
    files.sweep(tmp_path / "nowhere")


def test_a_file_that_cannot_be_written_leaves_the_old_one_and_no_scrap(tmp_path, monkeypatch):
    file = tmp_path / "status.json"
    files.write_text(file, "é")
    assert file.read_bytes() == b"\xc3\xa9"

    def full(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="No space"):
        files.write_text(file, "new")
    assert os.listdir(tmp_path) == ["status.json"]
    assert file.read_text("utf-8") == "é"


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, SystemExit])
def test_an_interrupted_writer_leaves_no_scrap(tmp_path, monkeypatch, interruption):
    def interrupted(*_) -> None:
        raise interruption

    monkeypatch.setattr(Path, "replace", interrupted)
    with pytest.raises(interruption):
        files.write_text(tmp_path / "a", "1")
    with suppress(interruption), files.new_folder(tmp_path / "run"):
        interrupted()
    assert not os.listdir(tmp_path)


def test_the_files_of_a_folder_are_on_the_disk_before_it_has_its_name(tmp_path, monkeypatch):
    place, flushed, fsync = tmp_path / "run", [], os.fsync

    def noted(descriptor: int) -> None:
        assert not place.exists()
        flushed.append(os.fstat(descriptor).st_ino)
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    with files.new_folder(place) as scratch:
        for name in "ab":
            (scratch / name).write_bytes(b"1")
    assert sorted(flushed) == sorted((place / name).stat().st_ino for name in "ab")


def test_a_folder_appears_whole_or_not_at_all(tmp_path):
    place = tmp_path / "run"
    with files.new_folder(place) as scratch:
        (scratch / "a").write_text("1", encoding="utf-8")
        assert not place.exists()
    assert (place / "a").read_text("utf-8") == "1"
    with suppress(RuntimeError), files.new_folder(place) as scratch:
        (scratch / "b").write_text("2", encoding="utf-8")
        raise RuntimeError
    assert os.listdir(tmp_path) == ["run"]
    assert os.listdir(place) == ["a"]
    with files.new_folder(place) as scratch:
        (scratch / "c").write_text("3", encoding="utf-8")
    assert os.listdir(place) == ["c"]
    files.remove(place)
    assert not os.listdir(tmp_path)


def test_what_is_wrong_with_a_file_is_said(tmp_path):
    file = tmp_path / "a.json"
    for missing in (file, tmp_path / "b" / "c"):
        with pytest.raises(FileNotFoundError, match="There is no file"):
            files.read_json(missing)
    file.write_bytes(b"\xef\xbb\xbf{}")
    assert files.read_json(file) == {}
    with pytest.raises(FileNotFoundError, match="There is no file"):
        files.read_json(file / "below")
    with pytest.raises(ValueError, match=r"^Is a directory$"):
        files.read_json(tmp_path)
    file.write_text("{", encoding="utf-8")
    with pytest.raises(ValueError, match="EOF"):
        files.read_json(file)


def test_what_cannot_be_shown_is_replaced():
    assert files.printable("a\n\x1b\udc80é") == "a\ufffd\ufffd\ufffdé"
