from __future__ import annotations

import pytest

from engine.errors import UsageError
from engine.sources.address import PASSWORD_VARIABLE, masked, parse


@pytest.mark.parametrize(
    ("uri", "shown"),
    [
        ("rtsp://10.0.0.5/line", "rtsp://10.0.0.5/line"),
        ("rtsp://user@10.0.0.5:8554/line", "rtsp://user@10.0.0.5:8554/line"),
        ("rtsp://user:geheim@10.0.0.5:8554/line?a=b@c", "rtsp://user:***@10.0.0.5:8554/line?a=b@c"),
        ("RTSP://user:ge@heim@10.0.0.5/line", "rtsp://user:***@10.0.0.5/line"),
        ("rtsp://user:ge/heim@10.0.0.5/line", "rtsp://user:***@10.0.0.5/line"),
        ("rtsp://user:ge?heim@10.0.0.5/line", "rtsp://user:***@10.0.0.5/line"),
        ("http://10.0.0.5/video?user=me&pwd=geheim&size=2", "http://10.0.0.5/video?user=me&pwd=***&size=2"),
        ("https://10.0.0.5/video?access_token=geheim", "https://10.0.0.5/video?access_token=***"),
        ("folder:/a:geheim@b", "folder:/a:geheim@b"),
    ],
)
def test_a_shown_address_hides_passwords_and_nothing_else(uri: str, shown: str) -> None:
    assert masked(uri) == shown
    assert masked(shown) == shown


@pytest.mark.parametrize(
    "uri",
    [
        "rtsp://",
        "rtsp:///geheim",
        "rtsp://u:geheim@",
        "rtsp://u:geheim@h:x/",
        "rtsp://u:geheim@h/a b",
        "rtsp://[::/geheim",
    ],
)
def test_an_impossible_address_is_refused_without_showing_the_password(uri: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(uri)
    assert "geheim" not in str(caught.value)


def test_neither_the_address_nor_its_repr_shows_the_password() -> None:
    address = parse("http://me:ge%40heim@10.0.0.5/video?pwd=geheim")
    assert (address.host, address.port, address.user, address.password) == ("10.0.0.5", 80, "me", "ge@heim")
    assert address.bare == "http://10.0.0.5/video?pwd=geheim"
    assert "heim" not in repr(address)
    assert "heim" not in address.shown


def test_a_masked_address_opens_with_the_password_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = parse("rtsp://me:ge@heim@10.0.0.5/line").shown
    with pytest.raises(UsageError, match="password is not known") as caught:
        parse(shown)
    assert PASSWORD_VARIABLE in caught.value.remedy
    monkeypatch.setenv(PASSWORD_VARIABLE, "ge@heim")
    assert parse(shown).url == "rtsp://me:ge%40heim@10.0.0.5/line"
    assert parse(shown).shown == shown
