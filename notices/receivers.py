"""Listen to circulation and to the outbox: what waits about a loan or a person is checked again at once, and so is what
is to go once more."""

from collections.abc import Collection, Sequence
from typing import Any

from django.dispatch import receiver
from django.utils import timezone

from circulation.signals import Cause, guardians_merged, guardians_merging, loans_changed, people_changed
from library import slots
from notices import again, one_guardian, schedules, take_back


@receiver(loans_changed, dispatch_uid="notices.loans_changed")
def when_loans_change(*, loan_ids: list[int], cause: Cause, **_: Any) -> None:
    take_back.about_loans(loan_ids, cause=cause, on=timezone.localdate())


@receiver(people_changed, dispatch_uid="notices.people_changed")
def when_people_change(
    *, cause: Cause, patron_ids: list[int] | None = None, guardian_ids: list[int] | None = None, **_: Any
) -> int:
    return take_back.about_people(
        patron_ids=patron_ids or [], guardian_ids=guardian_ids or [], cause=cause, on=timezone.localdate()
    )


@receiver(guardians_merging, dispatch_uid="notices.guardians_merging")
def before_guardians_merge(**_: Any) -> None:
    schedules.wait_for_the_run()


@receiver(guardians_merged, dispatch_uid="notices.guardians_merged")
def when_guardians_merge(*, second_id: int, into_id: int, **_: Any) -> None:
    one_guardian.take_over(second_id, into_id=into_id, on=timezone.localdate())


@slots.going_again.register
def when_messages_go_again(message_ids: Sequence[int], by: str) -> Collection[int]:
    return again.instead_of(message_ids, on=timezone.localdate(), by=by)
