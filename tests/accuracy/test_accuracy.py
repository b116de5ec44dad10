"""The counting behind the table of accuracy, on manifests that are made up."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from accuracy import __main__ as command
from accuracy.count import Expectation, Score, Seen, faults, of_rule, scores
from accuracy.expect import ours, public
from accuracy.table import END, START, caption, part, section

README = Path(__file__).resolve().parent.parent.parent / "README.md"

MANIFEST = """
[[capture]]
file = "a.pcap"
may = ["free"]
[capture.findings]
exact = 3
[capture.at_least]
least = 2

[[capture]]
file = "b.pcap"
may = []
"""

LISTED = """
[[capture]]
file = "c.pcap"
[[capture.finding]]
rule = "exact"
count = 1
why = "frame 7"
"""

RULES = ("exact", "least", "free", "silent")


def seen(judged: dict[str, int], free: dict[str, int] | None = None) -> Seen:
    """Findings in a capture."""
    return Seen(Counter(judged), Counter(free or {}))


@pytest.mark.parametrize(
    ("rule", "got", "score"),
    [
        ("exact", 3, Score(1, 3, right=3)),
        ("exact", 5, Score(1, 3, right=3, wrong=2)),
        ("exact", 1, Score(1, 3, right=1, missed=2)),
        ("least", 2, Score(1, 2, right=2)),
        ("least", 9, Score(1, 2, right=2, allowed=7)),
        ("least", 0, Score(1, 2, missed=2)),
        ("free", 0, Score()),
        ("free", 4, Score(allowed=4)),
        ("silent", 0, Score()),
        ("silent", 1, Score(wrong=1)),
    ],
)
def test_one_rule_is_scored(rule: str, got: int, score: Score) -> None:
    """Exact counts, lower bounds, free rules and silence each count in their own way."""
    wanted, _ = ours(MANIFEST)
    assert of_rule(rule, wanted, seen({rule: got})) == score


def test_an_exact_count_is_not_softened() -> None:
    """A rule with an exact count is judged by it even where it is free to fire as well."""
    wanted = Expectation(capture="a", exact={"exact": 0}, may=frozenset({"exact"}))
    assert of_rule("exact", wanted, seen({"exact": 1})) == Score(wrong=1)


def test_what_nobody_judged_counts_neither_way() -> None:
    """A mild finding in a public capture makes nothing right, wrong, or less missing."""
    wanted, other = public(LISTED, ["c.pcap", "d.pcap"])
    mild = {"exact": 2}
    assert of_rule("exact", wanted, seen({}, mild)) == Score(1, 1, missed=1, allowed=2)
    assert of_rule("exact", other, seen({}, mild)) == Score(allowed=2)
    assert of_rule("exact", other, seen({"exact": 1})) == Score(wrong=1)


def test_captures_add_up() -> None:
    """Every rule has its row, in order, with the sums over all captures."""
    wanted = [*ours(MANIFEST), *public(LISTED, ["c.pcap"])]
    got = [seen({"exact": 3, "least": 3}), seen({"silent": 1}), seen({}, {"free": 1})]
    assert scores(RULES, zip(wanted, got, strict=True)) == {
        "exact": Score(2, 4, right=3, missed=1),
        "least": Score(1, 2, right=2, allowed=1),
        "free": Score(allowed=1),
        "silent": Score(wrong=1),
    }


@pytest.mark.parametrize(
    "wanted",
    [Expectation(capture="a", exact={"gone": 2}), Expectation(capture="a", least={"gone": 2})],
    ids=["exact", "least"],
)
def test_a_rule_that_does_not_exist_is_missed(wanted: Expectation) -> None:
    """What is expected of a rule that was renamed or never written does not drop out in silence."""
    assert list(scores(["exact"], [(wanted, seen({}))]).items()) == [
        ("exact", Score()),
        ("gone", Score(1, 2, missed=2)),
    ]


def test_faults_are_told_by_capture() -> None:
    """What is false or missing is named with its capture; what is right or free is not."""
    wanted, _ = ours(MANIFEST)
    got = seen({"exact": 4, "least": 1, "free": 9, "silent": 1})
    assert list(faults(wanted, got)) == [
        "a.pcap: exact: 1 false, 0 missed",
        "a.pcap: least: 0 false, 1 missed",
        "a.pcap: silent: 1 false, 0 missed",
    ]
    assert list(faults(wanted, seen({"exact": 3, "least": 2}))) == []


def test_a_planned_rule_may_be_free_already() -> None:
    """A manifest may leave a rule free that is still to be written."""
    wanted = Expectation(capture="a", may=frozenset({"planned"}))
    assert scores(["exact"], [(wanted, seen({}))]) == {"exact": Score()}


def test_a_capture_that_is_gone_is_told() -> None:
    """Findings that are listed for a capture that is not there are not lost in silence."""
    with pytest.raises(ValueError, match=r"no such capture: c\.pcap"):
        public(LISTED, ["d.pcap"])


def test_the_table_has_every_number() -> None:
    """Each rule is a row of Markdown, and the last row is the sum."""
    made = {"exact": Score(2, 4, 3, 1, 1, 5), "silent": Score(wrong=2)}
    lines = section(made, own=2, public=1).splitlines()
    assert lines[-3:] == [
        "| `exact` | 2 | 4 | 3 | 1 | 1 | 5 |",
        "| `silent` | 0 | 0 | 0 | 2 | 0 | 0 |",
        "| all |  | 4 | 3 | 3 | 1 | 5 |",
    ]
    assert len({line.count("|") for line in lines[2:]}) == 1


def test_the_caption_says_what_was_not_there() -> None:
    """Without the public captures the table says that it is of ours alone."""
    assert "the public ones were not there" in caption(4, 0)
    assert "not there" not in caption(4, 90)
    assert "90 public ones" in caption(4, 90)


@pytest.mark.parametrize(
    ("written", "public_now", "code"),
    [
        ("new", 1, command.SAME),
        ("old", 1, command.STALE),
        ("old", 0, command.UNTOLD),
        (caption(2, 0), 0, command.STALE),
    ],
)
def test_a_file_is_checked(
    written: str, public_now: int, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that says the same is in order, another is out of date, or cannot be judged here."""
    monkeypatch.setattr(command, "counted", lambda: ("new", public_now))
    file = tmp_path / "README.md"
    file.write_text(f"before\n{START}\n{written}\n{END}\nbehind\n", encoding="utf-8")
    assert command.main(["--check", str(file)]) == code


def test_a_file_without_marks_is_refused() -> None:
    """Where the marks are missing or doubled nothing is compared."""
    with pytest.raises(ValueError, match="0 parts"):
        part("nothing here")
    with pytest.raises(ValueError, match="2 parts"):
        part(f"{START}\na\n{END}\n" * 2)


def test_a_file_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what is between the marks changes, from nothing and from an older table."""
    monkeypatch.setattr(command, "counted", lambda: ("new", 1))
    file = tmp_path / "README.md"
    for old in (f"{START}\n{END}\n", f"{START}\nold\n{END}\n"):
        file.write_text(f"before\n{old}behind\n", encoding="utf-8")
        assert command.main(["--write", str(file)]) == command.SAME
        assert file.read_text(encoding="utf-8") == f"before\n{START}\nnew\n{END}\nbehind\n"


@pytest.mark.tshark
def test_the_readme_has_the_table() -> None:
    """The README says how often each rule is right as it is now."""
    code = command.main(["--check", str(README)])
    if code == command.UNTOLD:
        pytest.skip("the public captures are not beside the project")
    assert code == command.SAME
