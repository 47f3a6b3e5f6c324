"""One DRF view that reads one row by an index."""

from django.urls import path
from rest_framework import serializers
from rest_framework.generics import RetrieveAPIView

from tests.benchmarks.peers.drf_site.models import Row


class RowOutput(serializers.ModelSerializer[Row]):
    class Meta:
        model = Row
        fields = ("public_id", "customer_id", "created_at")


class RowView(RetrieveAPIView[Row]):
    queryset = Row._default_manager.all()
    serializer_class = RowOutput
    lookup_field = "customer_id"


urlpatterns = [path("row/<str:customer_id>/", RowView.as_view())]
