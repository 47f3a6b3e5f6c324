"""What every view of the API has in common."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView


class PrivateAPIView(APIView):
    """An endpoint whose answers are somebody's own: never kept by a browser or a proxy."""

    metadata_class = None
    http_method_names = ["get", "head", "post", "put", "patch", "delete"]

    def finalize_response(
        self, request: Request, response: Response, *args: Any, **kwargs: Any
    ) -> Response:
        response.headers["Cache-Control"] = "no-store"
        return super().finalize_response(request, response, *args, **kwargs)
