"""A share, its interval and the test of gains and losses: textbook values, and what must hold of every one."""

from __future__ import annotations

import math
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.statistics.shares import NOTHING, Share, exact_p

shares = st.integers(1, 5000).flatmap(lambda of: st.builds(Share, st.integers(0, of), st.just(of)))


def test_interval_equals_the_textbook_values() -> None:
    assert Share(8, 10).interval == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert Share(0, 20).interval[0] == 0.0
    assert Share(20, 20).interval[1] == 1.0


def test_nothing_counted_tells_nothing() -> None:
    assert NOTHING.interval == (0.0, 1.0) and math.isnan(NOTHING.rate)
    assert NOTHING.plain() == {"count": 0, "of": 0, "interval": [0.0, 1.0]}


@given(shares)
def test_rate_lies_within_its_interval(share: Share) -> None:
    low, high = share.interval
    assert 0.0 <= low <= share.rate <= high <= 1.0
    assert low < high


@given(shares)
def test_interval_of_the_others_is_the_mirror(share: Share) -> None:
    low, high = Share(share.of - share.count, share.of).interval
    assert share.interval == pytest.approx((1.0 - high, 1.0 - low), abs=1e-12)


@given(shares, st.integers(2, 50))
def test_more_parts_of_the_same_rate_tell_more(share: Share, times: int) -> None:
    low, high = share.interval
    narrow = Share(share.count * times, share.of * times).interval
    assert narrow[1] - narrow[0] < high - low


def test_kept_shares_have_the_keys_of_an_evaluation() -> None:
    assert Share(1, 1).plain() == {"count": 1, "of": 1, "interval": [0.206549, 1.0]}


@pytest.mark.parametrize(("gained", "lost"), [(0, 0), (1, 0), (5, 1), (3, 3), (2, 7)])
def test_exact_p_is_the_share_of_coin_rows_as_uneven(gained: int, lost: int) -> None:
    total = gained + lost
    uneven = [abs(2 * sum(row) - total) >= abs(gained - lost) for row in product((0, 1), repeat=total)]
    assert exact_p(gained, lost) == pytest.approx(sum(uneven) / len(uneven))
