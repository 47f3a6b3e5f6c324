"""Cursor paging, newest first: by a public id that sorts by when its row was made (UUIDv7), or by
a number that is counted per member.
"""

from __future__ import annotations

import base64
import binascii
import re
import uuid
from typing import Any, ClassVar, TypeVar

from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request
from rest_framework.utils.urls import replace_query_param
from rest_framework.views import APIView

from rewards_site.kernel.api.seek import SeekRows
from rewards_site.kernel.errors import InvalidInput

R = TypeVar("R")

LIMIT_DEFAULT = 50
LIMIT_MAX = 200
_FORWARD, _BACKWARD = b"\x00", b"\x01"
_ID_BYTES = 16
_NUMBER_BYTES = 8
_NUMBER_MAX = 2**63 - 1
_WHOLE_NUMBER = re.compile(r"[+-]?[0-9]+")
_DIGITS_MAX = 18


_FROM_THE_START = Cursor(offset=0, reverse=False, position=None)
_FROM_THE_END = Cursor(offset=0, reverse=True, position=None)


class NewestFirst(CursorPagination):
    """`?limit=` (1 to 200, default 50) and `?cursor=`, on `-public_id` alone.

    A cursor is base64url of one byte for the direction and the 16 bytes of the id it stands at
    (none: the far end of the list). As that id is unique, REST framework's offsets never arise.
    Numbers outside of 1 to 200 are clamped. Raises: InvalidInput for a `limit` that is no whole
    number (422), ParseError for a `cursor` that we did not make (400).
    """

    ordering = "-public_id"
    page_size = LIMIT_DEFAULT
    max_page_size = LIMIT_MAX
    page_size_query_param = "limit"
    cursor_query_param = "cursor"
    template = None  # JSON only
    position_bytes: ClassVar[int] = _ID_BYTES

    def page_of(self, rows: SeekRows[R], request: Request, *, view: APIView) -> list[R]:
        """As paginate_queryset(), of rows that SQL written by hand reads."""
        stand_in: Any = rows
        return self.paginate_queryset(stand_in, request, view=view) or []

    def get_page_size(self, request: Request) -> int:
        text = request.query_params.get("limit")
        if text is None:
            return LIMIT_DEFAULT
        if not _WHOLE_NUMBER.fullmatch(text):
            message = _("This is a whole number from 1 to 200.")
            raise InvalidInput(_("`limit` is not a number."), fields={"limit": message})
        # A number of thousands of digits is past every limit, and int() would refuse it.
        number = int(text) if len(text) <= _DIGITS_MAX else LIMIT_MAX
        return 1 if text.startswith("-") else min(max(number, 1), LIMIT_MAX)

    def decode_cursor(self, request: Request) -> Cursor | None:
        text = request.query_params.get("cursor")
        if text is None:
            return None
        try:
            return read_cursor(text, position_bytes=self.position_bytes)
        except ValueError:
            raise ParseError({"cursor": _("This cursor is not one of ours.")}) from None

    def encode_cursor(self, cursor: Cursor) -> str:
        assert cursor.offset == 0, "public ids are unique: no offset is ever needed"
        assert self.base_url is not None, "set by paginate_queryset"
        text = write_cursor(cursor, position_bytes=self.position_bytes)
        return replace_query_param(self.base_url, "cursor", text)

    def get_next_link(self) -> str | None:
        if not self.page and self.has_next:
            # Nothing is newer than the cursor any more: what follows is the list from its start.
            # REST framework would go on below the cursor and lose the row that it stands at.
            return self.encode_cursor(_FROM_THE_START)
        return super().get_next_link()

    def get_previous_link(self) -> str | None:
        if not self.page and self.has_previous:  # the same from the other end
            return self.encode_cursor(_FROM_THE_END)
        return super().get_previous_link()


class NewestNumberFirst(NewestFirst):
    """The same on `-number` alone: a member's own count, which is unique in their list."""

    ordering = "-number"
    position_bytes = _NUMBER_BYTES


def write_cursor(cursor: Cursor, *, position_bytes: int = _ID_BYTES) -> str:
    """`cursor` as text that is safe in a URL."""
    position: Any = cursor.position
    raw = _BACKWARD if cursor.reverse else _FORWARD
    if position:
        is_number = position_bytes == _NUMBER_BYTES
        raw += int(position).to_bytes(8) if is_number else uuid.UUID(position).bytes
    return base64.urlsafe_b64encode(raw).decode("ascii").rstrip("=")


def read_cursor(text: str, *, position_bytes: int = _ID_BYTES) -> Cursor:
    """The cursor that `write_cursor` wrote. Raises: ValueError for anything else."""
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        raw = base64.b64decode(padded, altchars=b"-_", validate=True)
    except (UnicodeEncodeError, binascii.Error) as error:
        raise ValueError("not base64url") from error
    direction, position = raw[:1], raw[1:]
    if direction not in {_FORWARD, _BACKWARD} or len(position) not in {0, position_bytes}:
        raise ValueError("not a direction and a place")
    # The stubs say int; REST framework itself keeps str(field) there, and filters by it.
    place: Any = None
    if position and position_bytes == _NUMBER_BYTES:
        number = int.from_bytes(position)
        if not 0 < number <= _NUMBER_MAX:
            raise ValueError("no number of ours")
        place = str(number)
    elif position:
        place = str(uuid.UUID(bytes=position))
    cursor = Cursor(offset=0, reverse=direction == _BACKWARD, position=place)
    if write_cursor(cursor, position_bytes=position_bytes) != text:
        raise ValueError("another spelling of a cursor")
    return cursor
