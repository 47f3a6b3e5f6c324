from django.apps import AppConfig


class ClicksConfig(AppConfig):
    name = "offers.clicks"
    label = "clicks"
    verbose_name = "Clicks: what was promised at a tap"
