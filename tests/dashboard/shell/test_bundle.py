import importlib
import json
import re

import pytest

from corelib.citation import PAPERS, bibtex
from corelib.runs.registry import find
from corelib.runs.spec import as_command
from dashboard.shell.bundle import Contents, files_of, spec_of
from dashboard.shell.saved import link_to


def test_the_readme_lists_all_files_and_what_is_missing():
    item = find("bpan-mnist")
    spec = spec_of(item)
    files = files_of(
        Contents(
            tables={"a": "x\n1\n"},
            captions={"a": "What a shows."},
            settings={"balance_theta": 0.9},
            specs={"bpan-mnist": spec},
            link="http://here/balance?a=1",
            versions={"synaptarium": "1"},
            citation=bibtex(["bpan"], "1"),
            problems={"Weights": "No weights."},
        )
    )
    readme = files.pop("README.txt").splitlines()
    assert {"figures/a.svg", *files} <= set(readme)
    assert "    What a shows." in readme
    assert readme[-2:] == ["Tabs that could not be drawn:", "Weights: No weights."]
    settings = json.loads(files["settings.json"])
    assert settings["networks"]["bpan-mnist"] == spec.model_dump()
    assert settings["view"] == {"balance_theta": 0.9}
    assert as_command(spec) in files["commands.txt"]
    assert files["data/a.csv"] == "x\n1\n"


def test_the_link_holds_every_value_of_the_address():
    link = link_to("http://here/halting?old=1", {"halting_show": ["a b", "c"], "t": "0.9"})
    assert link == "http://here/halting?halting_show=a+b&halting_show=c&t=0.9"


@pytest.mark.parametrize("family", PAPERS)
def test_the_citation_is_bibtex_and_says_what_the_package_says(family):
    text = bibtex([family], "9.8")
    entries = re.findall(r"@(\w+)\{(\w+),\n((?:  \w+ = \{.*\},?\n)+)\}", text)
    assert len(entries) == 2
    paper, software = (dict(re.findall(r"(\w+) = \{(.*)\}", body)) for *_, body in entries)
    assert software["version"] == "9.8"
    about = " ".join(str(importlib.import_module(f"corelib.models.{family}").__doc__).split())
    assert f'"{paper["title"]}"' in about
    assert all(author in about for author in paper["author"].split(" and "))
    assert paper.get("eprint", "") in about
