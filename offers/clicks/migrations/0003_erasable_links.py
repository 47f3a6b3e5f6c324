"""Link and page of a click can be emptied, for good: they hold the customer id.

SQLite rebuilds the table, so the guards go before and come after, as they are now.
"""

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from offers.clicks import guards


def off(_apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    guards.remove(schema_editor)


def on(_apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    guards.install(schema_editor)


class Migration(migrations.Migration):
    dependencies = [
        ("clicks", "0002_guards"),
        ("members", "0002_customer_id_changes"),
        ("offers", "0005_overlay_roles"),
    ]

    operations = [
        migrations.RunPython(off, on),
        migrations.RemoveConstraint(
            model_name="click",
            name="click_link_or_why_not",
        ),
        migrations.AlterField(
            model_name="click",
            name="link_problem",
            field=models.CharField(
                blank=True,
                choices=[
                    ("no_page", "no page of the brand is known to link to"),
                    ("switched_off", "ops have switched the brand off since the offer was shown"),
                    ("bad_url", "Button does not take the address for one of a web page"),
                    ("not_approved", "the brand has not approved links from here yet"),
                    ("not_supported", "no brand that can be linked to was found at the address"),
                    ("refused", "Button does not make a link to the address"),
                    ("unavailable", "Button made no links at that moment"),
                    ("erased", "the link was erased together with whose click it was"),
                ],
                max_length=16,
            ),
        ),
        migrations.AddConstraint(
            model_name="click",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(models.Q(("link", ""), _negated=True), ("link_problem", "")),
                    models.Q(
                        ("link", ""),
                        (
                            "link_problem__in",
                            [
                                "no_page",
                                "switched_off",
                                "bad_url",
                                "not_approved",
                                "not_supported",
                                "refused",
                                "unavailable",
                                "erased",
                            ],
                        ),
                    ),
                    _connector="OR",
                ),
                name="click_link_or_why_not",
            ),
        ),
        migrations.RunPython(on, off),
    ]
