"""How much chance each property gets."""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, settings


def light(examples: int) -> settings:
    """Settings for so many examples, of any duration.

    Failures are not shrunk: a conversation is slow to shrink, and a broken property must not
    hold up all the others.  Add ``Phase.shrink`` by hand while you look for a bug.
    """
    return settings(
        max_examples=examples,
        deadline=None,
        phases=(Phase.explicit, Phase.reuse, Phase.generate),
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
