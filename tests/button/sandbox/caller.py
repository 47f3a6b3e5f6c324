"""Calls the sandbox over a real socket, as a publisher and as a tester."""

from __future__ import annotations

from typing import Any

import requests

from rewards_site.button.sandbox.running import Sandbox
from rewards_site.button.sandbox.world import DEFAULT_API_KEY

ALL = "/v1/affiliation/transactions"
ACCOUNTS = "/v1/affiliation/accounts"


class Caller:
    """One kept-alive connection to one sandbox."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.url = sandbox.url
        self.session = requests.Session()

    def get(
        self, path: str, /, *, key: str = DEFAULT_API_KEY, **parameters: Any
    ) -> requests.Response:
        return self.session.get(self.url + path, params=parameters, auth=(key, ""), timeout=10)

    def objects(self, path: str, /, *, key: str = DEFAULT_API_KEY, **parameters: Any) -> Any:
        answer = self.get(path, key=key, **parameters)
        assert answer.status_code == 200, answer.text
        return answer.json()["objects"]

    def pages(self, path: str, /, **parameters: Any) -> list[list[dict[str, Any]]]:
        """Every page, by `meta.next` and nothing else."""
        answer = self.get(path, **parameters).json()
        pages = [answer["objects"]]
        while answer["meta"]["next"]:
            answer = self.session.get(
                answer["meta"]["next"], auth=(DEFAULT_API_KEY, ""), timeout=10
            ).json()
            pages.append(answer["objects"])
        return pages

    def ask(self, path: str, /, body: object, *, key: str = DEFAULT_API_KEY) -> requests.Response:
        """POST to the API, as a publisher does."""
        return self.session.post(self.url + path, json=body, auth=(key, ""), timeout=10)

    def control(self, path: str, /, **body: Any) -> Any:
        answer = self.post(path, **body)
        assert answer.status_code in {200, 201}, answer.text
        return answer.json()

    def post(self, path: str, /, **body: Any) -> requests.Response:
        return self.session.post(f"{self.url}/control/{path}", json=body, timeout=10)

    def order(self, **body: Any) -> Any:
        """Report an order; its state, with `tx_id` and `hook_ids`."""
        return self.control("orders", **body)

    def state(self) -> Any:
        return self.session.get(f"{self.url}/control/state", timeout=10).json()

    def deliveries(self) -> Any:
        return self.session.get(f"{self.url}/control/deliveries", timeout=10).json()

    def webhooks(self) -> Any:
        """The endpoint as the Dashboard shows it."""
        return self.session.get(f"{self.url}/control/webhooks", timeout=10).json()
