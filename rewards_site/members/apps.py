from django.apps import AppConfig


class MembersConfig(AppConfig):
    name = "rewards_site.members"
    label = "members"
    verbose_name = "Members"
