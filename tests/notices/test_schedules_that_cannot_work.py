"""A schedule whose numbers do not rise with its days is refused with a sentence: such a step would never be said."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from notices import steps
from notices.models import Schedule
from tests.notices.builders import a_schedule


def test_numbers_rise_with_the_days() -> None:
    """Overdue 1 at 14 days and overdue 2 at 7."""
    found = steps.disorder([(1, 14), (2, 7), (-1, -3)])

    assert found == ["Step 2 (7 days) comes before step 1 (14 days). Give the earlier day the lower number."]


def test_steps_may_share_a_day() -> None:
    """Child and home on day 14."""
    found = steps.disorder([(1, 7), (2, 14), (3, 14)])

    assert found == []


@pytest.mark.django_db
def test_the_form_keeps_the_schedule_as_it_was(client: Client, admin_user: User) -> None:
    """The sentence stands in the form, and nothing is saved."""
    schedule = a_schedule(7, 14, name="Year 7")
    client.force_login(admin_user)
    first, second = schedule.steps.order_by("number")
    form = {
        "name": "Year 7",
        "service": "circulation",
        "count": "calendar",
        "stop_after": "90",
        "days_between": "0",
        "active": "on",
        "steps-TOTAL_FORMS": "2",
        "steps-INITIAL_FORMS": "2",
    }
    for place, (step, days) in enumerate([(first, 21), (second, 14)]):
        form |= {
            f"steps-{place}-{name}": str(value)
            for name, value in {
                "id": step.pk,
                "schedule": schedule.pk,
                "number": step.number,
                "days": days,
                "who": "patron",
                "how": "paper",
            }.items()
        }

    page = client.post(f"/admin/notices/schedule/{schedule.pk}/change/", form)

    assert page.status_code == 200
    assert "Step 2 (14 days) comes before step 1 (21 days)" in page.content.decode()
    assert list(Schedule.objects.get().steps.values_list("days", flat=True)) == [7, 14]
