import importlib
import io
import json
import re
from zipfile import ZipFile

import pytest

from corelib.runs.registry import find
from corelib.runs.spec import as_command
from dashboard.shell.bundle import bundle
from dashboard.shell.citation import PAPERS, bibtex
from dashboard.shell.export import _spec, link_to


def test_the_zip_holds_what_its_readme_lists():
    item = find("bpan-mnist")
    spec = _spec(item)
    packed = bundle(
        {"a": "<svg/>"},
        {"a": b"x\n1\n"},
        {"balance_theta": 0.9},
        {"bpan-mnist": spec},
        "http://here/balance?a=1",
        {"synaptarium": "1"},
        bibtex("bpan", "1"),
    )
    with ZipFile(io.BytesIO(packed)) as file:
        assert file.testzip() is None
        listed = file.read("README.txt").decode().split("\n\n", 1)[1].split()
        assert file.namelist() == ["README.txt", *listed]
        settings = json.loads(file.read("settings.json"))
        assert settings["networks"]["bpan-mnist"] == spec.model_dump()
        assert settings["view"] == {"balance_theta": 0.9}
        assert as_command(spec) in file.read("commands.txt").decode()
        assert file.read("data/a.csv") == b"x\n1\n"


def test_the_link_holds_every_value_of_the_address():
    link = link_to("http://here/halting?old=1", {"halting_show": ["a b", "c"], "t": "0.9"})
    assert link == "http://here/halting?halting_show=a+b&halting_show=c&t=0.9"


@pytest.mark.parametrize("family", PAPERS)
def test_the_citation_is_bibtex_and_says_what_the_package_says(family):
    text = bibtex(family, "9.8")
    entries = re.findall(r"@(\w+)\{(\w+),\n((?:  \w+ = \{.*\},?\n)+)\}", text)
    assert len(entries) == 2
    paper, software = (dict(re.findall(r"(\w+) = \{(.*)\}", body)) for *_, body in entries)
    assert software["version"] == "9.8"
    about = " ".join(str(importlib.import_module(f"corelib.models.{family}").__doc__).split())
    assert f'"{paper["title"]}"' in about
    assert all(author in about for author in paper["author"].split(" and "))
    assert paper.get("eprint", "") in about
