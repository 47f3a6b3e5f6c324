"""The words of claims that programs compare: they never change their meaning."""

from django.db import models


class ClaimStatus(models.TextChoices):
    OPEN = "open", "open: somebody looks into it"
    ANSWERED = "answered", "answered"


class Verdict(models.TextChoices):
    """What the facts said when the claim was filed."""

    NO_SUCH_CLICK = "no_such_click", "no such click of this member"
    DUPLICATE = "duplicate", "asked before"
    ALREADY_TRACKED = "already_tracked", "the order is known already"
    EXCLUDED = "excluded", "the purchase cannot earn anything"
    TOO_EARLY = "too_early", "orders of this brand take longer to be told"
    OPEN = "open", "the facts decide nothing: somebody looks into it"


KEPT_VERDICTS = [verdict for verdict in Verdict if verdict is not Verdict.DUPLICATE]
"""A duplicate is no claim of its own: it is answered with the one that was filed before."""


class AnsweredBy(models.TextChoices):
    FACTS = "facts", "the facts, at once"
    OPS = "ops", "staff"
    TRANSACTION = "transaction", "its order, when it arrived"


class Answer(models.TextChoices):
    """What came of a claim; the label is what staff reads (words.py tells members)."""

    NO_SUCH_CLICK = "no_such_click", "no such click of theirs"
    ALREADY_TRACKED = "already_tracked", "the order was known already"
    BOUGHT_BEFORE_TAP = "bought_before_tap", "bought before the tap"
    NO_LINK = "no_link", "the tap led to no tracked link"
    TOO_EARLY = "too_early", "too early for this brand"
    TRACKED = "tracked", "the order arrived"
    TRACKED_DECLINED = "tracked_declined", "the order arrived, declined"
    GOODWILL = "goodwill", "a goodwill credit was granted"
    EXCLUDED_ITEMS = "excluded_items", "the store gives no reward for what was bought"
    OTHER_SITE = "other_site", "the purchase came by another site, app or voucher"
    RETURNED = "returned", "cancelled or returned"
    NOT_FOUND = "not_found", "no such purchase could be found"
    BRAND_DENIED = "brand_denied", "the brand looked into it and says no"


REJECTIONS = (
    Answer.EXCLUDED_ITEMS,
    Answer.OTHER_SITE,
    Answer.RETURNED,
    Answer.NOT_FOUND,
    Answer.BRAND_DENIED,
)
"""What staff may answer."""


class StepKind(models.TextChoices):
    FILED = "filed", "filed"
    HANDED = "handed", "handed to the brand"
    BRAND_SAID = "brand_said", "the brand answered"
    GOODWILL_PROPOSED = "goodwill_proposed", "a goodwill credit was proposed"
    ORDER_CAME = "order_came", "its order came after goodwill was given"
    GOODWILL_REVIEWED = "goodwill_reviewed", "somebody looked at goodwill and order"
    ANSWERED = "answered", "answered"
