from django.apps import AppConfig


class HealthConfig(AppConfig):
    name = "rewards_site.health"
    label = "health"
    verbose_name = "Health"
