"""The API's description of itself, and a page to read and try it. Both are open to everybody."""

from __future__ import annotations

import functools
from typing import Any

from django.views.generic import TemplateView
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer, OpenApiYamlRenderer
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

MAX_AGE_SECONDS = 300


@functools.cache
def openapi_document() -> dict[str, Any]:
    """The whole document. Made once a process: it tells nothing of anybody and does not change."""
    document: dict[str, Any] = SchemaGenerator().get_schema(  # type: ignore[no-untyped-call]
        request=None, public=True
    )
    return document


class _JsonRenderer(OpenApiJsonRenderer):
    """Shown by browsers, where OpenAPI's own media type would be saved as a file."""

    media_type = "application/json"


class SchemaView(APIView):
    """JSON, which is YAML too; YAML and OpenAPI's own media types to whoever accepts only those."""

    authentication_classes = ()
    permission_classes = ()
    renderer_classes = (_JsonRenderer, OpenApiJsonRenderer, OpenApiYamlRenderer)
    metadata_class = None
    http_method_names = ["get", "head"]

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:
        return Response(
            openapi_document(), headers={"Cache-Control": f"public, max-age={MAX_AGE_SECONDS}"}
        )


class DocsView(TemplateView):
    """Swagger UI from our own static files, started by a script of ours: nothing is inline."""

    template_name = "api/docs.html"
    http_method_names = ["get", "head"]
