"""Examples of answers, as the API's own description shows them."""

from __future__ import annotations

from drf_spectacular.utils import OpenApiExample

_OFFERS = {
    "merchants": [
        {
            "merchant_id": "org-7c1f09aa52d3e418",
            "name": "Brand Example",
            "icon_url": "https://img.example.net/org-7c1f09aa52d3e418/icon.png",
            "categories": ["Sport"],
            "featured": True,
            "terms": {
                "finalization_window_days": 30,
                "reporting_window_days": 1,
                "coupons_allowed": True,
                "gift_cards_allowed": False,
                "exclusions": "Nothing for taxes, delivery or gift cards.",
                "additional_terms": None,
                "terms_url": None,
                "reward_conditions": ["At most 20.00 USD per order."],
            },
            "expected_days_to_available": 34,
            "expected_range": [29, 47],
            "basis": "history",
            "exclusions": ["Nothing for taxes, delivery or gift cards.", "Gift cards"],
            "offers": [
                {
                    "id": "offer-41d0c7be9a2f6603-0",
                    "token": "AaRl3k…",
                    "rank": 1,
                    "reward": {"type": "percent", "value": "3.25", "currency": None},
                    "label": "3.25 % back on Running shoes",
                    "display_params": {
                        "category": "Running shoes",
                        "offer_type": "Category",
                        "offer_tag": "promotional",
                    },
                }
            ],
        }
    ]
}
OFFERS = [
    OpenApiExample(
        "One merchant with one offer", value=_OFFERS, response_only=True, status_codes=["200"]
    ),
    OpenApiExample(
        "Nothing for this member",
        value={"merchants": []},
        response_only=True,
        status_codes=["200"],
    ),
]
OFFERS_ASKED = [
    OpenApiExample(
        "One phone and one e-mail address",
        value={
            "device_ids": ["6D92078A-8246-4BA4-AE5B-76104861E7DC"],
            "email_sha256s": ["b4c9a289323b21a01c3e940f150eb9b8c542587f1abfd8f0e1cc1ffc5e475514"],
            "merchant_id": None,
        },
        request_only=True,
    )
]
