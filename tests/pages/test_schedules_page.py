"""The pages of schedules: the list, the ready-made ones, the form, and what it shows while it is typed."""

from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from library.access import Role
from notices import presets, scan, standing, steps
from notices.models import Notice, Schedule, Step
from tests.builders import a_group, a_loan, a_patron
from tests.notices.builders import a_notice, a_schedule


def row(days: int, *, was: int | str = "", **fields: Any) -> dict[str, Any]:
    """One row of the table as a browser sends it; negative days are before the due date."""
    side = "before" if days <= 0 else "late"
    return {"was": was, "days": abs(days), "side": side, "who": "patron", "how": "email_or_paper", **fields}


def typed(*rows: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """The whole form as a browser sends it."""
    form: dict[str, Any] = {
        "name": "Year 7",
        "service": "circulation",
        "count": "calendar",
        "stop_after": "90",
        "days_between": "0",
        "active": "on",
        "steps-TOTAL_FORMS": len(rows),
        "steps-INITIAL_FORMS": 0,
    } | fields
    for place, one in enumerate(rows):
        form |= {f"steps-{place}-{name}": value for name, value in one.items()}
    return form


def seen(client: Client, schedule: Schedule) -> str:
    """The version that the page of now shows."""
    form = client.get(f"/schedules/{schedule.pk}/").context["form"]
    return str(form["seen"].value())


def rungs(schedule: Schedule) -> list[tuple[int, int]]:
    return list(schedule.steps.order_by("number").values_list("number", "days"))


def test_each_schedule_stands_with_a_sentence(administrator: Client) -> None:
    presets.load("secondary_school", groups=[a_group(name="7B")])

    page = unescape(administrator.get("/schedules/").content.decode())

    assert "Patron: 3 days before, 7, 14 and 28 days late. Home: 14 and 28 days late. Silence after 90 days." in page
    assert '<td role="cell" data-label="For">7B</td>' in page
    assert "Put Secondary school back" in page


def test_a_ready_made_one_is_one_click(administrator: Client, db: None) -> None:
    """Where nothing is in its way, nothing is asked."""
    answer = administrator.post("/schedules/ready-made/illiad_borrowing/")

    schedule = Schedule.objects.get()
    assert answer["Location"] == f"/schedules/{schedule.pk}/"
    assert rungs(schedule) == [(1, 2), (2, 5), (3, 14)]
    page = administrator.get(answer["Location"]).content.decode()
    assert "BorrowingOverDueNoticeTwoDays" in page


def test_what_a_ready_made_one_will_change_is_named_first(administrator: Client) -> None:
    schedule = presets.load("bibliotech")
    schedule.steps.filter(number=2).update(days=5)
    Step.objects.create(schedule=schedule, number=3, days=9)

    asked = administrator.post("/schedules/ready-made/bibliotech/")

    page = unescape(asked.content.decode())
    assert "Overdue 3 goes. What it said stays on file." in page
    assert "Overdue 2: 5 days late becomes 3 days late." in page
    assert rungs(schedule) == [(-1, -3), (1, 1), (2, 5), (3, 9)]

    administrator.post("/schedules/ready-made/bibliotech/", {"sure": "1"})

    assert rungs(schedule) == [(-1, -3), (1, 1), (2, 3)]


def test_a_new_schedule_is_numbered_by_its_days(administrator: Client) -> None:
    seven = a_group(name="7B")

    answer = administrator.post("/schedules/new/", typed(row(14), row(-3), row(7), groups=[seven.pk], weekdays=[0, 2]))

    schedule = Schedule.objects.get()
    assert answer["Location"] == f"/schedules/{schedule.pk}/"
    assert rungs(schedule) == [(-1, -3), (1, 7), (2, 14)]
    assert (list(schedule.groups.all()), schedule.weekdays) == ([seven], [0, 2])


def test_saving_again_keeps_rows_and_numbers(administrator: Client) -> None:
    """So nothing that was said is said again."""
    schedule = a_schedule(7, 14, name="Year 7")
    loan = a_loan(due=timezone.localdate() - timedelta(days=8))
    a_notice(loan=loan, number=1, said=timezone.localdate())
    keys = list(schedule.steps.values_list("pk", flat=True))

    administrator.post(
        f"/schedules/{schedule.pk}/",
        typed(row(8, was=1), row(15, was=2), row(30), seen=seen(administrator, schedule)),
    )

    assert rungs(schedule) == [(1, 8), (2, 15), (3, 30)]
    assert list(schedule.steps.values_list("pk", flat=True))[:2] == keys


def test_a_step_that_goes_leaves_what_it_said(administrator: Client) -> None:
    """The notice stays with its number, and the loan does not hear that number again."""
    schedule = a_schedule(7, 14, name="Year 7")
    loan = a_loan(due=timezone.localdate() - timedelta(days=15))
    a_notice(loan=loan, number=2, said=timezone.localdate() - timedelta(days=1))
    gone = row(14, was=2, DELETE="on")

    answer = administrator.post(
        f"/schedules/{schedule.pk}/", typed(row(7, was=1), gone, seen=seen(administrator, schedule))
    )

    assert answer.status_code == 302, answer.context["form"].errors
    assert rungs(schedule) == [(1, 7)]
    assert list(Notice.objects.values_list("number", "step")) == [(2, None)]


def test_numbers_that_were_said_do_not_change_places(administrator: Client) -> None:
    """The sentence stands under the field, and what was typed stays."""
    schedule = a_schedule(7, 14, name="Year 7")
    loan = a_loan(due=timezone.localdate() - timedelta(days=15))
    a_notice(loan=loan, number=1, said=timezone.localdate())
    a_notice(loan=loan, number=2, said=timezone.localdate())

    answer = administrator.post(
        f"/schedules/{schedule.pk}/", typed(row(21, was=1), row(14, was=2), seen=seen(administrator, schedule))
    )

    assert answer.status_code == 422
    assert "Overdue 1 (21 days late) would change places with Overdue 2" in answer.content.decode()
    assert 'value="21"' in answer.content.decode()
    assert rungs(schedule) == [(1, 7), (2, 14)]


def test_the_second_of_two_administrators_is_told(administrator: Client) -> None:
    """Nothing is overwritten in silence and no text is lost; saving once more is then meant."""
    schedule = a_schedule(7, name="Year 7")
    version = seen(administrator, schedule)
    Schedule.objects.filter(pk=schedule.pk).update(stop_after=60)
    mine = typed(row(7, was=1), name="Year 7 and 8", seen=version)

    told = administrator.post(f"/schedules/{schedule.pk}/", mine)

    page = unescape(told.content.decode())
    assert "Somebody else saved this schedule while you were typing." in page
    assert 'value="Year 7 and 8"' in page
    assert Schedule.objects.get().name == "Year 7"

    again = administrator.post(f"/schedules/{schedule.pk}/", mine | {"seen": told.context["form"]["seen"].value()})

    assert again.status_code == 302
    assert Schedule.objects.get().name == "Year 7 and 8"


@pytest.mark.parametrize(
    ("rows", "fields", "sentence"),
    [
        ([row(0) | {"side": "late"}], {}, "A loan is late from the next day on"),
        ([row(7) | {"days": "soon"}], {}, "Write a whole number from 0 to 3,650."),
        ([row(7) | {"days": "99999999999999999999"}], {}, "Write a whole number from 0 to 3,650."),
        ([row(7, repeat_days="1")], {}, "Write a whole number from 2 to 365."),
        ([row(7, repeat_times="2")], {}, "Say after how many days it is repeated."),
        ([row(-3, ready_to_bill="on")], {}, "Before the due date nothing is to be billed."),
        ([row(7, who="partner")], {}, "Only lending to a partner library is written about to it."),
        ([row(7)], {"service": "ill_lending"}, "Choose the partner library."),
        ([row(7)], {"name": ""}, "Give the schedule a name."),
        ([row(7)], {"stop_after": "0"}, "Write a whole number from 1 to 3,650."),
        ([row(7)], {"post_not_before": "breakfast"}, "Write a time of day: 08:30."),
        ([row(7)], {"weekdays": ["6"]}, "The library is closed on these days."),
        ([row(7)] * 13, {}, "A schedule has at most 12 steps."),
    ],
)
def test_what_cannot_work_is_refused_with_a_sentence(
    administrator: Client, rows: list[dict[str, Any]], fields: dict[str, Any], sentence: str
) -> None:
    answer = administrator.post("/schedules/new/", typed(*rows, **fields))

    assert answer.status_code == 422
    assert sentence in unescape(answer.content.decode())
    assert Schedule.objects.count() == 0


def test_real_dates_stand_beside_what_is_typed(administrator: Client) -> None:
    """Nothing is saved; the dates are those of the daily run."""
    standing.set_up()

    page = unescape(administrator.post("/schedules/show/", typed(row(1), row(9), due="2026-12-01")).content.decode())

    assert "Wed\u00a02\u00a0Dec" in page
    assert "Thu\u00a010\u00a0Dec" in page
    assert 'aria-label="Overdue 1 1 day late; Overdue 2 9 days late; silence after 90 days."' in page
    assert Schedule.objects.count() == 0


def test_warnings_name_what_will_not_be_said(administrator: Client) -> None:
    """A step after the stop, one that the weekdays pass over, and one without wording."""
    standing.set_up()

    form = typed(row(1), row(2), row(7), row(8), row(9), row(60), stop_after="30", weekdays=[0])
    page = unescape(administrator.post("/schedules/show/", form).content.decode())

    assert "Overdue 6 is never said: it comes 60 days late, and letters stop after 30 days." in page
    assert "Overdue 1 is passed over for every loan: on the days on which it holds no letters go." in page
    assert "There is no wording yet for Overdue 5 to this reader: patron." in page


@pytest.mark.parametrize("nonsense", [{}, {"steps-TOTAL_FORMS": "many"}, {"pk": "9" * 30, "due": "0000-99-99"}])
def test_nonsense_shows_no_dates_and_breaks_nothing(administrator: Client, nonsense: dict[str, str]) -> None:
    assert administrator.post("/schedules/show/", nonsense).status_code == 200
    assert administrator.post("/schedules/new/", nonsense).status_code == 422


def test_only_a_schedule_that_never_spoke_is_removed(administrator: Client) -> None:
    spoke, silent = a_schedule(7), a_schedule(9)
    loan = a_loan(due=timezone.localdate() - timedelta(days=8))
    a_notice(loan=loan, number=1, said=timezone.localdate())
    Notice.objects.update(step=spoke.steps.get())

    for schedule in (spoke, silent):
        administrator.post(f"/schedules/{schedule.pk}/remove/")

    assert list(Schedule.objects.all()) == [spoke]


def test_a_librarian_sees_no_schedules(client: Client, people: dict[Role, User]) -> None:
    """Schedules are an administrator's."""
    client.force_login(people[Role.LIBRARIAN])

    assert client.get("/schedules/").status_code == 403
    assert client.post("/schedules/new/", typed(row(7))).status_code == 403


step = st.fixed_dictionaries(
    {
        "days": st.integers(0, 40),
        "side": st.sampled_from(["before", "late"]),
        "who": st.sampled_from(Step.Who.values),
        "how": st.sampled_from(Step.How.values),
        "repeat_days": st.one_of(st.just(""), st.integers(1, 9)),
        "repeat_times": st.one_of(st.just(""), st.integers(0, 3)),
        "was": st.sampled_from(["", -1, 1, 2, 3]),
    }
)


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(first=st.lists(step, max_size=5), then=st.lists(step, max_size=5), climb=st.booleans(), stop=st.integers(1, 60))
def test_whatever_is_accepted_is_in_order_and_runs(
    administrator: Client, first: list[dict[str, Any]], then: list[dict[str, Any]], climb: bool, stop: int
) -> None:
    """Saved new, run, changed in any way and saved again: the numbers rise with the days, and a run looks at all."""
    Schedule.objects.all().delete()
    today = timezone.localdate()
    a_loan(due=today - timedelta(days=stop // 2), patron=a_patron(group=a_group(name="7B")))
    more = {"stop_after": stop} | ({"climb": "on"} if climb else {})

    administrator.post("/schedules/new/", typed(*first, **more))
    schedule = Schedule.objects.first()
    if schedule is None:
        return
    run = scan.run(on=today)
    administrator.post(f"/schedules/{schedule.pk}/", typed(*then, seen=seen(administrator, schedule), **more))

    assert steps.disorder(rungs(schedule)) == []
    assert run.looked_at >= 1
    assert scan.run(on=today).state == "done"
