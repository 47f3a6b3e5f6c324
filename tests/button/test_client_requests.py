"""What the client sends, and to whom."""

import logging
import re
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
from responses import RequestsMock, matchers

from rewards_site.button.client import ButtonClient, button_client
from rewards_site.button.errors import (
    ButtonError,
    ButtonMisconfigured,
    ButtonUnavailable,
)
from rewards_site.button.schemas import ButtonAccountRecord
from tests.button.client_support import (
    ACCOUNTS,
    KEY,
    NOW,
    TRANSACTIONS,
    Waits,
    envelope,
    make_client,
    pages_of,
)
from tests.button.samples import vectors


@pytest.mark.parametrize("vector", vectors("auth-and-envelope")["basic_auth"])
def test_the_key_is_the_user_name_and_the_password_is_blank(
    button: RequestsMock, waits: Waits, vector: dict[str, str]
) -> None:
    button.get(ACCOUNTS, json=envelope())

    make_client(waits, api_key=vector["api_key"]).accounts()

    assert button.calls[0].request.headers["Authorization"] == vector["header"]
    assert button.calls[0].request.headers["User-Agent"] == "button-rewards"


def test_a_netrc_does_not_replace_the_key(
    button: RequestsMock, api: ButtonClient, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine api.usebutton.com login other password other\n")
    monkeypatch.setenv("NETRC", str(netrc))
    button.get(ACCOUNTS, json=envelope())

    api.accounts()

    assert button.calls[0].request.headers["Authorization"] == requests.auth._basic_auth_str(
        KEY, ""
    )


def test_accounts_and_the_rows_that_are_none(button: RequestsMock, api: ButtonClient) -> None:
    button.get(
        ACCOUNTS,
        json=envelope(
            {"id": "acc-1", "name": "One", "currency": "usd", "organization": "org-1"},
            {"id": "acc-2", "name": "Two"},
            "poison",
            {"id": "acc-3", "currency": "JPY"},
        ),
    )

    page = api.accounts()

    assert page.accounts == [
        ButtonAccountRecord(account_id="acc-1", name="One", currency="USD", organization="org-1"),
        ButtonAccountRecord(account_id="acc-3", name="", currency="JPY", organization=""),
    ]
    assert page.unreadable == ["`currency` is missing", "`account` is not an object"]


def test_a_window_is_asked_for_by_modified_date_in_utc(
    button: RequestsMock, api: ButtonClient
) -> None:
    query = {
        "time_field": "modified_date",
        "start": "2026-11-20T00:00:00Z",
        "end": "2026-11-20T23:30:00.250000Z",
        "page_size": "500",
    }
    button.get(
        TRANSACTIONS,
        json=envelope({"id": "tx-1"}),
        headers={"Date": "Sat, 21 Nov 2026 11:59:58 GMT"},
        match=[matchers.query_param_matcher(query)],
    )

    [page] = pages_of(
        api,
        start=datetime(2026, 11, 20, tzinfo=UTC),
        end=datetime.fromisoformat("2026-11-21T01:00:00.250+01:30"),
        page_size=500,
    )

    assert page.rows == [{"id": "tx-1"}]
    assert page.next_url is None
    assert page.read_at == NOW
    assert page.server_at == datetime(2026, 11, 21, 11, 59, 58, tzinfo=UTC)
    assert page.url.startswith(TRANSACTIONS + "?time_field=modified_date&start=2026-11-20T00")


@pytest.mark.parametrize("date", [None, "", "yesterday", "Sat, 99 Nov 2026 11:59:58 GMT"])
def test_a_server_without_a_clock(
    button: RequestsMock, api: ButtonClient, date: str | None
) -> None:
    button.get(TRANSACTIONS, json=envelope(), headers={} if date is None else {"Date": date})

    [page] = pages_of(api)

    assert page.server_at is None


def test_an_account_id_is_quoted_into_the_path(button: RequestsMock, api: ButtonClient) -> None:
    button.get(f"{ACCOUNTS}/acc%2F1%3Fx/transactions", json=envelope())

    assert len(list(pages_of(api, account_id="acc/1?x"))) == 1


@pytest.mark.parametrize("account_id", ["", ".", ".."])
def test_an_account_id_that_would_name_another_list_is_not_sent(
    button: RequestsMock, api: ButtonClient, account_id: str
) -> None:
    with pytest.raises(ButtonError):
        list(pages_of(api, account_id=account_id))

    assert len(button.calls) == 0


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(
    button: RequestsMock, api: ButtonClient, status: int, waits: Waits
) -> None:
    button.get(ACCOUNTS, status=status, headers={"Location": "https://evil.example/"})
    button.get("https://evil.example/", json=envelope())

    with pytest.raises(ButtonError, match="look at BUTTON_API_URL"):
        api.accounts()

    assert (len(button.calls), waits) == (1, [])


def test_cookies_are_neither_kept_nor_sent(button: RequestsMock, api: ButtonClient) -> None:
    button.get(ACCOUNTS, json=envelope(), headers={"Set-Cookie": "session=1; Path=/"})

    api.accounts()
    api.accounts()

    assert "Cookie" not in button.calls[1].request.headers


@pytest.mark.parametrize(
    "base_url",
    [
        "https://api.usebutton.com",
        "https://api.usebutton.com/",
        "http://localhost:8001",
        "http://127.0.0.1:8001",
        "http://127.8.8.8",
        "http://[::1]:8001",
    ],
)
def test_base_urls_that_are_good_raise_nothing(waits: Waits, base_url: str) -> None:
    make_client(waits, base_url=base_url)


@pytest.mark.parametrize(
    ("base_url", "words"),
    [
        ("http://api.usebutton.com", "would travel in clear to api.usebutton.com: use https"),
        ("http://10.0.0.1:8001", "would travel in clear"),
        ("http://localhost.evil.example", "would travel in clear"),
        ("http://127.0.0.1.evil.example", "would travel in clear"),
        (f"https://{KEY}:@api.usebutton.com", "the key belongs into BUTTON_API_KEY"),
        ("", "must look like"),
        ("api.usebutton.com", "must look like"),
        ("ftp://api.usebutton.com", "must look like"),
        ("https://", "must look like"),
        ("https://api.usebutton.com?key=1", "must look like"),
        ("https://api.usebutton.com\\evil", "must look like"),
        ("https://api.usebutton.com:x", "is not a URL"),
        ("https://[::1", "is not a URL"),
    ],
)
def test_base_urls_that_are_refused(waits: Waits, base_url: str, words: str) -> None:
    with pytest.raises(ButtonMisconfigured, match=re.escape(words)) as error:
        make_client(waits, base_url=base_url)

    assert KEY not in str(error.value)


@pytest.mark.parametrize("key", ["", "  "])
def test_without_a_key_there_is_no_client(waits: Waits, key: str) -> None:
    with pytest.raises(ButtonMisconfigured, match="BUTTON_API_KEY is not set"):
        make_client(waits, api_key=key)


def test_the_settings_make_a_client(button: RequestsMock, settings: Any) -> None:
    settings.BUTTON_API_KEY = " sk-XXX\n"
    settings.BUTTON_API_URL = "https://button.example"
    button.get("https://button.example/v1/affiliation/accounts", json=envelope())

    button_client().accounts()

    assert button.calls[0].request.headers["Authorization"] == "Basic c2stWFhYOg=="


def test_what_is_logged_names_neither_key_nor_cursor(
    button: RequestsMock, api: ButtonClient, caplog: pytest.LogCaptureFixture
) -> None:
    button.get(TRANSACTIONS, status=503)

    with caplog.at_level(logging.DEBUG), pytest.raises(ButtonUnavailable):
        next(pages_of(api, resume_url=f"{TRANSACTIONS}?cursor=secret-cursor"))

    ours = [record for record in caplog.records if record.name == "rewards_site.button.transport"]
    assert [record.message for record in ours] == ["button.asks_again"] * 4 + ["button.gave_up"]
    told = " ".join(str(vars(record)) for record in ours)
    assert KEY not in told
    assert "secret-cursor" not in told
