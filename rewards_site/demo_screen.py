"""What `make demo` prints when it runs: what to look at, and where."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def screen(
    *,
    site: str,
    receiver: str,
    passwords: Mapping[str, str],
    member: str,
    token: str,
    is_move_proposed: bool,
    logs: Path,
) -> str:
    logins = "".join(f"\n             {name:<8} /  {text}" for name, text in passwords.items())
    proposed = " and a move that\nwaits for a second person" if is_move_proposed else ""
    admin = f"{site}/admin"
    return f"""
Running. Eight members use the app: they open their offers, tap one, follow Button's link and buy;
others buy without a tap. Orders are adjusted, validated and cancelled, each within about two
minutes. Now and then somebody asks for their money, or misses a reward. One webhook in ten is lost
on purpose: the sync finds what it would have told.
The admin opens with what needs a human: an order that names nobody, a changed member{proposed}.

  Admin      {admin}/
  Log-ins    {logins.strip()}

  Reports    {admin}/reports/reportrun/export/
  API docs   {site}/api/v1/docs/

What earns, and what was promised (rules are there after about half a minute):
  Taps       {admin}/clicks/click/
  Orders     {admin}/transactions/transaction/     those of a tap have its frozen terms
  Rate audit {admin}/transactions/transaction/rate-audit/     one brand pays less than it lists
  Rules      {admin}/rules/rewardrule/     by brand, by category, in points; a draft
  Back-tests {admin}/backtests/backtest/     what a draft would have cost
  Promotion  {admin}/approvals/proposal/     waits for a second person: log in as admin
  Merchants  {admin}/offers/merchant/     one featured, one switched off
  Dates      {admin}/brandrecord/brandrecord/     how long each brand really takes

Money out, and care (there after about half a minute; lost webhooks after a few):
  To pay     {admin}/redemptions/redemption/queue/     as ops; one is above the limit of one person
  Payouts    {admin}/payouts/payoutbatch/     as finance; settled, waiting, and one for a file
  Claims     {admin}/claims/claim/     with the evidence; one was answered by its order
  Members    {admin}/members/member/     «Explain» says of which orders a balance consists
  Lost       {admin}/missed/foundchange/detection/     webhooks that did not come, by day
  Events     {admin}/outward/subscription/     one receiver is broken for ten minutes
             {receiver}/     what it got, signatures checked

  Token of {member}
  {token}

  What that member is offered now, how the balances move, and what they are told:
  curl -s -H "Authorization: Bearer {token}" {site}/api/v1/offers/
  curl -s -H "Authorization: Bearer {token}" {site}/api/v1/balances/
  curl -s -H "Authorization: Bearer {token}" {site}/api/v1/notifications/

Logs are in {logs}/. Ctrl-C stops everything.
"""
