from django.apps import AppConfig


class ReleasesConfig(AppConfig):
    name = "transactions.releases"
    label = "releases"
    verbose_name = "Release: when final rewards become available"
