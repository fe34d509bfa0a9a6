"""Adding, paging, filtering and counting inspections."""

from __future__ import annotations

import itertools
import json
import math
import shutil
import tempfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import event, text
from sqlalchemy.exc import IntegrityError

from db.images.archive import Archive
from db.inspections import overrides, plans
from db.inspections import table as inspections
from db.inspections.paging import Sort, Stored
from db.inspections.table import Filter, NewInspection
from db.statistics import figures as statistics
from db.statistics.tally import TallySpan, tally
from db.store.session import Database, open_database
from engine.domain.inspection import Inspection, Outcome, Region, Scores, as_plain
from engine.errors import InputError, PictureError
from tests.db import make


def _add(db: Database, *made: Inspection) -> None:
    inspections.add(db, [NewInspection(m) for m in made])


def _ids(db: Database, filter: Filter = inspections.ANY, sort: Sort = Sort.NEWEST, limit: int = 200) -> list[int]:
    found, after = [], None
    while True:
        page = inspections.page(db, filter, sort, after, limit)
        found += [int(row.inspection.id, 16) for row in page.rows]
        after = page.next
        if after is None:
            return found


def test_what_is_added_comes_back_equal(db: Database) -> None:
    made = make.inspection(7, score=1 / 3, name="/pictures/ä b.png", part="P-1")
    _add(db, made)
    assert inspections.get(db, made.id) == Stored(made)
    assert inspections.latest(db) == Stored(made)


def test_what_the_camera_told_of_its_frame_comes_back_equal(db: Database) -> None:
    made = make.inspection(9)
    at = made.frame.captured_at
    frame = replace(
        made.frame,
        bits=12,
        bayer="GBRG",
        device_ns=2**62,
        triggered_at=at - timedelta(milliseconds=30),
        exposed_at=at - timedelta(microseconds=21),
    )
    _add(db, replace(made, frame=frame))
    stored = inspections.get(db, made.id)
    assert stored is not None
    assert stored.inspection.frame == frame
    line = as_plain(stored.inspection)
    times = [line[key] for key in ("triggered_at", "exposed_at", "captured_at", "inspected_at")]
    assert times == [
        "2026-03-01T06:00:08.950000+00:00",
        "2026-03-01T06:00:08.979979+00:00",
        "2026-03-01T06:00:08.980000+00:00",
        "2026-03-01T06:00:09.000000+00:00",
    ]
    assert as_plain(made)["triggered_at"] is None


def test_measured_regions_come_back_equal(db: Database) -> None:
    made = make.inspection(8)
    regions = (
        Region("pit", 0.5, (1, 2, 3, 4), 12.0, ((1, 2), (4, 2), (4, 6)), 0.03),
        Region("pit", 0.5, (0, 0, 1, 1), 1),
    )
    made = replace(made, regions=regions)
    _add(db, made)
    stored = inspections.get(db, made.id)
    assert stored is not None
    assert stored.inspection.regions == regions
    assert [r.get("area_mm2") for r in as_plain(stored.inspection)["regions"]] == [0.03, None]


def test_no_verdict_without_scores_comes_back_equal(db: Database) -> None:
    made = make.inspection(1, Outcome.NO_VERDICT, score=0.0)
    _add(db, made)
    assert inspections.get(db, made.id) == Stored(made)


def test_scores_that_are_no_numbers_are_kept_as_such(db: Database) -> None:
    made = make.inspection(3, Outcome.NO_VERDICT, score=0.0)
    odd = Scores(("ok", "pit"), (math.nan, math.inf), exclusive=False)
    _add(db, replace(made, scores=odd))
    stored = inspections.get(db, made.id)
    assert stored is not None
    assert not stored.inspection.scores.exclusive
    assert all(math.isnan(v) for v in stored.inspection.scores.values)
    with db.session() as session:
        kept = session.execute(text("SELECT scores FROM inspections")).scalar_one()
    assert "NaN" not in kept
    assert json.loads(json.dumps(as_plain(stored.inspection), allow_nan=False))["scores"] == {"ok": None, "pit": None}


def test_times_come_back_aware_and_in_utc(db: Database) -> None:
    made = make.inspection(1)
    local = made.times.inspected_at.astimezone(timezone(timedelta(hours=9)))
    _add(db, replace(made, times=replace(made.times, inspected_at=local)))
    stored = inspections.get(db, made.id)
    assert stored is not None
    assert stored.inspection.times.inspected_at == local
    assert stored.inspection.times.inspected_at.tzinfo is UTC


def test_unknown_id_gives_none_and_empty_database_has_no_latest(db: Database) -> None:
    assert inspections.get(db, "nothing") is None
    assert inspections.latest(db) is None
    assert inspections.page(db).rows == ()
    assert inspections.counts(db).yield_ == 1.0
    assert inspections.next_unreviewed(db) is None


def test_a_group_is_added_whole_or_not_at_all(db: Database) -> None:
    _add(db, make.inspection(3))
    with pytest.raises(InputError, match="stored already"):
        _add(db, make.inspection(4), make.inspection(3))
    assert inspections.count(db) == 1


def test_a_picture_that_is_not_there_is_refused_with_its_inspection(db: Database) -> None:
    with pytest.raises(PictureError):
        inspections.add(db, [NewInspection(make.inspection(1), "2026-03-01/none.png")])
    assert inspections.count(db) == 0


def test_a_stored_inspection_cannot_be_changed(db: Database) -> None:
    _add(db, make.inspection(1))
    with pytest.raises(IntegrityError, match="never changes"), db.writing() as session:
        session.execute(text("UPDATE inspections SET outcome = 'OK'"))


def test_picture_attached_later_is_found_and_kept(db: Database) -> None:
    made = make.inspection(1)
    _add(db, made)
    archive = Archive(db.archive_folder)
    image, heat = archive.save(made.id, made.frame.captured_at, make.pixels(), make.prediction_of(made).heat)
    inspections.attach_image(db, made.id, image, heat)
    other, _ = archive.save("other", made.frame.captured_at, make.pixels(1))
    inspections.attach_image(db, made.id, other, None)
    stored = inspections.get(db, made.id)
    assert stored is not None
    assert (stored.image, stored.heat) == (image, heat)
    with pytest.raises(InputError, match="no inspection"):
        inspections.attach_image(db, "nobody", image)


def test_filters_choose_what_they_name(db: Database) -> None:
    _add(
        db,
        make.inspection(0, Outcome.OK, score=0.1, lot="A"),
        make.inspection(1, Outcome.NG, score=0.9, lot="A", model="m2"),
        make.inspection(2, Outcome.REVIEW, score=0.5, lot="B"),
        make.inspection(3, Outcome.NO_VERDICT, score=0.0, lot="B", source="folder:x"),
        make.inspection(4, Outcome.NG, score=0.7, lot="B", label="pit"),
    )
    overrides.add_override(db, make.override(f"{1:024x}"))
    at = make.START
    expected = {
        Filter(outcomes=frozenset({Outcome.NG, Outcome.REVIEW})): [4, 2, 1],
        Filter(outcomes=frozenset()): [],
        Filter(labels=frozenset({"pit"})): [4],
        Filter(lot="A"): [1, 0],
        Filter(model="m2"): [1],
        Filter(source="folder:x"): [3],
        Filter(since=at + timedelta(seconds=1), until=at + timedelta(seconds=3)): [2, 1],
        Filter(min_score=0.5, max_score=0.7): [4, 2],
        Filter(overridden=True): [1],
        Filter(overridden=False): [4, 3, 2, 0],
        Filter(unreviewed_only=True): [4, 2, 0],
        Filter(lot="B", outcomes=frozenset({Outcome.NG})): [4],
    }
    for filter, ids in expected.items():
        assert _ids(db, filter) == ids, filter
        assert inspections.count(db, filter) == len(ids), filter
        assert inspections.counts(db, filter).total == len(ids), filter


def test_parts_of_a_product_are_found_together_with_every_other_wish(db: Database) -> None:
    made = [make.inspection(n, Outcome.NG, lot="AB"[n % 2]) for n in range(4)]
    named = ("", "plate", "plate 7", "bracket")
    _add(db, *(replace(m, traveller=replace(m.traveller, product=n)) for m, n in zip(made, named, strict=True)))
    overrides.add_override(db, make.override(f"{2:024x}"))
    mine = frozenset({"", "plate", "plate 7"})
    assert _ids(db, Filter(products=mine)) == [2, 1, 0]
    assert _ids(db, Filter(products=mine, lot="A")) == [2, 0]
    assert _ids(db, Filter(products=mine, overridden=True)) == [2]
    assert _ids(db, Filter(products=frozenset({"bracket"})), Sort.FARTHEST) == [3]


def test_parts_the_model_did_not_know_are_found_and_counted(db: Database) -> None:
    made = [make.inspection(n, Outcome.REVIEW, lot="AB"[n % 2]) for n in range(4)]
    _add(db, *(replace(m, verdict=replace(m.verdict, label="", unknown=n > 1)) for n, m in enumerate(made)))
    assert _ids(db, Filter(unknown=True)) == [3, 2]
    assert _ids(db, Filter(unknown=True, lot="A")) == [2]
    found = inspections.counts(db)
    assert (found.review, found.unknown, found.yield_) == (4, 2, 0.0)
    assert tally(db, TallySpan(lot="B")).counts.unknown == 1
    assert statistics.unknown(db, statistics.Scope(make.START, make.START + timedelta(hours=1))) == 2


def test_counts_tell_verdicts_overrides_and_yield(db: Database) -> None:
    kinds = [Outcome.OK] * 6 + [Outcome.NG] * 3 + [Outcome.REVIEW] + [Outcome.NO_VERDICT] * 2
    _add(db, *(make.inspection(n, kind) for n, kind in enumerate(kinds)))
    overrides.add_override(db, make.override(f"{7:024x}"))
    found = inspections.counts(db)
    assert found == inspections.Counts(ok=6, ng=3, review=1, no_verdict=2, overridden=1)
    assert (found.total, found.yield_) == (12, 0.6)


def test_choices_are_what_occurs(db: Database) -> None:
    _add(db, make.inspection(1, lot=""), make.inspection(2, lot="B"), make.inspection(3, Outcome.OK, lot="A"))
    assert inspections.distinct(db) == inspections.FilterChoices(
        ("good", "scratch"), ("A", "B"), ("abc123",), ("demo:",), ("plate",)
    )


def test_sorts_order_as_named(db: Database) -> None:
    scores = [0.9, 0.52, 0.1, 0.45]
    _add(db, *(make.inspection(n, score=s) for n, s in enumerate(scores)))
    overrides.add_override(db, make.override(f"{1:024x}"))
    overrides.add_override(db, make.override(f"{2:024x}", Outcome.NG, "scratch"))
    assert _ids(db, sort=Sort.NEWEST) == [3, 2, 1, 0]
    assert _ids(db, sort=Sort.OLDEST) == [0, 1, 2, 3]
    assert _ids(db, sort=Sort.SCORE) == [0, 1, 3, 2]
    assert _ids(db, sort=Sort.CLOSEST) == [1, 3, 0, 2]
    assert _ids(db, sort=Sort.MISTAKES) == [1, 3, 2, 0]


def test_closest_measures_from_the_threshold_in_force(db: Database) -> None:
    near, far = make.inspection(1, score=0.2), make.inspection(2, score=0.5)
    inspections.add(db, [NewInspection(near, threshold=0.21), NewInspection(far, threshold=0.21)])
    assert _ids(db, sort=Sort.CLOSEST) == [1, 2]


def test_rows_that_arrive_meanwhile_do_not_shift_the_pages(db: Database) -> None:
    _add(db, *(make.inspection(n) for n in range(10)))
    first = inspections.page(db, limit=4)
    _add(db, *(make.inspection(n) for n in range(10, 20)))
    second = inspections.page(db, after=first.next, limit=4)
    assert [int(r.inspection.id, 16) for r in (*first.rows, *second.rows)] == [9, 8, 7, 6, 5, 4, 3, 2]


@pytest.mark.parametrize("key", ["", "rubbish", "é", "WzFd", "eyJhIjogMX0="])
def test_key_that_is_none_is_refused(db: Database, key: str) -> None:
    with pytest.raises(InputError):
        inspections.page(db, after=key)


def test_key_of_another_sorting_is_refused(db: Database) -> None:
    _add(db, *(make.inspection(n) for n in range(3)))
    key = inspections.page(db, limit=1).next
    with pytest.raises(InputError, match="another sorting"):
        inspections.page(db, sort=Sort.SCORE, after=key)


def test_next_unreviewed_walks_from_the_newest_and_leaves_out_reviewed_ones(db: Database) -> None:
    kinds = [Outcome.OK, Outcome.NO_VERDICT, Outcome.NG, Outcome.REVIEW]
    _add(db, *(make.inspection(n, kind) for n, kind in enumerate(kinds)))
    overrides.add_override(db, make.override(f"{2:024x}"))
    first = inspections.next_unreviewed(db)
    assert first is not None
    assert first.inspection.id == f"{3:024x}"
    second = inspections.next_unreviewed(db, after=first.inspection.id)
    assert second is not None
    assert second.inspection.id == f"{0:024x}"
    assert inspections.next_unreviewed(db, after=second.inspection.id) is None


ROWS = st.lists(
    st.tuples(
        st.sampled_from([0.0, 1.0, 1.000001, 2.0]),  # seconds: many equal times
        st.sampled_from([0.1, 0.5, 0.9]),  # score
        st.sampled_from([Outcome.OK, Outcome.NG]),
        st.sampled_from([None, Outcome.OK, Outcome.NG]),  # override
    ),
    max_size=25,
)


@settings(max_examples=40, deadline=None)
@given(rows=ROWS, limit=st.integers(1, 7), sort=st.sampled_from(list(Sort)), only_ng=st.booleans())
def test_pages_over_equal_keys_lose_and_repeat_nothing(
    empty_database: Path,
    rows: list[tuple[float, float, Outcome, Outcome | None]],
    limit: int,
    sort: Sort,
    only_ng: bool,
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "lineside.db"
        shutil.copyfile(empty_database, place)
        db = open_database(place)
        made = [make.inspection(n, r[2], score=r[1], seconds=r[0]) for n, r in enumerate(rows)]
        _add(db, *made)
        for one, row in zip(made, rows, strict=True):
            if row[3] is not None:
                label = "good" if row[3] is Outcome.OK else "scratch"
                overrides.add_override(db, make.override(one, row[3], label))
        filter = Filter(outcomes=frozenset({Outcome.NG})) if only_ng else Filter()
        wanted = [n for n, row in enumerate(rows) if not only_ng or row[2] is Outcome.NG]
        found = _ids(db, filter, sort, limit)
        db.close()
    assert sorted(found) == wanted

    def key(number: int) -> float:
        seconds, score, outcome, told = rows[number]
        mistake = told is not None and told != outcome
        return {
            Sort.NEWEST: -seconds,
            Sort.OLDEST: seconds,
            Sort.SCORE: -score,
            Sort.CLOSEST: abs(score - 0.5),
            Sort.FARTHEST: -abs(score - 0.5),
            Sort.MISTAKES: -seconds - (1000 if mistake else 0),
        }[sort]

    assert all(key(a) <= key(b) for a, b in itertools.pairwise(found))


def test_a_time_without_a_zone_is_refused(db: Database) -> None:
    made = make.inspection(1)
    naive = replace(made, times=replace(made.times, inspected_at=datetime(2026, 1, 1)))
    with pytest.raises(Exception, match="no time zone"):
        _add(db, naive)


@pytest.mark.parametrize("sort", [Sort.NEWEST, Sort.OLDEST, Sort.SCORE, Sort.CLOSEST])
def test_a_page_is_read_along_an_index_without_sorting(db: Database, sort: Sort) -> None:
    _add(db, *(make.inspection(n) for n in range(5)))
    after = inspections.page(db, sort=sort, limit=2).next
    asked: list[tuple[str, tuple[object, ...]]] = []

    def listen(_c: object, _cursor: object, statement: str, parameters: tuple[object, ...], *_: object) -> None:
        asked.append((statement, parameters))

    with db.session() as session:
        engine = session.get_bind()
    event.listen(engine, "before_cursor_execute", listen)
    inspections.page(db, sort=sort, after=after, limit=2)
    event.remove(engine, "before_cursor_execute", listen)
    statement, parameters = next(a for a in asked if a[0].startswith("SELECT"))
    with db.session() as session:
        rows = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        plan = [row[3] for row in rows]
    assert "SEARCH inspections USING INDEX" in plan[0], plan
    assert not any("TEMP B-TREE" in line or line.startswith("SCAN") for line in plan), plan


def test_filters_of_what_people_said(db: Database) -> None:
    _add(db, *(make.inspection(n, Outcome.OK, score=0.1 * n) for n in range(5)))
    overrides.add_override(db, make.override(f"{1:024x}", Outcome.NG, "pit"))
    overrides.add_override(db, make.override(f"{3:024x}", Outcome.NG, "pit"))
    overrides.add_override(db, make.override(f"{2:024x}"))
    with db.writing() as session:
        for number in (0, 2):
            session.execute(
                text("INSERT INTO random_audits VALUES (:id, '2026-03-01 06:00:00', 10)"), {"id": f"{number:024x}"}
            )
    assert _ids(db, Filter(disagrees=True)) == [3, 1]
    assert _ids(db, Filter(disagrees=True), Sort.FARTHEST) == [1, 3]
    assert _ids(db, Filter(disagrees=False)) == [4, 2, 0]
    assert _ids(db, Filter(audit=True)) == [0]
    assert _ids(db, Filter(recipe="plate", commented=False)) == [4, 3, 2, 1, 0]
    assert _ids(db, Filter(recipe="other")) == []
    assert _ids(db, Filter(ids=frozenset({f"{4:024x}", f"{0:024x}", "nobody"}))) == [4, 0]


@pytest.mark.parametrize("large", [1, 3, 25_000])
def test_whatever_leads_the_search_the_rows_are_the_same(
    db: Database, monkeypatch: pytest.MonkeyPatch, large: int
) -> None:
    monkeypatch.setattr(plans, "LARGE", large)
    kinds = [Outcome.OK, Outcome.NG, Outcome.OK, Outcome.REVIEW]
    _add(db, *(make.inspection(n, kinds[n % 4], score=n % 7 / 10, lot="AB"[n % 2]) for n in range(24)))
    for number in range(0, 24, 5):
        overrides.add_override(db, make.override(f"{number:024x}", Outcome.NG, "scratch"))
    everything = {n: inspections.get(db, f"{n:024x}") for n in range(24)}
    filters = {
        Filter(lot="A"): lambda s: s.inspection.traveller.lot == "A",
        Filter(lot="B", outcomes=frozenset({Outcome.NG, Outcome.REVIEW})): lambda s: (
            s.inspection.traveller.lot == "B" and s.inspection.verdict.outcome in (Outcome.NG, Outcome.REVIEW)
        ),
        Filter(min_score=0.2, max_score=0.4): lambda s: 0.2 <= s.inspection.verdict.score <= 0.4,
        Filter(overridden=True, lot="A"): lambda s: s.override is not None and s.inspection.traveller.lot == "A",
        Filter(since=make.START + timedelta(seconds=6), recipe="plate"): lambda s: int(s.inspection.id, 16) >= 6,
    }
    for filter, wanted in filters.items():
        expected = {n for n, stored in everything.items() if stored is not None and wanted(stored)}
        for sort in Sort:
            found = _ids(db, filter, sort, 5)
            assert set(found) == expected, (filter, sort)
            assert len(found) == len(expected), (filter, sort)
        assert inspections.count_to(db, filter) == len(expected)
        assert inspections.count_to(db, filter, 3) == min(3, len(expected))
