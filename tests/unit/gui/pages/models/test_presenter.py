"""Which model is meant and what an act comes to, by how models and teaching stand; without a window."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from db.datasets.gates import GateDecision
from db.models.files import OnDisk
from db.models.registry import Activation, ModelVersion
from engine.packages.package import open_package
from gui.pages.models.presenter import Flow, Found, ModelsPresenter, chain_of, open_manifest
from tests.packages import write_tiny_package

AT = datetime(2026, 3, 1, 6, tzinfo=UTC)


def model(version: str, state: str = "candidate", parent: str = "") -> ModelVersion:
    return ModelVersion(version, "demo", "segdec", Path(version), state, AT, {}, parent, "taught by anna")


def used(version: str) -> Activation:
    return Activation(version, AT, "anna", "better", False)


NEW, NOW, OLD = model("c"), model("b", "active", "a"), model("a", "retired")
FOUND = Found((NEW, NOW, OLD), (used("a"), used("b")), (), {"b": OnDisk("parts", 12)}, 0)


@pytest.fixture
def rules() -> ModelsPresenter:
    made = ModelsPresenter("")
    made.take(FOUND, "")
    return made


# ── the mark ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_the_mark_goes_to_the_wanted_model_once() -> None:
    rules = ModelsPresenter("a")
    assert rules.take(FOUND, "c") == "a"
    assert rules.wanted == ""
    assert rules.take(FOUND, "c") == "c"


def test_the_mark_stays_where_it_is_else_goes_to_the_active_one() -> None:
    rules = ModelsPresenter("gone")
    assert rules.take(FOUND, "c") == "c"
    assert rules.take(FOUND, "") == "b"
    assert rules.take(Found((NEW,)), "") == ""


def test_the_active_one_is_told(rules: ModelsPresenter) -> None:
    assert rules.active == "b"
    assert ModelsPresenter("").active == ""


# ── acts ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("flow", "comes_to"),
    [
        (Flow(), "begin"),
        (Flow(busy=True), "show"),
        (Flow(candidate="c"), "show"),
        (Flow(shown=True), "next"),
        (Flow(shown=True, busy=True, candidate="c"), "next"),
    ],
)
def test_teach_goes_on_in_the_flow_and_begins_from_the_list(flow: Flow, comes_to: str) -> None:
    assert ModelsPresenter.teach(flow) == comes_to


@pytest.mark.parametrize(
    ("flow", "chosen", "comes_to"),
    [
        (Flow(), NEW, "gate"),
        (Flow(), OLD, "gate"),
        (Flow(candidate="c"), OLD, "gate"),
        (Flow(), NOW, "active"),
        (Flow(), None, ""),
        (Flow(busy=True), NEW, ""),
        (Flow(shown=True), NEW, ""),
        (Flow(shown=True, candidate="c"), None, "again"),
        (Flow(shown=True, busy=True, candidate="c"), NOW, "again"),
    ],
)
def test_the_gate_runs_for_the_new_model_in_the_flow_and_for_the_chosen_one_in_the_list(
    flow: Flow, chosen: ModelVersion | None, comes_to: str
) -> None:
    assert ModelsPresenter.judge(flow, chosen) == comes_to


@pytest.mark.parametrize(
    ("flow", "chosen", "comes_to"),
    [
        (Flow(shown=True), None, "flow"),
        (Flow(shown=True, candidate="c", tried=True), NEW, "flow"),
        (Flow(), None, "none"),
        (Flow(), NOW, "active"),
        (Flow(), NEW, "ask"),
        (Flow(candidate="c"), NEW, "ask"),
        (Flow(tried=True), NEW, "ask"),
        (Flow(candidate="c", tried=True), OLD, "ask"),
        (Flow(candidate="c", tried=True), NEW, "decide"),
    ],
)
def test_a_model_whose_gate_ran_is_decided_there_and_another_is_asked_about(
    flow: Flow, chosen: ModelVersion | None, comes_to: str
) -> None:
    assert ModelsPresenter.activate(flow, chosen) == comes_to


# ── the screen ───────────────────────────────────────────────────────────────────────────────────────────────────────
def test_the_active_model_cannot_be_activated_nor_tried(rules: ModelsPresenter) -> None:
    shown = rules.buttons(Flow(), NOW)
    assert (shown.activate, shown.gate, shown.own) == (False, False, True)
    shown = rules.buttons(Flow(), NEW)
    assert (shown.activate, shown.gate, shown.own) == (True, True, True)
    shown = rules.buttons(Flow(busy=True), NEW)
    assert (shown.activate, shown.gate) == (True, False)
    shown = rules.buttons(Flow(), None)
    assert (shown.activate, shown.gate, shown.own) == (False, False, False)


def test_back_to_the_model_before_needs_one(rules: ModelsPresenter) -> None:
    assert rules.buttons(Flow(), NOW).roll_back
    rules.take(replace(FOUND, activations=(used("b"), used("b"))), "")
    assert not rules.buttons(Flow(), NOW).roll_back


@pytest.mark.parametrize(
    ("flow", "waiting", "urgent", "words"),
    [
        (Flow(), 0, False, "Teach the model"),
        (Flow(), 2, True, "2 correction"),
        (Flow(busy=True), 2, True, "Training…: show"),
        (Flow(busy=True, percent=0), 0, True, "Training 0 %: show"),
        (Flow(busy=True, percent=40, candidate="c"), 0, True, "Training 40 %: show"),
        (Flow(busy=True, at_gate=True, percent=40), 0, True, "The gate runs: show"),
        (Flow(candidate="c"), 2, True, "A new model waits for your decision: show"),
    ],
)
def test_teaching_stands_out_while_it_matters_and_says_how_it_stands(
    rules: ModelsPresenter, flow: Flow, waiting: int, urgent: bool, words: str
) -> None:
    rules.take(replace(FOUND, waiting=waiting), "")
    shown = rules.buttons(flow, NEW)
    assert shown.urgent is urgent and shown.teach.startswith(words)


# ── the report ───────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_report_has_the_models_own_gates_files_and_ancestors(rules: ModelsPresenter, tmp_path: Path) -> None:
    manifest = write_tiny_package(tmp_path / "tiny").manifest
    mine, other = (GateDecision(v, "a", "activated", "anna", "better", AT, {}) for v in ("b", "c"))
    rules.take(replace(FOUND, gates=(mine, other)), "")
    report = rules.report(NOW, manifest)
    assert (report.model, report.manifest, report.gates) == (NOW, manifest, (mine,))
    assert report.disk == OnDisk("parts", 12) and report.past == FOUND.activations
    assert report.chain == ("demo a, taught by anna",)
    assert rules.report(NEW, manifest).disk == OnDisk()
    rules.take(Found(), "")
    assert rules.report(NOW, manifest).disk == OnDisk()


def test_a_chain_ends_at_a_stranger_and_goes_round_no_circle() -> None:
    stranger = model("x", parent="y")
    assert chain_of(stranger, (stranger,)) == ("y (not registered here)",)
    a, b = model("a", parent="b"), model("b", parent="a")
    assert chain_of(a, (a, b)) == ("demo b, taught by anna",)
    assert chain_of(model("alone"), ()) == ()


def test_a_manifest_comes_with_its_version(tmp_path: Path) -> None:
    write_tiny_package(tmp_path / "tiny")
    here = replace(NEW, folder=tmp_path / "tiny")
    assert open_manifest(here) == (here, open_package(tmp_path / "tiny").manifest)
