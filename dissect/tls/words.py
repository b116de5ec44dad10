"""What a key log was good for, in words."""

from __future__ import annotations

from collections.abc import Mapping


def said(flows: Mapping[str, int]) -> str:
    """What is to be said of a key log once a capture is over; empty where it opened all of it.

    Args:
        flows: how many conversations in TLS it opened: ``decrypted``, ``partly`` up to some record,
            or not at all, ``encrypted``.
    """
    opened, partly, none = (flows.get(name, 0) for name in ("decrypted", "partly", "encrypted"))
    total = opened + partly + none
    if not total:
        return "the key log was not needed: no SMTP conversation in this capture is in TLS"
    if opened == total:
        return ""
    many = f"{total:,} conversation{'s' * (total > 1)} in TLS"
    if none == total:
        return (
            f"the key log opens none of {many}: it is of other sessions, or lacks some of the "
            "keys, or the handshake is not in the capture"
        )
    found = [f"the key log opens {f'{opened:,}' if opened else 'none'} of {many}"]
    found += [f"{partly:,} up to where a key or a packet is missing"] * bool(partly)
    found += [f"{none:,} not at all"] * bool(none)
    return ", ".join(found)
