from django.apps import AppConfig


class RewardsSiteConfig(AppConfig):
    name = "rewards_site"
    label = "rewards_site"
    verbose_name = "The site"
