"""Recipe files: what they set, what they leave to the package, and errors that name the key."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.domain.inspection import Outcome, Severity
from engine.domain.recipe import ClassRule, FilePages, Guard, Limits, Recipe, SavingPolicy, View
from engine.errors import InputError
from engine.names import short_name
from engine.packages.manifest import ClassSpec, GuardSpec
from engine.packages.package import ModelPackage, write_package
from engine.recipes.file import default_recipe, dump_recipe, load_recipe, read_head, save_recipe, without_review
from engine.recipes.toml_text import toml_of
from tests.packages import write_tiny_package
from tests.unit.engine.odd_names import write as write_odd


@pytest.fixture
def package(tmp_path: Path) -> ModelPackage:
    return write_tiny_package(tmp_path / "tiny", review=0.2)


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "recipe.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_default_recipe_is_the_packages_own(package: ModelPackage) -> None:
    recipe = default_recipe(package)
    assert recipe.limits == Limits(0.5, 0.3, 0.7)
    assert recipe.ok_classes == ("ok",)
    assert without_review(recipe).limits == Limits(0.5, 0.5, 0.5)
    assert without_review(recipe).digest != recipe.digest


def test_file_sets_limits_in_mm2(package: ModelPackage, tmp_path: Path) -> None:
    path = write(
        tmp_path,
        'schema = 1\nname = "b"\n[limits]\nng_at = 0.8\nreview = [0.6, 0.9]\nmin_area_mm2 = 0.5\nmm_per_px = 0.05',
    )
    recipe = load_recipe(path, package)
    assert recipe.limits == Limits(0.8, 0.6, 0.9, pytest.approx(200.0), 0.05)


def test_same_contents_have_the_same_digest(package: ModelPackage, tmp_path: Path) -> None:
    one = load_recipe(write(tmp_path, 'schema = 1\nname = "b"'), package)
    two = load_recipe(write(tmp_path, 'name = "b"\nschema = 1'), package)
    assert one.digest == two.digest


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('schema = 1\nname = "b"\n[limits]\nng_at = 3', "limits.ng_at"),
        ('schema = 1\nname = "b"\n[limits]\nnga = 0.3', "limits.nga"),
        ('schema = 1\nname = "b"\n[limits]\nng_at = 0.5\nreview = [0.6, 0.7]', "limits.review"),
        ('schema = 1\nname = "b"\n[limits]\nmin_area_mm2 = 2', "mm_per_px"),
        ('schema = 9\nname = "b"', "newer"),
        ('schema = 1\nname = "b"\nmodel = "abc"', "abc"),
        ("schema = 1", "name"),
        ("schema =", "TOML"),
    ],
)
def test_bad_recipe_names_the_key(package: ModelPackage, tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        load_recipe(write(tmp_path, text), package)


def test_missing_recipe_is_told(package: ModelPackage, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        load_recipe(tmp_path / "none.toml", package)


CLASSES = [
    ClassSpec(name="ok", role="ok"),
    ClassSpec(name="crack", severity=Severity.CRITICAL, ng_at=0.2),
    ClassSpec(name="scratch"),
    ClassSpec(name="stain"),
]
GUARD = GuardSpec(brightness=(40.0, 200.0), contrast_min=5.0, sharpness_min=0.2, clipped_max=0.1, novelty_max=1.0)


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> ModelPackage:
    """Three defect classes, one of them critical, and a guard; only its manifest is read here."""
    folder = tmp_path_factory.mktemp("guarded")
    made = write_tiny_package(folder / "tiny")
    manifest = made.manifest.model_copy(update={"classes": CLASSES, "guard": GUARD})
    return write_package(folder / "guarded", manifest, {"model.onnx": (made.folder / "model.onnx").read_bytes()})


def judging(text: str, package: ModelPackage, folder: Path) -> Recipe:
    return load_recipe(write(folder, f'schema = 1\nname = "b"\n{text}'), package)


def test_class_rules_and_guard_are_the_packages_where_the_file_is_silent(guarded: ModelPackage, tmp_path: Path) -> None:
    recipe = judging("", guarded, tmp_path)
    assert recipe.rules == (ClassRule("crack", Severity.CRITICAL, 0.2),)
    assert recipe.guard == Guard((40.0, 200.0), 5.0, 0.2, 0.1, 1.0)


def test_file_sets_class_rules_over_the_packages(guarded: ModelPackage, tmp_path: Path) -> None:
    text = """
        [limits]
        max_regions = 3
        mm_per_px = 0.05
        [[classes]]
        name = "stain"
        severity = "minor"
        ng_at = 0.9
        min_area_mm2 = 2.0
        max_regions = 2
        [[classes]]
        name = "crack"
        review = [0.1, 0.2]
        """
    recipe = judging(text, guarded, tmp_path)
    assert recipe.limits.max_regions == 3
    assert recipe.rules == (
        ClassRule("crack", Severity.CRITICAL, 0.2, 0.1, 0.2),
        ClassRule("stain", Severity.MINOR, 0.9, None, None, pytest.approx(800.0), 2),
    )
    plain = without_review(recipe)
    assert plain.rules[0] == ClassRule("crack", Severity.CRITICAL, 0.2)
    assert plain.rules[1] == recipe.rules[1]


def test_guard_keys_change_one_check_and_false_switches_it_off(guarded: ModelPackage, tmp_path: Path) -> None:
    text = '[guard]\nbrightness = [10.0, 90.0]\ncontrast_min = false\nclipped_max = 0\nnovelty = "no verdict"'
    guard = judging(text, guarded, tmp_path).guard
    assert guard == Guard((10.0, 90.0), None, 0.2, 0.0, 1.0, Outcome.NO_VERDICT)
    assert judging('[guard]\nnovelty = "off"', guarded, tmp_path).guard.novelty_max is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[[classes]]\nname = "crak"', "Its defect classes are crack, scratch, stain"),
        ('[[classes]]\nname = "ok"', "'ok' that is no defect class"),
        ('[[classes]]\nname = "stain"\n[[classes]]\nname = "stain"', "twice"),
        ('[[classes]]\nname = "stain"\nseverity = "grave"', "classes.0.severity"),
        ('[[classes]]\nname = "stain"\nng_at = 1.5', "classes.0.ng_at"),
        ('[[classes]]\nname = "stain"\nng_at = 0.4\nreview = [0.5, 0.6]', "classes.stain.review"),
        ('[[classes]]\nname = "crack"\nreview = [0.1, 0.3]', "a critical class is always NG"),
        ('[[classes]]\nname = "crack"\nmin_area_px = 4.0', "any size counts"),
        ('[[classes]]\nname = "stain"\nmin_area_mm2 = 4.0', "mm_per_px"),
        ("[guard]\nbrightness = [90.0, 10.0]", "guard.brightness"),
        ('[guard]\nnovelty = "ng"', "guard.novelty"),
        ("[guard]\nsharpness = 1.0", "guard.sharpness"),
        ("[limits]\nmin_area_px = inf", "limits.min_area_px"),
        ("[limits]\nng_at = false", "limits.ng_at"),
        ("[guard]\nclipped_max = true", "guard.clipped_max"),
        ("[guard]\ncontrast_min = -1.0", "guard.contrast_min"),
        ("[limits]\nmax_regions = -1", "limits.max_regions"),
    ],
)
def test_bad_rules_and_guards_name_the_key(guarded: ModelPackage, tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        judging(text, guarded, tmp_path)


def test_novelty_of_a_model_that_tells_none_is_refused(package: ModelPackage, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not tell"):
        judging('[guard]\nnovelty = "review"', package, tmp_path)


def test_huge_file_is_no_recipe(package: ModelPackage, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="too large"):
        judging("#" * (2 << 20), package, tmp_path)


share = st.floats(0.0, 1.0)
positive = st.floats(0.0, 1e6)


@st.composite
def bands(draw: st.DrawFn) -> tuple[float, float, float]:
    low, at, high = sorted(draw(st.tuples(share, share, share)))
    return at, low, high


@st.composite
def class_rules(draw: st.DrawFn, label: str) -> ClassRule:
    severity = draw(st.sampled_from(Severity))
    at, low, high = draw(bands())
    if severity is Severity.CRITICAL:
        high = at
    band = draw(st.sampled_from([(None, None), (low, high)]))
    area = None if severity is Severity.CRITICAL else draw(st.none() | positive)
    return ClassRule(label, severity, at, band[0], band[1], area, draw(st.none() | st.integers(0, 9)))


@st.composite
def guards(draw: st.DrawFn) -> Guard:
    low, high = sorted(draw(st.tuples(positive, positive)))
    novelty = draw(st.none() | st.floats(0.1, 9.0))
    return Guard(
        draw(st.sampled_from([None, (low, high)])),
        draw(st.none() | positive),
        draw(st.none() | positive),
        draw(st.none() | share),
        novelty,
        Outcome.REVIEW if novelty is None else draw(st.sampled_from([Outcome.REVIEW, Outcome.NO_VERDICT])),
    )


@st.composite
def recipes(draw: st.DrawFn, package: ModelPackage) -> Recipe:
    limits = Limits(
        *draw(bands()), draw(positive), draw(st.none() | st.floats(0.001, 9.0)), draw(st.none() | st.just(3))
    )
    others = [name for name in ("scratch", "stain") if draw(st.booleans())]
    return Recipe(
        name=draw(st.text(min_size=1, max_size=100)),
        version=draw(st.integers(1, 10**6)),
        ok_classes=("ok",),
        limits=limits,
        saving=SavingPolicy(draw(st.booleans()), draw(st.integers(0, 99))),
        view=View(draw(st.none() | st.just((3, 4, 50, 60)))),
        rules=tuple(draw(class_rules(name)) for name in ["crack", *others]),
        guard=draw(guards()),
        model=draw(st.sampled_from(["", package.version])),
        max_frame_age_s=draw(st.floats(0.001, 1e3)),
        pages=draw(st.sampled_from(FilePages)),
    )


@given(st.data())
def test_a_written_recipe_is_read_back_the_same(
    guarded: ModelPackage, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    recipe = data.draw(recipes(guarded))
    read = load_recipe(write(tmp_path_factory.getbasetemp(), dump_recipe(recipe)), guarded)
    assert replace(read, digest="") == replace(recipe, name=short_name(recipe.name))
    again = load_recipe(write(tmp_path_factory.getbasetemp(), dump_recipe(read)), guarded)
    assert again.digest == read.digest


def test_toml_text_refuses_what_toml_cannot_hold() -> None:
    with pytest.raises(TypeError, match="no object"):
        toml_of({"a": object()})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ng_at = 0.6", r"at ng_at: there is no such key. It belongs into \[limits\] or \[\[classes\]\]."),
        ("exposure_us = 4000", r"at exposure_us: there is no such key. It belongs into \[camera\]."),
        ("every_ok = 5", r"It belongs into \[saving\]."),
        ("nonsense = 1", "at nonsense: there is no such key. Take it out."),
        ("[limits]\nroi = 1", "at limits.roi: there is no such key. Take it out."),
        ("[limits]\nng_at = 60", "at limits.ng_at: it is more than 1. For 60 % write 0.6."),
        ("[limits]\nng_at = 0,6", "Write 0.6, with a point."),
        ("[limits]\nng_at = 600", "at limits.ng_at: Input should be less"),
    ],
)
def test_the_usual_mistakes_are_told_with_their_remedy(
    tmp_path: Path, package: ModelPackage, text: str, said: str
) -> None:
    (tmp_path / "r.toml").write_text(f'schema = 1\nname = "x"\n{text}\n', encoding="utf-8")
    with pytest.raises(InputError, match=said):
        load_recipe(tmp_path / "r.toml", package)


def test_a_recipe_from_notepad_is_as_its_plain_twin(tmp_path: Path, package: ModelPackage) -> None:
    text = 'schema = 1\r\nname = "Bügel"\r\n[limits]\r\nng_at = 0.6\r\n'
    found = []
    for name, encoding in (("plain.toml", "utf-8"), ("notepad.toml", "utf-8-sig")):
        (tmp_path / name).write_bytes(text.encode(encoding))
        found.append(load_recipe(tmp_path / name, package))
    assert found[0] == found[1]


KEYS = {
    "": ("schema", "version", "bits", "max_frame_age_s"),
    "limits": ("ng_at", "min_area_px", "min_area_mm2", "mm_per_px", "max_regions"),
    "guard": ("contrast_min", "sharpness_min", "clipped_max", "novelty_max"),
    "saving": ("every_ok",),
    "tiles": ("height", "width", "overlap"),
    "camera": ("exposure_us", "gain_db", "width", "burst", "takt_s"),
}
NUMBERS = (
    *("nan", "inf", "-inf", "1e308", "-1e308", "1e-300", "-1", "9223372036854775807", "9223372036854775808"),
    *("1e9", "1000000001", "0x7fffffff", "0", "true", "1e999", "1" * 400),
)


@pytest.mark.parametrize("table", KEYS)
@pytest.mark.parametrize("value", NUMBERS)
def test_no_number_gets_further_than_the_recipe(tmp_path: Path, guarded: ModelPackage, table: str, value: str) -> None:
    """It is told with its key, or the recipe is written and read back the same."""
    for key in KEYS[table]:
        others = {"tiles": "height = 64\nwidth = 64\n", "limits": "mm_per_px = 0.05\n"}.get(table, "")
        lines = "".join(line + "\n" for line in others.splitlines() if not line.startswith(f"{key} "))
        head = "" if key == "schema" else "schema = 1\n"
        text = f'{head}name = "x"\n' + (f"[{table}]\n" if table else "") + lines + f"{key} = {value}\n"
        try:
            read = load_recipe(write(tmp_path, text), guarded)
        except InputError as error:
            assert key in str(error) or "newer Lineside" in str(error) or "number" in str(error), str(error)
            continue
        assert load_recipe(write(tmp_path, dump_recipe(read)), guarded) == read


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("version = 9223372036854775808", "at version: the number is too large"),
        ("version = 1000000000", "at version: Input should be less than or equal to 999999999"),
        ("[limits]\nmm_per_px = 1e-300", "at limits.mm_per_px: Input should be greater than or equal to 0.000000001"),
        (
            "[limits]\nmm_per_px = 1e-9\nmin_area_mm2 = 1e6",
            r"has limits.min_area_mm2 of more than 1e\+12 pixels. Check limits.mm_per_px.",
        ),
        (
            '[limits]\nmm_per_px = 1e-9\n[[classes]]\nname = "crack"\nmin_area_mm2 = 1e6',
            r"has classes.crack.min_area_mm2 of more than 1e\+12 pixels",
        ),
    ],
)
def test_a_number_that_cannot_be_is_told_with_its_bound(
    tmp_path: Path, guarded: ModelPackage, text: str, said: str
) -> None:
    with pytest.raises(InputError, match=said):
        load_recipe(write(tmp_path, f'schema = 1\nname = "x"\n{text}'), guarded)


def test_the_last_version_is_not_overrun(tmp_path: Path, package: ModelPackage) -> None:
    path = write(tmp_path, 'schema = 1\nname = "x"\nversion = 999999999')
    before = path.read_bytes()
    with pytest.raises(InputError, match=r"the last there is. Save it by another name."):
        save_recipe(path, load_recipe(path, package))
    assert path.read_bytes() == before


def test_odd_characters_in_a_name_are_escaped_for_good(tmp_path: Path, package: ModelPackage) -> None:
    path = write(tmp_path, 'schema = 1\nname = "red\\u001b[31m \\u202etxt"')
    read = load_recipe(path, package)
    assert read.name == r"red\x1b[31m \u202etxt"
    assert read_head(path).name == read.name
    saved = save_recipe(tmp_path / "other.toml", replace(read, name="red\x1b[31m \u202etxt"))
    assert saved == load_recipe(tmp_path / "other.toml", package)
    assert saved.digest == read.digest


def test_a_recipe_whose_file_has_an_odd_name_keeps_its_golden_picture(tmp_path: Path, package: ModelPackage) -> None:
    path = write_odd(tmp_path, b"r\xe4.toml", b"")
    path.unlink()
    golden = np.random.default_rng(0).integers(0, 255, (64, 80), np.uint8)
    saved = save_recipe(path, default_recipe(package), golden)
    assert saved.imaging is not None
    assert saved.imaging.picture == "r_xe4-golden.png"
    assert load_recipe(path, package).digest == saved.digest
