"""PNGs with at most 256 colours: a screenshot of text and boxes becomes half as large."""

from __future__ import annotations

import struct
import zlib
from collections import Counter
from collections.abc import Iterator

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_COLOURS_MAX = 256
_CHANNELS = {2: 3, 6: 4}
"""Colour type → bytes a pixel: RGB, RGBA."""

Pixel = tuple[int, int, int]


def few_colours(png: bytes) -> bytes:
    """`png`, an 8-bit RGB or RGBA picture without gaps, with its 256 most frequent colours.

    Every other colour becomes the one that is nearest to it.
    """
    width, height, pixels = _decoded(png)
    counted = Counter(pixels)
    palette = [pixel for pixel, _ in counted.most_common(_COLOURS_MAX)]
    index = {pixel: number for number, pixel in enumerate(palette)}
    for pixel in counted:
        if pixel not in index:
            index[pixel] = _nearest(pixel, palette)
    rows = bytearray()
    for y in range(height):
        rows.append(0)  # no filter: what a palette compresses best with
        rows += bytes(index[pixel] for pixel in pixels[y * width : (y + 1) * width])
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    colours = bytes(channel for pixel in palette for channel in pixel)
    return _SIGNATURE + b"".join(
        _chunk(name, data)
        for name, data in (
            (b"IHDR", header),
            (b"PLTE", colours),
            (b"IDAT", zlib.compress(bytes(rows), 9)),
            (b"IEND", b""),
        )
    )


def _nearest(pixel: Pixel, palette: list[Pixel]) -> int:
    def distance(number: int) -> int:
        return sum((a - b) ** 2 for a, b in zip(pixel, palette[number], strict=True))

    return min(range(len(palette)), key=distance)


def _decoded(png: bytes) -> tuple[int, int, list[Pixel]]:
    chunks = list(_chunks(png))
    width, height, depth, kind, *_, interlace = struct.unpack(">IIBBBBB", chunks[0][1])
    if depth != 8 or kind not in _CHANNELS or interlace:
        raise ValueError("not a plain 8-bit picture")
    channels = _CHANNELS[kind]
    data = zlib.decompress(b"".join(body for name, body in chunks if name == b"IDAT"))
    stride = width * channels
    above = bytes(stride)
    pixels: list[Pixel] = []
    for y in range(height):
        start = y * (stride + 1)
        above = _unfiltered(
            data[start], data[start + 1 : start + 1 + stride], above, channels=channels
        )
        pixels += zip(above[0::channels], above[1::channels], above[2::channels], strict=True)
    return width, height, pixels


def _unfiltered(kind: int, line: bytes, above: bytes, *, channels: int) -> bytes:
    """One row as it was before its filter (PNG, section 9): none, left, up, average, Paeth."""
    if kind == 0:
        return line
    if kind == 2:
        return bytes((a + b) & 255 for a, b in zip(line, above, strict=True))
    row = bytearray(line)
    for i, value in enumerate(line):
        left = row[i - channels] if i >= channels else 0
        if kind == 1:
            guess = left
        elif kind == 3:
            guess = (left + above[i]) // 2
        else:
            guess = _paeth(left, above[i], above[i - channels] if i >= channels else 0)
        row[i] = (value + guess) & 255
    return bytes(row)


def _paeth(left: int, up: int, corner: int) -> int:
    guess = left + up - corner
    by_left, by_up, by_corner = abs(guess - left), abs(guess - up), abs(guess - corner)
    if by_left <= by_up and by_left <= by_corner:
        return left
    return up if by_up <= by_corner else corner


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(_SIGNATURE)
    while at < len(png):
        (size,) = struct.unpack(">I", png[at : at + 4])
        yield png[at + 4 : at + 8], png[at + 8 : at + 8 + size]
        at += 12 + size


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
