"""Forms of one loan: another status with a reason, another due date."""

from datetime import date
from typing import Any

from django import forms

from circulation.forms.look import DressedForm
from circulation.models import Loan

Status = Loan.Status
BETWEEN_LIBRARIES = {Status.EXTENSION_ASKED, Status.ON_ITS_WAY}


class StatusForm(DressedForm):
    """What the loan's status becomes; the states between libraries are for interlibrary loans only."""

    status = forms.ChoiceField(label="New status")
    reason = forms.CharField(
        label="Why", required=False, max_length=500, help_text="Private: it stands in no letter and no export."
    )
    quiet_until = forms.DateField(
        label="Quiet until", required=False, help_text="For an extension that was asked: no letters before this day."
    )

    def __init__(self, *args: Any, loan: Loan, **kwargs: Any) -> None:
        super().__init__(*args, auto_id="id_status_%s", **kwargs)
        between = loan.service != Loan.Service.CIRCULATION
        never = {Status.RECALLED, loan.status}  # a recall needs a new date, too: desk.agree
        fitting = [one for one in Status if one not in never and (between or one not in BETWEEN_LIBRARIES)]
        self.fields["status"] = forms.ChoiceField(
            label="New status",
            choices=[(one.value, one.label) for one in fitting],
            error_messages={"invalid_choice": "The loan has another status by now. Choose again."},
        )
        if not between:
            del self.fields["quiet_until"]
        self.dress()

    def clean_quiet_until(self) -> date | None:
        """A day without an extension would be kept and never read."""
        until: date | None = self.cleaned_data["quiet_until"]
        return until if self.cleaned_data.get("status") == Status.EXTENSION_ASKED else None


class DueForm(DressedForm):
    due = forms.DateField(label="New due date", help_text="A day on which the library is open; the steps begin anew.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, auto_id="id_due_%s", **kwargs)
