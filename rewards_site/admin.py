"""Pages of what we stand on: staff, the staff log, the worker's tables."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django_q import admin as _django_q_admin  # registers its own pages, which are replaced here
from django_q.models import Failure, OrmQ, Schedule, Success

from rewards_site.kernel.admin.base import FastList, ReadOnlyAdmin
from rewards_site.kernel.admin.paging import BoundedPaginator, FastChangeList
from rewards_site.kernel.admin.text import EMPTY, displayable, label, utc_text

assert _django_q_admin
for _model in (User, Group, Failure, OrmQ, Schedule, Success):
    admin.site.unregister(_model)


class SuperusersOnly(FastList[Any]):
    """Who may do what is decided by superusers alone: a staff member who could would be one."""

    list_class = FastChangeList
    paginator = BoundedPaginator

    def has_add_permission(self, request: HttpRequest) -> bool:
        return _is_superuser(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_superuser(request)


@admin.register(User)
class StaffAdmin(SuperusersOnly, UserAdmin[User]):
    """Nobody is deleted: what they did stands under their name. Switch «active» off instead."""

    ordering = ("username",)
    sortable_by = ()
    search_fields = ("=username", "=email")
    search_help_text = "A whole user name or e-mail address."
    list_display = ("username", "email", "first_name", "last_name", "is_active", "is_superuser")
    list_filter = ("is_superuser", "is_active", "groups")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Who only reads sees no trace of a password."""
        fieldsets = super().get_fieldsets(request, obj)
        if _is_superuser(request):
            return fieldsets
        return [
            (
                title,
                {
                    **rest,
                    "fields": [name for name in rest["fields"] if "password" not in str(name)],
                },
            )
            for title, rest in fieldsets
        ]


@admin.register(Group)
class RoleAdmin(SuperusersOnly, GroupAdmin):
    """Roles. Those that a migration made come back with it, so they are not deleted by hand."""

    ordering = ("name",)
    search_fields = ("name",)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(LogEntry)
class StaffLogAdmin(ReadOnlyAdmin[LogEntry]):
    list_display = ("action_time", "user", "what", "object_repr", "said")
    list_select_related = ("user", "content_type")
    linked_by = ("user", "content_type")
    fieldsets = (
        (None, {"fields": ("action_time", "user", "what", "object_repr", "object_id", "said")}),
    )
    when_empty = "Nobody has done anything by hand yet."

    @admin.display(description="what")
    def what(self, entry: LogEntry) -> str:
        return f"{entry.get_action_flag_display()} {entry.content_type or ''}".strip()

    @admin.display(description="said")
    def said(self, entry: LogEntry) -> str:
        return displayable(entry.get_change_message()) or EMPTY


@admin.register(Schedule)
class ScheduleAdmin(ReadOnlyAdmin[Schedule]):
    """Not to be edited, ever: one row with unreadable arguments stops every other schedule."""

    list_display = ("name", "func", "every", "next_run", "is_on")
    fieldsets = ((None, {"fields": ("name", "func", "every", "next_run", "is_on", "args")}),)
    when_empty = "Nothing is scheduled. Start the worker, manage.py qcluster: it sets schedules up."

    @admin.display(description="every")
    def every(self, schedule: Schedule) -> str:
        if schedule.minutes:
            return f"{schedule.minutes} min"
        return str(schedule.get_schedule_type_display())

    @admin.display(description="on", boolean=True)
    def is_on(self, schedule: Schedule) -> bool:
        return bool(schedule.repeats)


@admin.register(OrmQ)
class QueueAdmin(ReadOnlyAdmin[OrmQ]):
    list_display = ("task_name", "task_func", "lock")
    headings: ClassVar[dict[str, str]] = {"lock": "not before"}
    fieldsets = ((None, {"fields": ("task_name", "task_func", "task_args", "lock")}),)
    when_empty = "Nothing waits: the worker has done all that was queued."

    @admin.display(description="task")
    def task_name(self, queued: OrmQ) -> str:
        return displayable(str(queued.name() or EMPTY))

    @admin.display(description="function")
    def task_func(self, queued: OrmQ) -> str:
        return displayable(str(queued.func() or EMPTY))

    @admin.display(description="arguments")
    def task_args(self, queued: OrmQ) -> str:
        return displayable(f"{queued.args() or ''} {queued.kwargs() or ''}".strip()) or EMPTY


class TaskAdmin(ReadOnlyAdmin[Any]):
    """Tasks that ended. Their keys are random, so they are paged by number, newest first."""

    list_class = FastChangeList
    ordering = ("-stopped",)
    list_display = ("name", "func", "started", "stopped", "outcome")
    list_defer = ("args", "kwargs", "result")
    search_fields = ("=id",)
    search_help_text = "A whole task id."
    fieldsets = (
        (None, {"fields": ("name", "func", "arguments", "started", "stopped", "attempts")}),
        ("Result", {"fields": ("outcome", "said")}),
    )

    @admin.display(description="outcome")
    def outcome(self, task: Any) -> SafeString:
        return label("done") if task.success else label("failed")

    @admin.display(description="arguments")
    def arguments(self, task: Any) -> str:
        return displayable(f"{task.args or ''} {task.kwargs or ''}".strip()) or EMPTY

    @admin.display(description="tries")
    def attempts(self, task: Any) -> str:
        return f"{task.attempt_count}, the last at {utc_text(task.started)}"

    @admin.display(description="said")
    def said(self, task: Any) -> str:
        return displayable(str(task.result or EMPTY))[:10_000]


@admin.register(Failure)
class FailureAdmin(TaskAdmin):
    when_empty = "No task has failed."


@admin.register(Success)
class SuccessAdmin(TaskAdmin):
    when_empty = "Successful tasks are not kept; failed ones are."


def _is_superuser(request: HttpRequest) -> bool:
    return bool(request.user.is_active and getattr(request.user, "is_superuser", False))
