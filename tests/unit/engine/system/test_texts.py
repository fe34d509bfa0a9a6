"""A text from outside is read whole or refused in one sentence, whatever wrote it and however long it is."""

from __future__ import annotations

import json
import os
import tomllib
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.errors import InputError, LinesideError, UsageError
from engine.system.texts import MAX_DOTTED, parse_json, parse_toml, read_text, text_of

TEXT = 'name = "Bügel"\n'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_utf8_is_read_with_a_mark_in_front_or_without(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "a.toml"
    path.write_bytes(TEXT.encode(encoding))
    assert read_text(path, 100) == TEXT


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("Bügel".encode("latin-1"), "It is not text in UTF-8. Save"),
        (("\n\n" + TEXT).encode("cp1252"), "It is not text in UTF-8, at line 3. Save"),
        (TEXT.encode("utf-16"), "in UTF-16, or no text at all. Save it again as UTF-8."),
        (TEXT.encode("utf-16-le"), "in UTF-16"),
        (TEXT.encode("utf-16-be"), "in UTF-16"),
        (TEXT.encode("utf-32"), "in UTF-16, or"),
        (TEXT.encode("gbk"), "not text in UTF-8"),
        (TEXT.encode("shift-jis", "replace") + b"\x83", "not text in UTF-8"),
        (b"\xed\xb3\xb6", "not text in UTF-8"),
        (b"PK\x03\x04\0\0", "or no text at all"),
    ],
)
def test_any_other_text_is_refused(data: bytes, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        text_of(data, "It", UsageError)


def test_a_file_is_no_longer_than_its_bound(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"x" * 2048)
    assert len(read_text(path, 2048)) == 2048
    with pytest.raises(InputError, match=r"The list is too large: it has more than 1 KiB\. Choose another file\."):
        read_text(path, 2047, "The list")


def test_only_a_file_is_opened(tmp_path: Path) -> None:
    """A pipe would be waited for until somebody writes into it."""
    pipe = tmp_path / "pipe.toml"
    os.mkfifo(pipe)
    for path, said in ((pipe, "is no file"), (tmp_path, "is no file"), (tmp_path / "none", "cannot be read: No such")):
        with pytest.raises(InputError, match=said):
            read_text(path, 100)


@pytest.mark.parametrize("text", ["a=1,5", "a = 0,6  # a share", "\n[b]\na=-3,25\n", "a =+1,5"])
def test_a_decimal_comma_is_told_with_its_own_number(text: str) -> None:
    number = text.split("=")[1].split("#")[0].strip().replace(",", ".")
    with pytest.raises(InputError) as caught:
        parse_toml(text, "It")
    assert caught.value.remedy == f"Write {number}, with a point."


@pytest.mark.parametrize(
    "text",
    [
        "a." * 30_000 + "b = 1",
        "[" + "a." * 30_000 + "b]",
        "[[" + "a . " * 30_000 + "b]]",
        '"x"."y".' * 10_000 + "b = 1",
        "t = {" + "a." * 30_000 + "b = 1}",
        "t = {c = 1, " + "a." * 30_000,
        "a." * 500_000,
        "a=" + "[" * 60_000,
        "a=" + "{b=" * 60_000,
        "a=" + "1" * 60_000,
        "a=0x" + "f" * 60_000,
        "a." * MAX_DOTTED + "b = 1",
    ],
)
def test_toml_that_would_take_minutes_is_refused_at_once(text: str) -> None:
    with pytest.raises(InputError, match=r"^It (is not valid|holds a number)"):
        parse_toml(text, "It")


def test_dots_that_are_no_keys_are_left_alone() -> None:
    words = "1.2.3.4.5.6.7.8.9.10.11.12.13.14.15.16.17.18.19"
    text = f'# {words}\ncode = "{words}"\n[a.b.c]\nd.e = [{", ".join(["0.5"] * 50)}]\n'
    assert parse_toml(text, "It") == tomllib.loads(text)


@given(st.text(alphabet="ab.=[]{},\"'\n \\#1-_+eté\t", max_size=30))
@example('a=1\n"')
def test_toml_is_what_tomllib_says_or_one_sentence(text: str) -> None:
    try:
        wanted = tomllib.loads(text)
    except ValueError:
        with pytest.raises(LinesideError, match=r"^It "):
            parse_toml(text, "It")
    else:
        assert parse_toml(text, "It") == wanted


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"a":' * 100_000, "nests too deeply"),
        ("[" * 100_000, "nests too deeply"),
        ("9" * 60_000, "a number that cannot be read. Give it at most 4000 digits."),
        ('{\n"a": 1,\n}', "not valid JSON, at line 3"),
        ("", "not valid JSON, at line 1"),
    ],
)
def test_json_is_a_value_or_one_sentence(text: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        parse_json(text, "It")
    assert parse_json(json.dumps({"a": [1, None]}), "It") == {"a": [1, None]}
