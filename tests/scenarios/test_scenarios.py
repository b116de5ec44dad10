"""Every story against the whole pipeline; and that every rule has its stories and its text."""

from __future__ import annotations

import importlib
import pickle
import pkgutil
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from dissect.analysis import pack, unpack
from dissect.detect import rules
from dissect.detect.registry import NAMES, RULES
from dissect.detect.rule import HEADINGS, Rule, text
from dissect.escape import visible
from dissect.pipeline import Pipeline
from scenarios.story import Story, StoryError, files, read, stories, told

if TYPE_CHECKING:
    from dissect.analysis.model import FlowDetail
    from dissect.detect.finding import Finding

STORIES = stories()


class Reading:
    """What the pipeline makes of a story."""

    def __init__(self, story: Story) -> None:
        self.segments = story.segments()
        self.pipeline = Pipeline("story")
        self.pipeline.segments(self.segments)
        self.pipeline.finish()
        self.details = self.pipeline.take()
        self.verdicts = self.pipeline.verdicts()

    def findings(self) -> list[tuple[Finding, FlowDetail]]:
        """All findings, flow by flow in the order of the ladder."""
        return [(finding, detail) for detail in self.details for finding in detail.findings]


@pytest.fixture(params=STORIES, ids=lambda story: story.name)
def story(request: pytest.FixtureRequest) -> Story:
    """Each story in turn."""
    assert isinstance(request.param, Story)
    return request.param


def test_a_story_gives_its_findings_and_no_other(story: Story) -> None:
    """One fact, one finding: all that are expected are there, and nothing beside them."""
    found = Reading(story).findings()
    expected = list(story.findings)
    said = [finding.rule for finding, _ in found]
    assert Counter(said) == Counter(e["rule"] for e in expected), [f.message for f, _ in found]
    for rule in set(said):
        of_rule = [e for e in expected if e["rule"] == rule]
        pairs = zip((f for f in found if f[0].rule == rule), of_rule, strict=True)
        assert [told(*finding, wanted) for finding, wanted in pairs] == of_rule


def test_a_story_reads_as_it_says(story: Story) -> None:
    """Outcome, commands and kinds of rows are as told, where the story tells them."""
    details = Reading(story).details
    rows = [row for detail in details[-1:] for row in detail.rows if row.kind.value != "open"]
    commands = tuple(visible(row.text) for row in rows if row.kind.value == "command")
    assert story.outcome in (None, *(detail.summary.outcome for detail in details[-1:]))
    assert story.commands in (None, commands)
    assert story.kinds in (None, tuple(row.kind.value for row in rows))


def test_findings_have_their_evidence(story: Story) -> None:
    """Frames and rows of findings exist, nothing crashed, and the read model can travel."""
    reading = Reading(story)
    frames = {segment.frame for segment in reading.segments}
    assert reading.pipeline.bugs == []
    for finding, detail in reading.findings():
        assert set(finding.rows) <= {row.number for row in detail.rows}
        assert finding.frames
        assert set(finding.frames) <= frames
        assert list(finding.frames) == sorted(finding.frames)
        assert unpack(pack(detail)) == detail


def test_findings_accuse_nobody_of_an_attack(story: Story) -> None:
    """Masks come from firewalls that somebody set up to protect mail: no finding says attack."""
    reading = Reading(story)
    for finding, _ in reading.findings():
        if "masked" in finding.rule:
            said = " ".join((finding.message, finding.impact, *finding.remedy)).lower()
            assert "attack" not in said
    for verdict in reading.verdicts:
        assert "attack" not in f"{verdict.title} {verdict.message}".lower()


def test_credentials_are_shown_nowhere(story: Story) -> None:
    """What a story hides is in no row, no piece, no finding and no verdict."""
    reading = Reading(story)
    everything = pickle.dumps((reading.details, reading.verdicts))
    assert [word for word in story.hidden if word.encode() in everything] == []


def test_stories_keep_their_word() -> None:
    """A story that fires names its rule among its findings, a near miss does not."""
    wrong = [s.name for s in STORIES if s.fires is not (s.rule in [e["rule"] for e in s.findings])]
    assert wrong == []


def test_stories_are_one_sentence() -> None:
    """Each story is told in one sentence, and no sentence is told twice of one rule."""
    assert [s.story for s in STORIES if s.story.count(".") != 1 or s.story[-1] != "."] == []
    assert [name for name, n in Counter((s.rule, s.story) for s in STORIES).items() if n > 1] == []


@pytest.mark.parametrize("rule", NAMES)
def test_a_rule_has_its_stories(rule: str) -> None:
    """Every rule has a scenario that fires and a near miss."""
    assert {s.fires for s in STORIES if s.rule == rule} == {True, False}
    assert rule in [path.stem for path in files()]


@pytest.mark.parametrize("rule", RULES, ids=NAMES)
def test_a_rule_has_its_text(rule: type[Rule]) -> None:
    """A rule's text has exactly the headings that every rule has, none of them empty."""
    parts = text(rule)
    assert tuple(parts) == ("", *HEADINGS)
    assert all(parts.values())


def test_rules_are_registered_once() -> None:
    """Every rule file has one rule, all are registered, and their names are unique."""
    modules = [importlib.import_module(f"{rules.__name__}.{m.name}") for m in _modules()]
    defined = [_rules_of(module) for module in modules]
    assert [len(of_module) for of_module in defined] == [1] * len(modules)
    assert {rule for of_module in defined for rule in of_module} == set(RULES)
    assert len(set(NAMES)) == len(NAMES) == len(RULES)


def _modules() -> list[pkgutil.ModuleInfo]:
    return list(pkgutil.iter_modules(rules.__path__))


def _rules_of(module: Any) -> list[type[Rule]]:
    """The rules that a module defines itself."""
    values = [v for v in vars(module).values() if isinstance(v, type) and issubclass(v, Rule)]
    return [v for v in values if v.__module__ == module.__name__]


def test_a_rule_file_is_named_after_its_rule() -> None:
    """A rule is found by its name: masked-verb in masked_verb.py."""
    stems = [rule.__module__.rpartition(".")[2] for rule in RULES]
    assert stems == [name.replace("-", "_") for name in NAMES]


GOOD: dict[str, Any] = {"story": "All is well.", "transcript": "S: 220 mx"}


@pytest.mark.parametrize(
    "more",
    [
        {"stroy": "A key that is no key."},
        {"findings": [{"rule": "no-such-rule"}]},
        {"findings": [{"rule": "masked-verb", "colour": "red"}]},
        {"setting": {"speed": 9}},
        {"outcome": "splendid"},
    ],
    ids=lambda more: next(iter(more)),
)
def test_unknown_words_are_refused(more: dict[str, Any]) -> None:
    """A misspelt key or value is an error, not an expectation that never fails."""
    assert read("masked-verb", GOOD, fires=False).story == "All is well."
    with pytest.raises(StoryError):
        read("masked-verb", GOOD | more, fires=False)
