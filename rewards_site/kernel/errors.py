"""The five families of refusals. Edges translate them: HTTP status, exit code, message.

Each subclass has a stable `code` and a plain sentence; none knows about HTTP.
"""


class ServiceError(Exception):
    """A refusal or fault that a caller may tell a person about."""

    code = "error"


class InvalidInput(ServiceError):
    """What was asked is wrong in content. `fields` maps a field's name to what is wrong with it."""

    code = "invalid_input"

    def __init__(self, message: str, *, fields: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.fields = fields or {}


class NotFound(ServiceError):
    """There is no such thing, or not for this caller."""

    code = "not_found"


class Conflict(ServiceError):
    """The thing is in another state than this needs."""

    code = "conflict"


class Refused(ServiceError):
    """A rule says no."""

    code = "refused"


class Unavailable(ServiceError):
    """Not now; `retry_after` seconds from now it may go."""

    code = "unavailable"

    def __init__(self, message: str, *, retry_after: int = 5) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class TooMany(Unavailable):
    """Not now, since too much was asked for in a short time."""

    code = "too_many_requests"
