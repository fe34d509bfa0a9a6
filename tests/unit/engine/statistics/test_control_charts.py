"""p- and u-charts by hand, and each of Western Electric's rules."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engine.statistics.control_charts import p_chart, u_chart, western_electric


def test_p_chart_has_limits_for_each_points_own_number_of_parts() -> None:
    chart = p_chart([10, 20, 10], [100, 400, 100])
    # p̄ = 40 / 600; σ = √(p̄·(1 − p̄) / n) worked by hand for n = 100 and n = 400.
    assert chart.centre == pytest.approx(1 / 15)
    assert chart.sigma == pytest.approx([0.0249444, 0.0124722, 0.0249444], rel=1e-5)
    assert chart.upper == pytest.approx([0.1414999, 0.1040833, 0.1414999], rel=1e-5)
    assert chart.lower == pytest.approx([0.0, 0.0292500, 0.0], abs=1e-5)
    assert chart.values == pytest.approx([0.1, 0.05, 0.1])
    assert chart.out == ()


def test_u_chart_counts_defects_per_part() -> None:
    chart = u_chart([8, 12, 40], [20, 20, 20])
    # ū = 60 / 60 = 1; σ = √(1 / 20) = 0.223607; 40 / 20 = 2 lies 4.47 σ away.
    assert chart.centre == pytest.approx(1.0)
    assert chart.upper == pytest.approx([1.670820] * 3, rel=1e-5)
    assert chart.lower == pytest.approx([0.329180] * 3, rel=1e-4)
    assert chart.rules == (frozenset(), frozenset(), frozenset({1}))


def test_point_with_too_few_parts_is_marked_and_no_rule_looks_at_it() -> None:
    chart = p_chart([1, 30, 30], [2, 600, 600])
    assert chart.small.tolist() == [True, False, False]
    assert chart.rules[0] == frozenset()


def test_point_without_parts_is_not_a_number_and_is_passed_over() -> None:
    chart = p_chart([5, 0, 5], [100, 0, 100])
    assert math.isnan(chart.values[1])
    assert chart.small.tolist() == [False, True, False]
    assert p_chart([], []).rules == ()
    assert math.isnan(p_chart([0], [0]).centre)


def test_all_sound_or_all_rejected_is_in_control() -> None:
    for rejected in ([0, 0], [50, 50]):
        chart = p_chart(rejected, [50, 50])
        assert chart.out == ()
        assert np.array_equal(chart.lower, chart.upper)


@pytest.mark.parametrize(
    ("z", "expected"),
    [
        ([0.0, 3.1, 0.0], {1: {1}}),
        ([0.0, -3.1], {1: {1}}),
        ([2.1, 0.0, 2.2], {2: {2}}),
        ([2.1, 0.0, -2.2], {}),
        ([2.1, 0.0, 0.0, 2.2], {}),
        ([1.1, 1.2, 0.0, 1.1, 1.2], {4: {3}}),
        ([-1.1, -1.2, -1.3, -1.4], {3: {3}}),
        ([1.1, 1.2, 1.3, 0.0, 0.0, 1.1], {}),
        ([0.1] * 8, {7: {4}}),
        ([0.1] * 9, {7: {4}, 8: {4}}),
        ([0.1] * 7 + [-0.1] * 7, {}),
        ([0.1] * 4 + [math.nan] + [0.1] * 4, {8: {4}}),
        ([0.0] * 20, {}),
    ],
)
def test_western_electric_rule(z: list[float], expected: dict[int, set[int]]) -> None:
    assert {i: set(rules) for i, rules in enumerate(western_electric(z)) if rules} == expected


def test_counts_that_cannot_be_are_refused() -> None:
    with pytest.raises(ValueError, match="more parts rejected"):
        p_chart([3], [2])
    with pytest.raises(ValueError, match="not negative"):
        u_chart([-1], [2])
    with pytest.raises(ValueError, match="one length"):
        u_chart([1, 2], [2])
