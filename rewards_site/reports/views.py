"""GET /reports/NAME.FORMAT: the same exports for people and for finance's own tools.

Whoever is refused learns it by a real status before the first byte: the first piece of the report
is made before the answer begins. A reader that leaves half-way closes the cursor and the snapshot.

HEAD says what GET would: the status, the name of the file and the instant, which a GET may then ask
for. Nothing is read and nothing is recorded for it, as no figure leaves the house.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable

from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from rewards_site.kernel import clock
from rewards_site.kernel.api.problems import exception_handler, problem_response
from rewards_site.kernel.clock import wire_text
from rewards_site.kernel.db import DatabaseUnavailable
from rewards_site.kernel.errors import InvalidInput, ServiceError
from rewards_site.reports import options, registry
from rewards_site.reports.exporting import Exporter, begin_export, file_name, settle_query
from rewards_site.reports.models import Door
from rewards_site.reports.options import Asked
from rewards_site.reports.registry import Query, Report

MAY_EXPORT = "reports.export_report"
MAY_SEE_CUSTOMER_IDS = "members.view_member"
_YES = {"1", "true", "yes", "on"}
_NO = {"", "0", "false", "no", "off"}
_PARAMETERS = {"as_of", "from", "to", "currency", "with_customer_ids"}


@require_safe
def report_view(request: HttpRequest, name: str, suffix: str) -> HttpResponseBase:
    """The report as a download, or a problem document that says why not."""
    user = request.user
    if not user.is_authenticated:
        if "text/html" in request.headers.get("Accept", ""):
            return redirect_to_login(request.get_full_path(), reverse(settings.LOGIN_URL))
        return problem_response(403, detail="Log in first, as staff who may export reports.")
    if not (user.is_staff and user.has_perm(MAY_EXPORT)):
        return problem_response(403, detail="Reports are for staff with the finance role.")
    try:
        return _download(request, name, suffix, user)
    except (ServiceError, *DatabaseUnavailable) as error:
        return exception_handler(error, {"request": request})


def _asked(request: HttpRequest) -> dict[str, str]:
    """The parameters, spelt as here or as the command spells them (`as-of`).

    Raises: InvalidInput. Whoever asks for one thing must not get the figures of another.
    """
    asked: dict[str, str] = {}
    for told, values in request.GET.lists():
        name = told.replace("-", "_")
        if name not in _PARAMETERS:
            known = ", ".join(sorted(_PARAMETERS))
            raise InvalidInput("A parameter is not known.", fields={told: f"is none of {known}"})
        if len(values) > 1 or name in asked:
            raise InvalidInput("A parameter is told twice.", fields={told: "once, please"})
        asked[name] = values[0]
    switch = asked.get("with_customer_ids", "").lower()
    if switch not in _YES | _NO:
        raise InvalidInput(
            "A switch is neither on nor off.", fields={"with_customer_ids": "1 or 0"}
        )
    return asked


def _download(request: HttpRequest, name: str, suffix: str, user: User) -> HttpResponseBase:
    asked = _asked(request)
    wants_customer_ids = asked.get("with_customer_ids", "").lower() in _YES
    if wants_customer_ids and not user.has_perm(MAY_SEE_CUSTOMER_IDS):
        return problem_response(403, detail="Customer ids are for staff who may read members.")
    report = registry.find(name)
    question = options.read(
        report,
        as_of=asked.get("as_of", ""),
        start=asked.get("from", ""),
        end=asked.get("to", ""),
        currency=asked.get("currency", ""),
        with_customer_ids=wants_customer_ids,
        format=suffix,
    )
    if request.method == "HEAD":
        # Streaming, too: else a Content-Length of 0 would be claimed for the file.
        return _answer((), report, settle_query(report, question), question)
    by = Exporter(door=Door.WEB, actor=user)
    export = begin_export(report, question, by=by, at=clock.now())
    chunks = export.chunks()
    answer = _answer(_Body(next(chunks), chunks), report, export.query, question)
    answer.headers["X-Report-Export"] = str(export.run.pk)
    return answer


def _answer(
    body: Iterable[bytes], report: Report, query: Query, asked: Asked
) -> StreamingHttpResponse:
    name = file_name(report, query, asked.format)
    return StreamingHttpResponse(
        body,
        content_type=asked.format.media_type,
        headers={
            "Content-Disposition": str(content_disposition_header(True, name)),
            "Cache-Control": "no-store",
            "X-Report-As-Of": wire_text(query.as_of),
        },
    )


class _Body:
    """The first piece, then the rest. The server closes it, read to its end or not."""

    def __init__(self, first: bytes, rest: Generator[bytes]) -> None:
        self._first: bytes | None = first
        self._rest = rest

    def __iter__(self) -> _Body:
        return self

    def __next__(self) -> bytes:
        first, self._first = self._first, None
        return next(self._rest) if first is None else first

    def close(self) -> None:
        self._rest.close()
