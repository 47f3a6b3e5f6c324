"""reports/NAME.FORMAT"""

from django.urls import path

from rewards_site.reports import views

urlpatterns = [path("<slug:name>.<slug:suffix>", views.report_view, name="report")]
