"""Triggers that keep clicks as they were written, on both databases.

One way out there is for the link and the page it leads to: both hold whose click it is, in the
clear, so erase_member empties them, and nothing else of a click. There is no way back.
"""

from __future__ import annotations

from typing import Final

from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from rewards_site.kernel import guards

TABLE: Final = "clicks_click"
KEYS = ("old.public_id = NEW.public_id", "old.pub_ref = NEW.pub_ref")
KEPT = (
    "id",
    "public_id",
    "member_id",
    "merchant_id",
    "offer_id",
    "listed_value",
    "listed_currency",
    "terms",
    "reward",
    "exclusions",
    "shown_at",
    "clicked_at",
    "pub_ref",
)
_EMPTIED = (
    "NEW.link = '' AND NEW.url = '' AND (NEW.link_problem = 'erased' "
    "OR (OLD.link = '' AND NEW.link_problem = OLD.link_problem))"
)
_UPDATE = (
    f"CREATE TRIGGER {TABLE}_no_relink BEFORE UPDATE OF link, url, link_problem ON {TABLE} "
    f"FOR EACH ROW WHEN (NOT ({_EMPTIED})) "
)


def install_erasable(editor: BaseDatabaseSchemaEditor) -> None:
    """Also to be called at the end of any migration in which SQLite rebuilds the table."""
    install(editor)
    guards.erasable(editor, TABLE, ["link", "url", "link_problem"])


def install(editor: BaseDatabaseSchemaEditor) -> None:
    """As it was before there was erase_member."""
    guards.append_only(editor, TABLE, columns=KEPT, keys=KEYS)
    is_postgres = editor.connection.vendor == "postgresql"
    refuse = (
        "EXECUTE FUNCTION rewards_refuse_change()"
        if is_postgres
        else f"BEGIN SELECT RAISE(ABORT, '{TABLE} is append-only'); END"
    )
    editor.execute(_UPDATE + refuse, params=None)


def remove(editor: BaseDatabaseSchemaEditor) -> None:
    """The reverse of install()."""
    on = f" ON {TABLE}" if editor.connection.vendor == "postgresql" else ""
    editor.execute(f"DROP TRIGGER IF EXISTS {TABLE}_no_relink{on}", params=None)
    guards.anything_goes(editor, TABLE)
