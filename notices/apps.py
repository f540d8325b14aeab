"""Notices: who must be told what, on which day, in which words."""

from django.apps import AppConfig


class NoticesConfig(AppConfig):
    name = "notices"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from library import slots
        from notices import (  # noqa: F401
            by_hand_elsewhere,
            erase,
            forgetting,
            on_loan_list,
            on_other_pages,
            on_people_pages,
            receivers,
            silent,
            standing,
            watched,
        )

        slots.standing_rows.register(standing.set_up)
        slots.forgetters.register(forgetting.forget)
        slots.erasers.register(erase.erase)
        on_other_pages.register()
        on_people_pages.register()
        on_loan_list.register()
        silent.register()
        by_hand_elsewhere.register()
        watched.register()
