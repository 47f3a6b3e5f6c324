"""Where nothing is sent, however it is spelled, by the machine's resolver and by a faked one."""

from __future__ import annotations

import pytest

from rewards_site.outward.addresses import NotAllowed, addresses_of, place_of, refusal

PUBLIC = "93.184.215.14"
INSIDE = ("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "100.64.0.1", "::1", "fd12::1")
NEVER = (
    *("0.0.0.0", "0.1.2.3", "169.254.169.254", "169.254.0.1", "192.0.0.192", "192.0.2.1"),
    *("198.18.0.1", "198.51.100.1", "203.0.113.9", "224.0.0.1", "239.1.1.1", "240.0.0.1"),
    *("255.255.255.255", "192.88.99.1", "100.100.100.200", "168.63.129.16"),
    *("::", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "fd00:ec2::254", "2001:db8::1"),
    *("2001::1", "2002:7f00:1::", "2002:a00:1::", "3fff::1", "5f00::1", "::127.0.0.1", "100::1"),
    *("64:ff9b:1::1", "::ffff:169.254.169.254", "64:ff9b::169.254.169.254", "::ffff:0:7f00:1"),
    "fe80::5efe:127.0.0.1",
)
EMBEDDED = ("::ffff:127.0.0.1", "::ffff:7f00:1", "::ffff:10.0.0.1", "64:ff9b::7f00:1")
OUTSIDE = (PUBLIC, "1.1.1.1", "100.63.255.255", "172.32.0.1", "2606:4700::1111", "64:ff9b::808:808")


@pytest.mark.parametrize("address", [*INSIDE, *EMBEDDED])
def test_private_addresses_need_the_setting(address: str) -> None:
    assert refusal(address, allow_private=False) == "a private address"
    assert refusal(address, allow_private=True) == ""


@pytest.mark.parametrize("address", NEVER)
def test_metadata_and_reserved_addresses_are_refused_with_it_too(address: str) -> None:
    assert refusal(address, allow_private=False) == "a reserved address"
    assert refusal(address, allow_private=True) == "a reserved address"


@pytest.mark.parametrize("address", OUTSIDE)
def test_the_world_is_not_refused(address: str) -> None:
    assert refusal(address, allow_private=False) == ""


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "127.1", "2130706433", "0x7f000001", "0x7f.1", "017700000001", "0177.0.0.1"),
        *("localhost", "LOCALHOST", "[::1]", "[::ffff:127.0.0.1]"),
        *("[::ffff:7f00:1]", "10.0.0.1", "[fd00::1]", "[64:ff9b::7f00:1]", "0xa.0.0.1"),
    ],
)
def test_a_host_that_leads_inside_is_refused_however_it_is_spelled(host: str) -> None:
    place = place_of(f"https://{host}/hook", allow_private=False)

    with pytest.raises(NotAllowed, match=r"leads to a (private|reserved) address"):
        addresses_of(place, allow_private=False)


@pytest.mark.parametrize(
    "host", ["0", "0.0.0.0", "[::]", "169.254.169.254", "2852039166", "0xa9fea9fe", "[fe80::1]"]
)
def test_this_network_and_metadata_are_refused_with_the_setting_too(host: str) -> None:
    place = place_of(f"http://{host}/latest/meta-data", allow_private=True)

    with pytest.raises(NotAllowed, match="leads to a reserved address"):
        addresses_of(place, allow_private=True)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://hooks.example.com/", "it must begin with https://"),
        ("ftp://hooks.example.com/", "it must begin with https://"),
        ("file:///etc/passwd", "it must begin with https://"),
        ("//hooks.example.com/", "it must begin with https://"),
        ("https:///hook", "it names no host"),
        ("https://user:password@hooks.example.com/", "it must carry no user name or password"),
        ("https://user@hooks.example.com/", "it must carry no user name or password"),
        ("https://@hooks.example.com/", "it must carry no user name or password"),
        ("https://hooks.example.com:22/", "its port 22 belongs to another service than HTTP"),
        ("https://hooks.example.com:25/", "its port 25 belongs to another service than HTTP"),
        ("https://hooks.example.com:0/", "its port 0 belongs to another service than HTTP"),
        ("https://hooks.example.com:99999/", "it is no web address"),
        ("https://hooks.example.com/#part", "what follows # is never sent"),
        ("https://[::1/", "it is no web address"),
        ("https://hooks.example.com/a b", "it is no web address in plain letters"),
        ("https://hooks.example.com\\@127.0.0.1/", "it is no web address in plain letters"),
        ("https://hooks.example.com/\r\nX: y", "it is no web address in plain letters"),
        ("https://hööks.example.com/", "it is no web address in plain letters"),
        ("https://hooks.example.com/" + "a" * 2000, "it is no web address in plain letters"),
    ],
)
def test_an_address_that_is_none_says_why(url: str, said: str) -> None:
    with pytest.raises(NotAllowed) as raised:
        place_of(url, allow_private=False)

    assert str(raised.value).startswith(said)


@pytest.mark.parametrize("url", ["https://a.example/", "https://a.example:8443/x?y=z#".rstrip("#")])
def test_an_address_that_is_one(url: str) -> None:
    assert place_of(url, allow_private=False).host == "a.example"
