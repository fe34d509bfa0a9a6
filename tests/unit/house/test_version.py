"""One spelling of the version: pyproject.toml's. Everything else reads the installed metadata."""

from __future__ import annotations

import re
import subprocess
import tomllib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest

import main
from tests import ROOT

OURS: str = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
TELLS_HISTORY = {"CHANGELOG.md", "docs/results.md"}
"""What is said of a version stays true when the next one comes."""
SPELT = re.compile(
    rf"""(?<![\w.]){re.escape(OURS)}(?![\w.]|\.\d)  # the very number, not 2{OURS} nor {OURS}.1
      | ^__version__\b | ^VERSION(:\s*str)?\s*=\s*["']\d  # or any number under these names""",
    re.MULTILINE | re.VERBOSE,
)


def tracked() -> list[Path]:
    """Text files of ours: other people's versions in requirements/ may happen to be the same number."""
    if not (ROOT / ".git").exists():
        pytest.skip("no checkout, so nothing says which files are ours")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    names = [name for name in listed.split("\0") if name and name not in TELLS_HISTORY]
    kinds = (".py", ".toml", ".spec", ".md", ".json", ".yml", ".yaml", ".html", ".ts")
    ours = [n for n in names if n.endswith(kinds) or n == "Makefile" or n.startswith(".ci/")]
    return [ROOT / n for n in ours if (ROOT / n).is_file()]


def spellings(text: str) -> int:
    return len(SPELT.findall(text))


def test_version_is_spelt_once() -> None:
    found = {path.relative_to(ROOT).as_posix(): spellings(path.read_text(encoding="utf-8")) for path in tracked()}
    assert {name: count for name, count in found.items() if count} == {"pyproject.toml": 1}


@pytest.mark.parametrize(
    "line", [f'VERSION = "{OURS}"', f"station {OURS}, bundled", '__version__ = "9.9.9"', "VERSION = '7'"]
)
def test_second_spelling_is_seen(line: str) -> None:
    assert spellings(f"import os\n{line}\n") >= 1


@pytest.mark.parametrize("line", [f"numpy 2{OURS}", f"numpy {OURS}.1", "VERSION: 132,", "self.version = read()"])
def test_other_numbers_are_left_alone(line: str) -> None:
    assert spellings(line) == 0


def test_newest_heading_of_the_changelog_is_this_version() -> None:
    headings = re.findall(r"^## \[?([^\]\s]+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert headings[:2] == ["Unreleased", OURS]


def test_version_option_reads_the_metadata(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["--version"]) == 0
    assert capsys.readouterr().out == f"lineside {version('lineside')}\n"


def test_program_that_was_not_installed_says_so(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(_: str) -> str:
        raise PackageNotFoundError("lineside")

    monkeypatch.setattr("importlib.metadata.version", lost)
    assert main.main(["--version"]) == 4
    assert "make demo" in capsys.readouterr().err
