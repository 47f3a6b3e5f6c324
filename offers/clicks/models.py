"""Clicks: what a member was shown at a tap, and is later paid by, whatever the rules say then."""

from django.db import models
from django.db.models import Q

from offers.clicks.listing import OFFER_ID_BYTES_MAX, VALUE_LENGTH_MAX
from offers.clicks.pub_ref import LENGTH_MAX as PUB_REF_LENGTH_MAX
from rewards_site.button.links import URL_LENGTH_MAX
from rewards_site.kernel.ids import time_ordered_id


class LinkProblem(models.TextChoices):
    """Why a click has no link. Programs compare the value, so it never changes its meaning."""

    NO_PAGE = "no_page", "no page of the brand is known to link to"
    SWITCHED_OFF = "switched_off", "ops have switched the brand off since the offer was shown"
    BAD_URL = "bad_url", "Button does not take the address for one of a web page"
    NOT_APPROVED = "not_approved", "the brand has not approved links from here yet"
    NOT_SUPPORTED = "not_supported", "no brand that can be linked to was found at the address"
    REFUSED = "refused", "Button does not make a link to the address"
    UNAVAILABLE = "unavailable", "Button made no links at that moment"
    ERASED = "erased", "the link was erased together with whose click it was"


class Click(models.Model):
    """One tap on one offer, written after Button answered for its link.

    Append-only but for `url` and `link`, which hold the customer id: they can be emptied (guards).

    What was listed is the publisher's secret: no answer of the member API may hold it.
    """

    public_id = models.UUIDField(default=time_ordered_id, unique=True, editable=False)
    """The click id."""
    # The first column of an index below.
    member = models.ForeignKey("members.Member", on_delete=models.PROTECT, db_index=False)
    merchant = models.ForeignKey("offers.Merchant", on_delete=models.PROTECT)
    offer_id = models.CharField(max_length=OFFER_ID_BYTES_MAX)
    listed_value = models.CharField(max_length=VALUE_LENGTH_MAX)
    """The commission that Button listed, word for word."""
    listed_currency = models.CharField(max_length=3, blank=True)
    """Of a fixed commission, in major units; empty: it is in percent."""
    terms = models.JSONField()
    """`Terms.as_json()`, as they were sealed into the offer when it was shown."""
    reward = models.JSONField()
    """What the member was shown: {"type", "value", "currency"}."""
    exclusions = models.JSONField(default=list, blank=True)
    """What earns nothing, as it stood beside the offer."""
    shown_at = models.DateTimeField()
    clicked_at = models.DateTimeField()
    """When the request came in, before Button was asked for the link."""
    pub_ref = models.CharField(max_length=PUB_REF_LENGTH_MAX, unique=True)
    """As minted: what comes back from Button is looked up by this exact text."""
    url = models.CharField(max_length=URL_LENGTH_MAX, blank=True)
    """The page that the link was asked for; empty where there was none to ask for."""
    link = models.TextField(blank=True)
    link_problem = models.CharField(max_length=16, blank=True, choices=LinkProblem.choices)
    """Why there is no link."""

    class Meta:
        indexes = [models.Index(name="click_newest_of_member", fields=["member", "-public_id"])]
        constraints = [
            models.CheckConstraint(
                name="click_names_offer_and_reference",
                condition=~Q(offer_id="") & ~Q(listed_value="") & ~Q(pub_ref=""),
            ),
            models.CheckConstraint(
                name="click_link_or_why_not",
                condition=(~Q(link="") & Q(link_problem=""))
                | (Q(link="") & Q(link_problem__in=LinkProblem.values)),
            ),
        ]

    def __str__(self) -> str:
        return f"click {self.public_id}"
