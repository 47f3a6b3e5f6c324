"""Pure: which terms an order is rewarded by.

The account's share mode decides first; then, where it shares, the default share. Terms frozen with
a click and reward rules come between the two: this is their place.
"""

from offers.rules.reward import Terms


def choose_terms(*, share_mode: str, default_share_bps: int) -> Terms:
    """The terms of an order first seen now. `share_mode` is a ShareMode value; bps basis points."""
    match share_mode:
        case "member":
            return Terms(share_bps=10_000, source="account: all to the member")
        case "publisher":
            return Terms(share_bps=0, source="account: no reward")
        case _:
            return Terms(share_bps=default_share_bps, source="default share")
