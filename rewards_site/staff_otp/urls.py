"""admin/one-time-code/, admin/one-time-codes/"""

from django.contrib import admin
from django.urls import path

from rewards_site.staff_otp import views

app_name = "staff_otp"
urlpatterns = [
    path("one-time-code/", admin.site.admin_view(views.code_view), name="code"),
    path("one-time-codes/", admin.site.admin_view(views.own_view), name="own"),
]
