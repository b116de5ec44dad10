"""Reads a pipe or a terminal without blocking anybody else."""

from __future__ import annotations

import array
import asyncio
import fcntl
import os
import termios

from dissect.source.reader import wake


async def some(descriptor: int, most: int) -> bytes:
    """What there is, as soon as there is something; empty at the end.

    A regular file is read at once: it never keeps anybody waiting for long.

    Raises:
        OSError: if it cannot be read.
    """
    os.set_blocking(descriptor, False)
    while True:
        try:
            return os.read(descriptor, most)
        except BlockingIOError:
            await _readable(descriptor)


async def _readable(descriptor: int) -> None:
    loop = asyncio.get_running_loop()
    ready = loop.create_future()
    loop.add_reader(descriptor, wake, ready)
    try:
        await ready
    finally:
        loop.remove_reader(descriptor)


def available(descriptor: int) -> int:
    """How many bytes wait in a pipe, by any of its ends.

    Raises:
        OSError: where the system does not tell.
    """
    count = array.array("i", [0])
    fcntl.ioctl(descriptor, termios.FIONREAD, count)
    return count[0]
