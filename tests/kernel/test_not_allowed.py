"""The page of what a role does not allow."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.admin_world import make_staff


@pytest.mark.django_db
def test_it_says_who_one_is_and_leads_back(client: Client) -> None:
    client.force_login(make_staff("Ops", username="olga"))

    answer = client.get("/admin/reports/reportrun/export/")

    text = answer.content.decode()
    assert answer.status_code == 403
    assert "Your role does not allow this" in text
    assert "olga" in text
    assert 'href="/admin/"' in text
