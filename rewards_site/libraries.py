"""How the libraries are used: settings that no environment variable changes."""

from __future__ import annotations

# The worker (django-q2); the reasons stand in docs/decisions ---------------------------------
Q_CLUSTER = {
    "name": "rewards",
    "orm": "default",  # a task is queued by the commit of whoever queues it
    "workers": 2,
    "queue_limit": 2,  # the retry clock starts at prefetch: prefetch no more than can start
    "bulk": 1,
    "timeout": 120,
    "retry": 600,  # > timeout × (queue_limit / workers + 1), or a task would run beside itself
    "max_attempts": 3,
    "ack_failures": False,
    "save_limit": -1,  # successes are not saved; failures are
    "catch_up": False,
    "poll": 0.2,
    "recycle": 500,
}

# API ----------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rewards_site.members.tokens.MemberAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rewards_site.kernel.api.permissions.IsMember"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rewards_site.kernel.api.json_body.JsonBodyParser"],
    "DEFAULT_SCHEMA_CLASS": "rewards_site.kernel.api.schema.ApiSchema",
    "EXCEPTION_HANDLER": "rewards_site.kernel.api.problems.exception_handler",
    "UNAUTHENTICATED_USER": None,
    "NUM_PROXIES": 0,  # who asks is REMOTE_ADDR: kernel/proxy.py has put it right
    "URL_FORMAT_OVERRIDE": None,  # ?format=… is nothing here, and no 404
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Rewards: member API",
    "VERSION": "1",
    "DESCRIPTION": "What a member's app and the publisher's own back end read. Amounts are "
    "integers in the minor unit of the `currency` beside them (1999 USD is $19.99, 500 JPY is "
    "¥500); times are RFC 3339 in UTC; ids are opaque texts; errors are RFC 9457 problems.",
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "TAGS": [
        {"name": "member", "description": "Who is asking."},
        {"name": "money", "description": "Balances, orders, and each booking of them."},
        {"name": "shopping", "description": "Offers for this member now, and taps on them."},
        {"name": "merchants", "description": "Where rewards can be earned."},
        {
            "name": "back end",
            "description": "The same reads for the publisher's own back end, with an API key.",
        },
    ],
    "ENUM_NAME_OVERRIDES": {
        "TransactionStatus": "transactions.api.STATUSES",
        "ActivityKind": "transactions.api.ACTIVITY_KINDS",
    },
}
