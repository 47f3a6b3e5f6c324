"""Pictures with few colours show the same."""

from __future__ import annotations

import struct
import zlib

import pytest

from tests.browser.png import few_colours

RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)
SIZE = struct.pack(">II", 3, 2)


def _png(rows: bytes) -> bytes:
    header = SIZE + bytes([8, 2, 0, 0, 0])
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )


def _shown(png: bytes) -> list[list[tuple[int, ...]]]:
    """The pixels of a 3 × 2 picture with a palette."""
    at, palette, rows = 8, b"", b""
    while at < len(png):
        (size,) = struct.unpack(">I", png[at : at + 4])
        name, data = png[at + 4 : at + 8], png[at + 8 : at + 8 + size]
        palette = data if name == b"PLTE" else palette
        rows = zlib.decompress(data) if name == b"IDAT" else rows
        at += 12 + size
    colours = [tuple(palette[i : i + 3]) for i in range(0, len(palette), 3)]
    return [[colours[index] for index in rows[start + 1 : start + 4]] for start in (0, 4)]


@pytest.mark.parametrize(
    "second",
    [
        bytes([0, *BLUE, *GREEN, *RED]),
        bytes([1, *BLUE, 0, 255, 1, 255, 1, 0]),  # less the pixel to the left
        bytes([2, 1, 0, 255, 0, 0, 0, 255, 0, 1]),  # less the pixel above
    ],
    ids=["none", "left", "up"],
)
def test_every_filter_is_undone(second: bytes) -> None:
    rows = bytes([0, *RED, *GREEN, *BLUE]) + second

    shown = _shown(few_colours(_png(rows)))

    assert shown == [[RED, GREEN, BLUE], [BLUE, GREEN, RED]]
