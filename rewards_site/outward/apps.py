from django.apps import AppConfig


class OutwardConfig(AppConfig):
    name = "rewards_site.outward"
    label = "outward"
    verbose_name = "Outward events: what other systems are told"
