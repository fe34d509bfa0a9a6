"""requirements/ pins by version and hash all that pyproject.toml names, and sends nobody to a place of ours."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests import ROOT

FILES = sorted((ROOT / "requirements").glob("*.txt"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
RENEW = "run `bash .ci/requirements` (keeps the other pins), then `bash .ci/prepare test`"
PIN = re.compile(r"([a-z0-9-]+)==([^\s;]+)(?: ; [^\\]+)?(?: \\\n    --hash=sha256:[0-9a-f]{64})+\n")


def read(*names: str) -> str:
    return "".join((ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8") for name in names)


def pins(text: str) -> list[tuple[str, str]]:
    return [(pin[1], pin[2]) for pin in PIN.finditer(text)]


def missing(wanted: list[str], text: str) -> list[str]:
    """Which of `wanted` no pin in `text` satisfies."""
    held = pins(text)

    def fits(one: Requirement) -> bool:  # one version a system: markers may give a package two
        versions = [version for name, version in held if name == canonicalize_name(one.name)]
        return bool(versions) and all(one.specifier.contains(version, prereleases=True) for version in versions)

    return [line for line in wanted if not fits(Requirement(line))]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_requirements_hold_pins_with_hashes_alone(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    rest = PIN.sub("", text).splitlines()
    assert pins(text)
    assert all(line.startswith("# ") for line in rest), rest
    assert "://" not in text


def test_station_is_pinned() -> None:
    wanted = PROJECT["project"]["dependencies"] + PROJECT["build-system"]["requires"]
    assert not missing(wanted, read("station")), RENEW


def test_extras_are_pinned() -> None:
    extras = PROJECT["project"]["optional-dependencies"]
    everything = read(*(path.stem for path in FILES))
    assert not missing(extras["train"], read("station", "train")), RENEW
    assert not missing([line for lines in extras.values() for line in lines], everything), RENEW


def test_a_new_or_a_newer_dependency_is_noticed() -> None:
    text = "numpy==2.4.6 \\\n    --hash=sha256:" + "0" * 64 + "\n"
    assert missing(["numpy>=2.0"], text) == []
    assert missing(["NumPy>=3", "zstandard"], text) == ["NumPy>=3", "zstandard"]


def test_package_is_pinned_in_one_file() -> None:
    names = [name for path in FILES for name in {name for name, _ in pins(path.read_text(encoding="utf-8"))}]
    assert sorted(names) == sorted(set(names))
