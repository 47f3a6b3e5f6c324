"""Below `api/v1/`."""

from django.urls import path

from rewards_site.kernel.api.docs import DocsView, SchemaView

urlpatterns = [
    path("schema/", SchemaView.as_view(), name="api-schema"),
    path("docs/", DocsView.as_view(), name="api-docs"),
]
