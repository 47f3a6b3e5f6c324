"""GET /metrics, in Prometheus' text format or OpenMetrics, for who may."""

from __future__ import annotations

import hmac
import ipaddress
import logging

from django.conf import settings
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from rewards_site.health import tallies
from rewards_site.health.metrics import Everything
from rewards_site.kernel import clock
from rewards_site.kernel.proxy import may_have_been_forwarded

log = logging.getLogger(__name__)


@require_safe
def metrics(request: HttpRequest) -> HttpResponseBase:
    """Bearer METRICS_TOKEN; where it is not set, only who asks from this very machine."""
    if settings.METRICS_TOKEN:
        if not _has_token(request):
            return _refused(
                401, "Send METRICS_TOKEN as a bearer token.", **{"WWW-Authenticate": "Bearer"}
            )
    elif not _is_of_this_machine(request):
        return _refused(
            403,
            "METRICS_TOKEN is not set: only this machine itself may ask, through no proxy, and "
            "with TRUST_PROXY nobody. Set METRICS_TOKEN, and send it as a bearer token.",
        )
    try:
        tallies.flush()
    except (DatabaseError, InterfaceError):
        log.warning("metrics.tallies_not_flushed")  # they stay, and count all the same
    everything = CollectorRegistry(auto_describe=False)
    everything.register(Everything(clock.now()))
    encode, content_type = choose_encoder(request.headers.get("Accept", ""))
    return HttpResponse(
        encode(everything), content_type=content_type, headers={"Cache-Control": "no-store"}
    )


def _has_token(request: HttpRequest) -> bool:
    scheme, _, told = request.headers.get("Authorization", "").partition(" ")
    # Bytes: compare_digest raises on text that is not ASCII, and the header is the sender's.
    is_it = hmac.compare_digest(
        told.strip().encode("utf-8", "surrogateescape"), settings.METRICS_TOKEN.encode()
    )
    return scheme.lower() == "bearer" and is_it


def _is_of_this_machine(request: HttpRequest) -> bool:
    """Loopback, and nobody forwarded it: a proxy on this machine asks for somebody outside."""
    if may_have_been_forwarded(request):
        return False
    try:
        address = ipaddress.ip_address(request.META.get("REMOTE_ADDR", ""))
    except ValueError:  # a Unix socket: a proxy is at its other end
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)


def _refused(status: int, detail: str, **headers: str) -> HttpResponse:
    return HttpResponse(
        detail + "\n",
        status=status,
        content_type="text/plain; charset=utf-8",
        headers={"Cache-Control": "no-store"} | headers,
    )
