from django.apps import AppConfig


class StaffOtpConfig(AppConfig):
    """One-time codes of staff. The tables are django-otp's; the doors are ours."""

    name = "rewards_site.staff_otp"
    label = "staff_otp"
    verbose_name = "One-time codes"
