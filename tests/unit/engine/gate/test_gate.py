"""The gate: two real models on real pictures, counted by hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from engine.backends.load import load_model
from engine.domain.inspection import Outcome, Pixels, Verdict
from engine.errors import InputError, PictureError
from engine.gate import gate as module
from engine.gate.gate import Advice, Flip, GateResult, SetResult, SetTally, VerdictChange, advice_of, run_gate
from engine.gate.known import CHALLENGE, OVERRIDES, KnownPart, KnownSet, folder_set
from engine.images.listing import Why
from engine.judging.judge import Judge, Judged
from engine.recipes.file import default_recipe
from engine.statistics.mistakes import Mistakes, Verdicts
from engine.statistics.shares import Share
from tests.packages import write_tiny_package


def grey(level: int) -> Pixels:
    """A dark part with one spot of this brightness: its score is level / 255."""
    made = np.full((64, 80), 10, np.uint8)
    made[20:28, 20:28] = level
    return made


@pytest.fixture(scope="module")
def judges(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Judge, Judge]]:
    """The same network: NG from 0.5 on, and NG from 0.7 on with REVIEW from 0.6."""
    folder = tmp_path_factory.mktemp("packages")
    first, second = (write_tiny_package(folder / name, name=name) for name in ("before", "after"))
    recipe = default_recipe(second)
    moved = replace(recipe, limits=replace(recipe.limits, ng_at=0.7, review_from=0.6, review_to=0.7))
    made = Judge(load_model(first), default_recipe(first)), Judge(load_model(second), moved)
    yield made
    for judge in made:
        judge.model.close()


def part(name: str, level: int, sound: bool) -> KnownPart:
    return KnownPart(name, "ok" if sound else "defect", sound, lambda: grey(level))


def gate(judges: tuple[Judge, Judge], *parts: KnownPart) -> GateResult:
    found = run_gate([KnownSet(CHALLENGE, parts)], *judges, lambda _done, _total: None, lambda: False)
    assert found is not None
    return found


def test_figures_and_flips_are_those_of_a_hand_count(judges: tuple[Judge, Judge]) -> None:
    # Scores 0.90, 0.65, 0.55, 0.55, 0.04: before NG NG NG NG OK, now NG REVIEW OK OK OK.
    (found,) = gate(
        judges,
        part("clear", 230, False),
        part("doubtful", 166, False),
        part("faint", 140, False),
        part("glare", 140, True),
        part("sound", 10, True),
    ).sets
    assert (found.count, found.gained, found.lost, found.let_through, found.changed) == (5, 1, 2, 1, 3)
    assert found.before.right == Share(4, 5)
    assert found.before.mistakes == Mistakes(sound=Verdicts(ok=1, ng=1), defective=Verdicts(ng=3))
    assert found.after.right == Share(3, 5)
    assert found.after.mistakes == Mistakes(sound=Verdicts(ok=2), defective=Verdicts(ok=1, ng=1, review=1))
    assert found.after.mistakes.to_a_person == Share(1, 5)
    assert [(f.part.id, str(f.change), f.let_through) for f in found.flips] == [
        ("faint", "lost", True),
        ("doubtful", "lost", False),
        ("glare", "gained", False),
    ]
    flip = found.flips[0]
    assert (flip.before.verdict.outcome, flip.after.verdict.outcome) == (Outcome.NG, Outcome.OK)
    assert flip.small.shape == (128, 160)
    assert flip.after.heat is not None


def test_review_that_becomes_ok_lets_a_defect_through_without_being_a_loss(judges: tuple[Judge, Judge]) -> None:
    before, after = judges
    (found,) = gate((after, before), part("caught", 166, False)).sets
    assert (found.gained, found.lost, found.let_through) == (1, 0, 0)
    wide = replace(before.recipe, limits=replace(before.recipe.limits, ng_at=0.7, review_from=0.5, review_to=0.7))
    (found,) = gate((replace(before, recipe=wide), after), part("doubtful", 140, False)).sets
    assert (found.gained, found.lost, found.let_through) == (0, 0, 1)
    assert found.flips[0].change is VerdictChange.OTHER


def test_unreadable_picture_is_skipped_with_its_reason(judges: tuple[Judge, Judge]) -> None:
    def lost() -> Pixels:
        raise PictureError("The picture is gone.")

    (found,) = gate(judges, part("there", 10, True), KnownPart("gone", "ok", True, lost)).sets
    assert found.count == 1
    assert found.skipped == (("gone", "The picture is gone."),)


def test_stopped_gate_gives_nothing(judges: tuple[Judge, Judge]) -> None:
    seen: list[int] = []
    parts = KnownSet(CHALLENGE, tuple(part(str(n), 10, True) for n in range(5)))
    assert run_gate([parts], *judges, lambda done, _total: seen.append(done), lambda: len(seen) == 2) is None
    assert seen == [1, 2]


def test_what_is_kept_is_plain_and_whole(judges: tuple[Judge, Judge]) -> None:
    result = gate(judges, part("faint", 140, False))
    plain = result.plain()
    assert (plain["before"], plain["after"]) == tuple(j.model.ref.version for j in judges)
    (known,) = plain["sets"]
    assert known["lost"] == known["let_through"] == 1
    assert known["flips"][0]["after"]["verdict"] == "OK"
    assert known["after"]["escapes"] == {"count": 1, "of": 1, "interval": [0.206549, 1.0]}


def test_folder_names_say_what_the_known_parts_are(tmp_path: Path) -> None:
    for label in ("good", "scratch", "strange"):
        (tmp_path / label / "deeper").mkdir(parents=True)
        cv2.imwrite(str(tmp_path / label / "deeper" / "1.png"), grey(100))
    cv2.imwrite(str(tmp_path / "unsorted.png"), grey(100))
    found = folder_set(tmp_path, ("ok", "scratch"), ("ok",))
    assert [(p.label, p.sound) for p in found.parts] == [("good", True), ("scratch", False), ("strange", False)]
    assert found.parts[0].load().shape == (64, 80)
    assert found.listing is not None
    assert [(left.path.name, left.why) for left in found.listing.left_out] == [("unsorted.png", Why.UNSORTED)]


def test_folders_that_only_say_sound_or_defective_are_known_to_every_model(tmp_path: Path) -> None:
    for label in ("i.O", "n.i.O"):
        (tmp_path / label).mkdir()
        cv2.imwrite(str(tmp_path / label / "1.png"), grey(100))
    found = folder_set(tmp_path, ("fine", "scratch"), ("fine",))
    assert [(p.label, p.sound) for p in found.parts] == [("i.O", True), ("n.i.O", False)]
    (tmp_path / "i.O").rename(tmp_path / "stack")
    assert [p.sound for p in folder_set(tmp_path, ("fine", "scratch"), ("fine",)).parts] == [False, False]


def test_folders_below_lots_that_mean_nothing_say_what_the_known_parts_are(tmp_path: Path) -> None:
    for name in ("line1/ok/1", "line1/ng/2", "line2/day/scratch/3", "line2/day/4"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(tmp_path / f"{name}.png"), grey(100))
    found = folder_set(tmp_path, ("fine", "scratch"), ("fine",))
    assert [(p.label, p.sound) for p in found.parts] == [("ng", False), ("ok", True), ("scratch", False)]
    assert found.listing is not None
    assert [left.path.name for left in found.listing.left_out] == ["4.png"]
    (tmp_path / "scratch").mkdir()
    cv2.imwrite(str(tmp_path / "scratch" / "5.png"), grey(100))
    # Then line1 is called a defect, and its sound part is none of it.
    parts = folder_set(tmp_path, ("fine", "scratch"), ("fine",)).parts
    assert sorted(Path(p.id).stem for p in parts) == ["2", "3", "4", "5"] and not any(p.sound for p in parts)


def test_folder_without_a_known_class_is_refused(tmp_path: Path) -> None:
    (tmp_path / "train").mkdir()
    cv2.imwrite(str(tmp_path / "train" / "1.png"), grey(100))
    with pytest.raises(InputError, match="no sub-folder named like a class"):
        folder_set(tmp_path, ("ok", "scratch"), ("ok",))


def test_every_changed_verdict_is_told_also_those_too_many_to_be_listed(
    judges: tuple[Judge, Judge], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_FLIPS", 1)
    told: list[tuple[str, Flip]] = []
    parts = KnownSet(CHALLENGE, tuple(part(str(n), 166, False) for n in range(3)))
    result = run_gate(
        [parts], *judges, lambda _done, _total: None, lambda: False, lambda name, flip: told.append((name, flip))
    )
    assert result is not None
    assert [flip.part.id for flip in result.sets[0].flips] == ["0"]
    assert [(name, flip.part.id) for name, flip in told] == [(CHALLENGE, "0"), (CHALLENGE, "1"), (CHALLENGE, "2")]


def test_no_verdict_is_told_beside_review(judges: tuple[Judge, Judge]) -> None:
    before, after = judges
    blind = replace(after.recipe, view=replace(after.recipe.view, roi=(0, 0, 4000, 8)))
    (found,) = gate((before, replace(after, recipe=blind)), part("clear", 230, False), part("sound", 10, True)).sets
    after = found.after.mistakes
    assert (after.to_a_person, after.no_verdict, after.review) == (Share(2, 2), Share(2, 2), Share(0, 2))
    assert found.before.mistakes.no_verdict == Share(0, 2)
    assert found.plain()["after"]["no_verdict"]["count"] == 2


def figures(name: str, gained: int, lost: int, let_through: int = 0) -> SetResult:
    tally = SetTally(Share(0, 100), Mistakes(sound=Verdicts(ok=100)))
    return SetResult(name, tally, tally, gained, lost, let_through, gained + lost, 0)


@pytest.mark.parametrize(
    ("sets", "advice"),
    [
        ([], Advice.LOOK),
        ([figures(CHALLENGE, 0, 0)], Advice.LOOK),
        ([figures(CHALLENGE, 5, 0)], Advice.LOOK),
        ([figures(CHALLENGE, 6, 0)], Advice.ACTIVATE),
        ([figures(CHALLENGE, 20, 0, 1)], Advice.REJECT),
        ([figures(CHALLENGE, 1, 2)], Advice.REJECT),
        ([figures(OVERRIDES, 6, 0)], Advice.ACTIVATE),
        # The new model was taught with past corrections: the challenge set has the say where there is one.
        ([figures(CHALLENGE, 0, 0), figures(OVERRIDES, 30, 0)], Advice.LOOK),
        ([figures(CHALLENGE, 6, 0), figures(OVERRIDES, 0, 0, 1)], Advice.REJECT),
    ],
)
def test_what_the_figures_speak_for(sets: list[SetResult], advice: Advice) -> None:
    assert advice_of(GateResult("old", "new", tuple(sets))) is advice


def test_a_folder_that_contradicts_the_one_it_lies_in_gives_no_known_part(tmp_path: Path) -> None:
    for place in ("ok", "ok/lot1", "ok/NG", "pit"):
        (tmp_path / place).mkdir()
        cv2.imwrite(str(tmp_path / place / "a.png"), grey(90))
    known = folder_set(tmp_path, ("ok", "pit"), ("ok",))
    assert [(Path(part.id).parent.name, part.sound) for part in known.parts] == [
        ("ok", True), ("lot1", True), ("pit", False),
    ]  # fmt: skip
    assert known.listing is not None
    assert [(one.path.parent.name, one.why) for one in known.listing.left_out] == [("NG", Why.UNSORTED)]


def test_parts_unknown_to_a_model_are_told_and_let_nothing_through() -> None:
    strange = Judged(Verdict(Outcome.REVIEW, "", 0.99, ("unknown part",), unknown=True))
    picture = np.zeros((8, 8), np.uint8)
    sound, defect = (KnownPart(name, name, good, lambda: picture) for name, good in (("ok", True), ("pit", False)))
    tally = SetTally(Share(0, 0), Mistakes())
    for part in (sound, defect):
        tally = tally.plus(part, strange, right=False)
    assert tally.strange == Share(2, 2) and tally.mistakes.escapes == Share(0, 1)
    assert tally.plain()["unknown"]["count"] == 2
