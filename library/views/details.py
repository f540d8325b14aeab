"""The library's own row: its name, where answers go, when it is open, and sentences that only some libraries say."""

from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from library.access import Role, allow
from library.form_look import dress
from library.models import Library
from library.seen import SeenModelForm
from smtp_gateway import addresses
from smtp_gateway.errors import OutboxError

WEEKDAYS = list(enumerate(("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")))


class DetailsForm(SeenModelForm):
    """Refuses a Reply-To that can stand in no envelope: every letter would fail by it."""

    open_weekdays = forms.TypedMultipleChoiceField(
        choices=WEEKDAYS, coerce=int, widget=forms.CheckboxSelectMultiple, label="Open on"
    )

    class Meta:
        model = Library
        fields = (
            "name",
            "phone",
            "address",
            "return_address",
            "opening_hours",
            "open_weekdays",
            "reply_to",
            "paper",
            "keep_borrowers_days",
            "currency",
            "no_fees_sentence",
            "still_borrow_sentence",
            "same_book_sentence",
            "refund_sentence",
            "cost_contact",
            "interpreter_sentence",
        )
        labels: ClassVar = {"return_address": "Address for interlibrary loans", "reply_to": "Answers go to"}
        widgets: ClassVar = {
            "address": forms.Textarea(attrs={"rows": 3}),
            "return_address": forms.Textarea(attrs={"rows": 3}),
        }
        error_messages: ClassVar = {"name": {"required": "Letters need a name to come from."}}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["open_weekdays"].error_messages["required"] = "A library that is never open lends nothing."
        dress(self)

    def clean_reply_to(self) -> str:
        typed: str = self.cleaned_data["reply_to"]
        try:
            return addresses.checked(typed) if typed else ""
        except OutboxError as reason:
            raise ValidationError(str(reason)) from reason


@allow(Role.ADMINISTRATOR)
@require_http_methods(["GET", "POST"])
def details(request: HttpRequest) -> HttpResponse:
    form = DetailsForm(request.POST or None, instance=Library.the())
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "Saved. Letters that are written from now on say so.")
        return HttpResponseRedirect(reverse("library-details"))
    return render(request, "library/details.html", {"here": "library", "form": form, "tab": "details"})
