"""The conversation in which the decisive thing happened."""

from __future__ import annotations

from dissect.dossier.case import Case, clock
from dissect.dossier.document import Ladder, Section, said
from dissect.dossier.steps import steps


def section(case: Case) -> Section | None:
    """The ladder; nothing where nothing is decisive."""
    if case.decisive is None:
        return None
    detail, finding = case.decisive
    flow = detail.summary
    message = case.show(finding.message)
    intro = said(
        f"Flow {flow.flow}, from {clock(flow.start)} UTC on. ",
        f"{message} (rule {finding.rule}, {finding.severity}, {finding.confidence:.0%} sure).",
    )
    if case.ladder is None:
        gone = said("The conversation could not be read a second time, so its ladder is missing.")
        return Section("ladder", "What happened", (intro, gone))
    figure = Ladder(
        title=f"The conversation from {flow.client} to {flow.server}",
        description=f"What client and server said, from top to bottom. {message}.",
        client=str(flow.client),
        server=str(flow.server),
        steps=steps(case.ladder.rows, finding, flow.start, case.show),
    )
    return Section("ladder", "What happened", (intro, figure))
