import django.contrib.admin.apps as admin_apps
from django.apps import AppConfig


class RewardsSiteConfig(AppConfig):
    name = "rewards_site"
    label = "rewards_site"
    verbose_name = "The site"


class RewardsAdminConfig(admin_apps.AdminConfig):
    """Stands in INSTALLED_APPS in the place of django.contrib.admin: our AdminSite is the site."""

    default = False
    default_site = "rewards_site.admin_site.RewardsAdminSite"
