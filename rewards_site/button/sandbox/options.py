"""The command line's options for webhooks, trouble, readings and the clock."""

from __future__ import annotations

import argparse
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from rewards_site.button.sandbox.clock import Clock, SteppedClock, SystemClock, read_instant
from rewards_site.button.sandbox.faults import API_KINDS, Fault, FaultKind
from rewards_site.button.sandbox.queueing import WebhookOrder
from rewards_site.button.sandbox.switches import Spelling

_FAULT = re.compile(r"(?P<kind>[a-z0-9-]+)=(?P<percent>[0-9.]{1,9})(:(?P<seconds>[0-9.]{1,9}))?")
_SWITCH = re.compile(r"(?P<name>[a-z_]+)(=(?P<percent>[0-9.]{1,9}))?")
_STRETCH = re.compile(r"(?P<first>[0-9.]{1,9})-(?P<last>[0-9.]{1,9})")
_OTHER_KINDS = [str(kind) for kind in FaultKind if kind not in API_KINDS]


def add_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group(
        "trouble and readings",
        "Also set by control calls while it runs; docs/sandbox.md tells them one by one.",
    )
    group.add_argument(
        "--webhook-order",
        choices=[str(order) for order in WebhookOrder],
        default=str(WebhookOrder.TRANSACTION),
        help="an event waits for those of its transaction before it, or for all before it",
    )
    group.add_argument(
        "--no-auto-pause",
        action="store_true",
        help="go on sending however many webhooks fail; Button stops at more than 10 percent and "
        "5 within an hour, until somebody resumes",
    )
    group.add_argument(
        "--switch",
        action="append",
        default=[],
        type=read_switch,
        metavar="NAME[=PERCENT]",
        help="spell so many of the orders so, all if no percentage is given; again for more: "
        + ", ".join(Spelling),
    )
    group.add_argument(
        "--fault",
        action="append",
        default=[],
        type=read_fault,
        metavar="KIND=PERCENT[:SECONDS]",
        help="let so many requests of the API fail ("
        + ", ".join(API_KINDS)
        + "), or so many events, deliveries or orders ("
        + ", ".join(_OTHER_KINDS)
        + "); SECONDS for slow and late; again for more",
    )
    group.add_argument(
        "--outage",
        action="append",
        default=[],
        type=read_stretch,
        metavar="FROM-TO",
        help="Button is down from then to then, in minutes of its pace after the start, and loses "
        "the webhooks of that time, such as 60-5820 for four days",
    )
    group.add_argument(
        "--begins-at",
        type=_instant,
        metavar="TIME",
        help="where its clock begins, RFC 3339, instead of now: a past one leaves room to put it "
        "forward by control calls",
    )
    group.add_argument(
        "--clock-stands",
        action="store_true",
        help="its clock moves by control calls only, so that the same calls give the same times",
    )


def read_switch(text: str) -> tuple[str, float]:
    """A spelling and its percentage. Raises: ArgumentTypeError."""
    match = _SWITCH.fullmatch(text)
    if match is None or match["name"] not in list(Spelling):
        raise argparse.ArgumentTypeError(f"{text!r} is not one of {', '.join(Spelling)}")
    return match["name"], _percent(match["percent"] or "100")


def read_fault(text: str) -> Fault:
    """Raises: ArgumentTypeError."""
    match = _FAULT.fullmatch(text)
    if match is None or match["kind"] not in list(FaultKind):
        raise argparse.ArgumentTypeError(
            f"{text!r} is not KIND=PERCENT, with one of {', '.join(FaultKind)}"
        )
    seconds = None if match["seconds"] is None else _number(match["seconds"])
    return Fault(kind=FaultKind(match["kind"]), percent=_percent(match["percent"]), seconds=seconds)


def read_stretch(text: str) -> tuple[float, float]:
    """Two minutes, the second one later. Raises: ArgumentTypeError."""
    match = _STRETCH.fullmatch(text)
    if match is None or _number(match["first"]) >= _number(match["last"]):
        raise argparse.ArgumentTypeError(f"{text!r} is not FROM-TO in minutes, such as 5-20")
    return _number(match["first"]), _number(match["last"])


def settings_of(options: Mapping[str, Any]) -> dict[str, Any]:
    """What these options make of a Sandbox, by the names of its fields."""
    clock: Clock = SystemClock()
    if options["clock_stands"]:
        clock = SteppedClock(options["begins_at"] or clock.now())
    return {
        "webhook_order": WebhookOrder(options["webhook_order"]),
        "auto_pause": not options["no_auto_pause"],
        "spellings": dict(options["switch"]),
        "standing_faults": tuple(options["fault"]),
        "outages": tuple(options["outage"]),
        "begins_at": options["begins_at"],
        "clock": clock,
    }


def _percent(text: str) -> float:
    percent = _number(text)
    if percent > 100:
        raise argparse.ArgumentTypeError(f"{text} is more than 100 percent")
    return percent


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None


def _instant(text: str) -> datetime:
    try:
        return read_instant(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
