"""What is typed as a number is finite and of a size that is counted here, or refused in words."""

from __future__ import annotations

import argparse

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.system.numbers import MOST, number, whole


@given(st.integers(-MOST, MOST))
def test_a_whole_number_is_itself(value: int) -> None:
    assert whole(str(value)) == value
    assert number(str(value)) == value


@pytest.mark.parametrize("text", ["", "x", "1.5", "nan", "²", "1e3", "9" * 5000, str(MOST + 1), str(-MOST - 1)])
def test_what_is_none_is_told_in_short(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError) as caught:
        whole(text)
    assert text[:40] in str(caught.value)
    assert len(str(caught.value)) < 90


@pytest.mark.parametrize("text", ["", "x", "nan", "inf", "-inf", "1e308", "1,5", "9" * 5000])
def test_no_number_is_infinite_or_none(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError):
        number(text)


def test_a_small_number_stays_what_it_is() -> None:
    assert number("0.985") == 0.985
    assert number("-1e-3") == -0.001
