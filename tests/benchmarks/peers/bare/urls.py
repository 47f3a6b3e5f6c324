"""One view: the signature, the rows by raw SQL, one commit."""

import hashlib
import hmac
import json
import os
from datetime import UTC, datetime

from django.db import connection, transaction  # noqa: TID251  # a project of its own
from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from tests.benchmarks.raw import Hook, take_webhook

_SECRET = os.environ["WEBHOOK_SECRET"].encode()


@csrf_exempt
def webhook(request: HttpRequest) -> JsonResponse:
    told = request.headers.get("X-Button-Signature", "").encode()
    made = hmac.new(_SECRET, request.body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(told, made.encode()):
        return JsonResponse({"status": "refused"}, status=401)
    hook = Hook(body=request.body, event=json.loads(request.body))
    with transaction.atomic(), connection.cursor() as cursor:
        is_new = take_webhook(cursor, hook, at=datetime.now(UTC))
    return JsonResponse({"status": "processed" if is_new else "duplicate"})


urlpatterns = [path("webhooks/button/", webhook)]
