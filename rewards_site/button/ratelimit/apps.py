from django.apps import AppConfig


class RateLimitConfig(AppConfig):
    name = "rewards_site.button.ratelimit"
    label = "ratelimit"
    verbose_name = "Offers budget"
