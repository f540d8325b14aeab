"""Notices: who must be told what, on which day, in which words."""

from django.apps import AppConfig


class NoticesConfig(AppConfig):
    name = "notices"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from library import slots
        from notices import on_other_pages, receivers, standing, watched  # noqa: F401

        slots.standing_rows.register(standing.set_up)
        on_other_pages.register()
        watched.register()
