"""What the page of a study says: the sentences, tables and plots of each chapter, or why there is none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.domain.recipe import Recipe
from engine.packages.package import ModelPackage
from engine.statistics.shares import Share
from trainer.evaluation.curves import pr_points, roc_points
from trainer.evaluation.figures import DEFAULT_COST, chosen_points, curve_of, diagrams, rest_of
from trainer.evaluation.mistakes import MOST_CONFIDENT, Gallery, Kind, Mistake, pictures_of
from trainer.evaluation.page import Cell, Headline, Picture, Section, Table, row
from trainer.evaluation.plots import Chart, Series, curve_chart, mirrored_histogram, reliability_chart, steps
from trainer.evaluation.reliability import BINS
from trainer.evaluation.robustness import Robustness
from trainer.evaluation.sheet import Sheet
from trainer.evaluation.tables import class_table, confusion_section, robustness_table, several_table, station_section
from trainer.thresholds.operating import Cost, OperatingPoint, expected_cost

SMALL = 30
"""Fewer pictures than this of a kind leave its figures open."""
MAX_CURVES = 12
GROUPED = 0.9
"""Fewer groups than this share of the pictures: they are not independent, and that is told."""
Figures = dict[str, Any]


def summary(sheet: Sheet, figures: Figures) -> tuple[str, ...]:
    """The result in one or two sentences."""
    total = len(sheet.truth)
    right = int(sheet.right.sum())
    share = Share(right, total)
    lines = [f"{right} of {total} pictures are judged rightly: {_percent(share.rate)} ({_span(share.interval)})."]
    if sheet.sound:
        escapes, overkill = figures["escapes"], figures["overkill"]
        parts = [f"{escapes['count']} of {escapes['of']} defects escape"] if escapes["of"] else []
        parts += [f"{overkill['count']} of {overkill['of']} sound parts are rejected"] if overkill["of"] else []
        lines.append(f"{', '.join(parts)}.")
    return tuple(lines)


def cautions(sheet: Sheet, figures: Figures, recipe: Recipe) -> tuple[str, ...]:
    """What keeps the figures from meaning more."""
    found = []
    counts = {name: c["support"] for name, c in figures["per_class"].items() if c["support"]}
    few = [f"{name} ({n})" for name, n in counts.items() if n < SMALL]
    if few:
        found.append(f"Fewer than {SMALL} pictures of {_listed(few)}: those figures are wide open.")
    unknown = sorted({t for t in sheet.truth if t not in sheet.classes and t not in sheet.sound})
    if unknown:
        found.append(f"The model does not know {_listed(unknown)}; such a part counts as right when it is rejected.")
    absent = [c for c in sheet.classes if c not in counts]
    if absent and not sheet.several:
        found.append(f"There is no picture of {_listed(absent)}, so nothing is said of it.")
    if figures["unreadable"]:
        found.append(f"{figures['unreadable']} pictures could not be read and are left out.")
    if figures["no_verdict"]:
        found.append(
            f"{figures['no_verdict']} pictures got NO VERDICT (outside the guard): they count as rejected, of no class."
        )
    aside = figures["unknown"]
    if aside["defective"] or aside["sound"]:
        found.append(
            f"{aside['defective'] + aside['sound']} pictures are unknown to this model and set aside: "
            f"{aside['defective']} defects, which do not escape, and {aside['sound']} sound parts for a person to see."
        )
    if figures["groups"] < GROUPED * len(sheet.truth):
        found.append(
            f"The {len(sheet.truth)} pictures are of {figures['groups']} groups (item, lot, series). Bootstrap "
            "intervals draw whole groups; Wilson intervals take every picture for itself and are too narrow."
        )
    if sheet.further and not sheet.several:
        found.append(f"{sheet.further} pictures show further classes beside their label; only the label counts here.")
    if recipe.rules:
        names = _listed([r.label for r in recipe.rules])
        found.append(
            f"{names} have limits or a severity of their own: the threshold sweep shows the overall score only."
        )
    return tuple(found)


def headlines(figures: Figures) -> tuple[Headline, ...]:
    """The figures at the top; those that are not defined are left out."""
    intervals, areas = figures["intervals"], figures["auroc"]
    told: list[tuple[str, float | None, Any, str]] = [
        ("accuracy", figures["accuracy"], intervals["accuracy"], "right class; Wilson interval"),
        ("macro-F1", figures["macro_f1"], intervals["macro_f1"], "mean of the classes; bootstrap"),
        ("micro-F1", figures["micro_f1"], intervals["micro_f1"], "all decisions together; bootstrap"),
        ("kappa", figures["kappa"], intervals["kappa"], "Cohen's, agreement beyond chance; bootstrap"),
        ("AP", figures["ap"], intervals["ap"], "defect against sound; bootstrap"),
        ("AUROC", areas["binary"], intervals["auroc"]["binary"], "defect against sound; bootstrap"),
        ("macro AUROC", areas["macro"], intervals["auroc"]["macro"], "one class against the rest; bootstrap"),
        ("micro AUROC", areas["micro"], intervals["auroc"]["micro"], "all classes together; bootstrap"),
    ]
    if "several" in figures:
        several, own = figures["several"], figures["several"]["intervals"]
        told.append(("macro-F1, all labels", several["macro_f1"], own["macro_f1"], "all that is shown; bootstrap"))
        told.append(("micro-F1, all labels", several["micro_f1"], own["micro_f1"], "all that is shown; bootstrap"))
    cards = [
        Headline(name, f"{value:.4f}", "no interval" if at is None else f"{at[0]:.4f} to {at[1]:.4f}", words)
        for name, value, at, words in told
        if value is not None
    ]
    for name, words in (("escapes", "of the defects; Wilson"), ("overkill", "of the sound parts; Wilson")):
        share = figures[name]
        if share["of"] and figures["defect_or_sound"] is not None:
            value = _percent(share["count"] / share["of"])
            cards.append(Headline(name, value, _span(share["interval"]), f"{share['count']} of {share['of']} {words}"))
    return tuple(cards)


def facts(package: ModelPackage, recipe: Recipe, figures: Figures) -> dict[str, str]:
    """What was judged by what."""
    manifest, judged = package.manifest, figures["dataset"]
    size = f"{manifest.input.height}×{manifest.input.width}×{manifest.input.channels}"
    return {
        "Model": figures["model"],
        "Network": f"{manifest.architecture}, {manifest.kind}, input {size} (H×W×C)",
        "Data set": f"{judged['id']}, part {judged['part']}, sha256 {judged['sha256'][:12]}",
        "Pictures": f"{figures['count']} judged, {figures['unreadable']} unreadable",
        "Recipe": f"{recipe.name} {recipe.version}, NG from defect score {recipe.limits.ng_at:g}",
        "Time": f"{figures['milliseconds']:.1f} ms a picture, reading included",
    }


def sections(
    package: ModelPackage,
    recipe: Recipe,
    sheet: Sheet,
    figures: Figures,
    mistakes: Gallery,
    cost: Cost | None,
    robust: Robustness | None,
    examples: tuple[Picture, ...],
) -> tuple[Section, ...]:
    """All chapters in their order; one that makes no sense here says so in a sentence."""
    found = [
        station_section(figures["as_judged"]),
        confusion_section(figures["confusion"]),
        Section("Classes", tables=(class_table(sheet, figures),), notes=_CLASS_NOTES[: 2 if sheet.sound else 1]),
    ]
    if "several" in figures:
        words = "Several classes may hold at once: each is judged at its own limit against all that a picture shows."
        found.append(Section("All labels", (words,), tables=(several_table(figures["several"]),)))
    found += [_ranking(sheet, figures), _confidence(sheet, figures), _sweep(sheet, recipe, cost)]
    if robust is not None:
        found.append(_robustness(robust, examples))
    return (*found, *_galleries(package, recipe, mistakes, len(sheet.truth)))


_CLASS_NOTES = (
    "Small figures: 95 % Wilson intervals. AP and AUROC: this class against the rest.",
    "“Rejected”: how many parts of this class were not called sound, whichever class was said.",
)


def _ranking(sheet: Sheet, figures: Figures) -> Section:
    charts: list[Chart] = []
    said = []
    if sheet.tells_defects:
        at = sheet.ranked
        charts += _two_curves(
            "Defect against sound", [("defect", sheet.positive[at], sheet.scores[at], 0)], figures, ""
        )
    else:
        said.append(
            "Defect against sound cannot be ranked: there are not both kinds, or no score that tells them apart."
        )
    hot, rows = rest_of(sheet)
    areas = figures["one_against_rest"]
    drawn = [k for k, name in enumerate(sheet.classes) if areas[name]["auroc"] is not None]
    if len(sheet.classes) > 2 and drawn:
        # The hardest classes are the ones worth seeing.
        drawn = sorted(sorted(drawn, key=lambda k: areas[sheet.classes[k]]["auroc"])[:MAX_CURVES])
        each = [(sheet.classes[k], hot[rows, k], sheet.table[rows, k], k) for k in drawn]
        charts += _two_curves("One class against the rest", each, figures, "one_against_rest")
        if len(drawn) < len(sheet.classes):
            said.append(f"Drawn one against the rest: {len(drawn)} of {len(sheet.classes)} classes, hardest first.")
    return Section("Ranking: ROC and precision-recall", tuple(said), tuple(charts))


def _two_curves(title: str, each: Sequence[tuple[str, Any, Any, int]], figures: Figures, kept: str) -> list[Chart]:
    roc, pr = [], []
    for name, truth, scores, style in each:
        area = figures[kept][name] if kept else {"auroc": figures["auroc"]["binary"], "ap": figures["ap"]}
        roc.append(Series(name, *roc_points(truth, scores), f"AUROC {_figure(area['auroc'])}", style))
        pr.append(Series(name, *pr_points(truth, scores), f"AP {_figure(area['ap'])}", style))
    return [
        curve_chart(f"{title}: ROC", "false positive rate", "true positive rate", roc, diagonal=True),
        curve_chart(f"{title}: precision and recall", "recall", "precision", pr),
    ]


def _confidence(sheet: Sheet, figures: Figures) -> Section:
    words = {
        "defect": ("Is the defect score honest?", "defect score", "share truly defective"),
        "top": ("Is the likeliest class's score honest?", "score of the likeliest class", "share right"),
        "each": ("Are the classes' scores honest?", "score of a class", "share that shows it"),
    }
    charts = [reliability_chart(*words[name], bars, BINS) for name, (bars, _) in diagrams(sheet).items()]
    errors = [f"{name} {_figure(c['ece'])}" for name, c in figures["calibration"].items()]
    histogram = mirrored_histogram(
        "How sure it was", "confidence in the label said", sheet.confidence[sheet.right], sheet.confidence[~sheet.right]
    )
    note = f"Expected calibration error ({BINS} bins of equal width, Guo et al. 2017): {', '.join(errors)}."
    told = "On the dashed line a score of 0.8 is right eight times in ten; below it the model is too sure of itself."
    return Section("Confidence", (told,), (*charts, histogram), notes=(note,) if errors else ())


def _sweep(sheet: Sheet, recipe: Recipe, cost: Cost | None) -> Section:
    curve, used = curve_of(sheet), cost or DEFAULT_COST
    title = "Threshold, escapes, overkill and cost"
    if curve is None:
        return Section(title, ("There are not both defects and sound parts, so no threshold can be weighed.",))
    at = recipe.limits.ng_at
    prices = expected_cost(curve, used)
    mark = [(at, f"in force {at:.3g}")]
    rates = [
        Series("escapes", *steps(curve.thresholds, curve.escape_rate), "of the defects", 1),
        Series("overkill", *steps(curve.thresholds, curve.overkill_rate), "of the sound parts", 0),
    ]
    costs = [Series("expected cost", *steps(curve.thresholds, prices), "of 1,000 parts", 2)]
    words = f"An escape costs {used.escape:g}, a false reject {used.false_reject:g}"
    words += "." if cost is not None else ": only an example, --cost ESCAPE:OVERKILL sets it."
    share = curve.defects / (curve.defects + curve.sound)
    return Section(
        title,
        (f"{words} The share of defects is the data set's, {_percent(share)}.",),
        (
            curve_chart("Escapes and overkill", "threshold on the defect score", "share", rates, marks=mark),
            curve_chart("Cost", "threshold on the defect score", "cost", costs, y_top=float(prices.max()), marks=mark),
        ),
        (_points_table(chosen_points(sheet, curve, at, used)),),
        notes=(
            "A threshold chosen on the pictures it is reported for looks better than it is: choose on others "
            "(lineside thresholds).",
        ),
    )


def _points_table(points: Sequence[OperatingPoint]) -> Table:
    rows = [
        row(
            p.rule,
            f"{p.threshold:.4f}",
            *(
                Cell(f"{share.count} of {share.of}", below=_span(share.interval))
                for share in (p.mistakes.escapes, p.mistakes.overkill)
            ),
            "—" if p.cost_per_1000 is None else f"{p.cost_per_1000:,.1f}",
        )
        for p in points
    ]
    head = ("rule", "threshold", "escapes", "overkill", "cost of 1,000 parts")
    return Table(head, tuple(rows), frozenset({0}))


def _robustness(robust: Robustness, examples: tuple[Picture, ...]) -> Section:
    said = [
        "Every picture judged again after it was made worse, before the model's own preprocessing. The figures go by "
        "the limits alone; the last four columns say what the line does with its guard on."
    ]
    if robust.dim_less_bright is not None:
        said.append(f"macro-F1 dim less bright: {robust.dim_less_bright:+.4f}.")
    notes = (
        "Δ: less the clean figure; its interval is a paired bootstrap over groups. ▼: macro-F1 loses over 0.03.",
        "Strengths: docs/study.md. Each picture is always disturbed alike, seeded by its name.",
    )
    return Section("Robustness", tuple(said), (), (robustness_table(robust),), examples, notes, "narrow")


def _galleries(package: ModelPackage, recipe: Recipe, mistakes: Gallery, total: int) -> list[Section]:
    top, counts = mistakes.most_confident(), mistakes.counts
    made = sum(counts.values())
    if not made:
        high = Share(0, total).interval[1]
        return [Section("Mistakes", (f"None in {total} pictures; up to {_percent(high)} are possible (95 %).",))]
    kinds = ", ".join(f"{n} {_plural(kind, n)}" for kind, n in counts.items() if n)
    said = [f"{made} mistakes: {kinds}.", _look_of(top)]
    refused = mistakes.counted.to_a_person.count
    if refused:
        said.append(f"{refused} parts set aside as unknown or without a verdict are not among them.")
    title = f"The {len(top)} most confident mistakes" if made > MOST_CONFIDENT else "All mistakes, surest first"
    found = [Section(title, tuple(said), pictures=pictures_of(top, package, recipe))]
    kind: Kind
    for kind, name in (("escape", "Further escapes"), ("false reject", "Further false rejects")):
        further = mistakes.beyond(kind)
        if further:
            rest = counts[kind] - sum(m.kind == kind for m in top)
            words = f"{len(further)} of {rest} beyond those above, surest first."
            found.append(Section(name, (words,), pictures=pictures_of(further, package, recipe)))
    return found


def _look_of(shown: Sequence[Mistake]) -> str:
    if any(m.judged.prediction is not None and m.judged.prediction.heat is not None for m in shown):
        return "Each: the picture (a drawn defect outlined), and the picture with the model's own map over it."
    return "Each picture with its drawn defect outlined; this model gives no map."


def _plural(kind: Kind, count: int) -> str:
    words = {"escape": "escape", "false reject": "false reject", "other": "defect called another kind"}[kind]
    if count == 1:
        return words
    return "defects called another kind" if kind == "other" else f"{words}s"


def _figure(value: float | None) -> str:
    return "—" if value is None else f"{value:.4f}"


def _percent(share: float) -> str:
    return f"{100.0 * share:.1f} %"


def _span(interval: Sequence[float]) -> str:
    return f"{100.0 * interval[0]:.1f} % to {100.0 * interval[1]:.1f} %"


def _listed(names: Sequence[str], most: int = 8) -> str:
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest} more" if rest > 0 else "")
