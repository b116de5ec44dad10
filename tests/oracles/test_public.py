"""The tool that finds what ``public.toml`` lacks."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from oracles import public
from oracles.shared import FOLDER, NEEDED, reading

pytestmark = NEEDED

CAPTURE = "suricata-verify__smtp-pipelined-rset-data-replies.pcap"


def _entries(text: str) -> list[dict[str, Any]]:
    """What is printed, read as the list is."""
    (table,) = tomllib.loads(text)["capture"]
    assert table["file"] == CAPTURE
    found: list[dict[str, Any]] = table["finding"]
    return found


def test_what_is_missing_is_printed_as_entries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rules and counts are as they have to stand in the list; only the reason is left empty."""
    listed = public.listed()
    monkeypatch.setattr(public, "listed", dict)
    entries = _entries(public.unlisted(CAPTURE, reading(FOLDER / CAPTURE).details))
    assert [entry["why"] for entry in entries] == [""] * len(entries)
    told = [(entry["rule"], entry["count"]) for entry in entries]
    assert told == sorted((entry["rule"], entry["count"]) for entry in listed[CAPTURE])


def test_entries_of_a_known_capture_can_be_put_behind_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a capture is in the list already, what is printed has no second head."""
    known = public.listed()[CAPTURE]
    monkeypatch.setattr(public, "listed", lambda: {CAPTURE: known[:1]})
    text = public.unlisted(CAPTURE, reading(FOLDER / CAPTURE).details)
    entries = _entries(f'[[capture]]\nfile = "{CAPTURE}"\n{text}')
    assert [entry["rule"] for entry in entries] == [known[1]["rule"]]


def test_nothing_is_printed_where_all_is_listed() -> None:
    """A capture whose findings are all judged needs nothing."""
    assert public.unlisted(CAPTURE, reading(FOLDER / CAPTURE).details) == ""


def test_more_and_less_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A finding that is gone counts as much as one that is new."""
    wrong = [
        {"rule": "command-after-sync-point", "count": 3, "why": ""},
        {"rule": "sync-error", "count": 1, "why": ""},
    ]
    monkeypatch.setattr(public, "listed", lambda: {CAPTURE: wrong})
    assert list(public.miscounts(CAPTURE, reading(FOLDER / CAPTURE).details)) == [
        "command-after-sync-point: 1 instead of 3",
        "pipelining-not-offered: 1 instead of 0",
        "sync-error: 0 instead of 1",
    ]
