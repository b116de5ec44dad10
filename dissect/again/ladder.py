"""The ladder of one flow, from a capture that was first read without ladders."""

from __future__ import annotations

from dissect.again.stretch import of_flow
from dissect.analysis.model import FlowDetail, FlowSummary
from dissect.pipeline import Pipeline, Settings
from dissect.source import CaptureFile, Tshark, asked, filters, read


async def ladder(
    tshark: Tshark, capture: CaptureFile, flow: FlowSummary, settings: Settings
) -> FlowDetail | None:
    """A flow with its rows; None where it is not there any more.

    Its findings are those of the flow alone: what needs others, such as a retried envelope, is
    not among them.

    Args:
        tshark: to read with.
        capture: the flow's.
        flow: as the first reading gave it.
        settings: those of the first reading.
    """
    pipeline = Pipeline(flow.capture, settings, first_flow=flow.flow)
    chosen = filters.both(settings.display_filter, of_flow(flow, flow.last_frame))
    wanted = asked.options(chosen, settings.keylog, settings.ports)
    options = ("-c", str(flow.last_frame), *wanted)
    await read(tshark, capture, pipeline.rows, options)
    pipeline.finish()
    same = (flow.client, flow.server, flow.first_frame)
    return next(
        (
            detail
            for detail in pipeline.take()
            if (detail.summary.client, detail.summary.server, detail.summary.first_frame) == same
        ),
        None,
    )
