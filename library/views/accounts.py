"""The accounts of the people who sign in: a list, a new one, and one's page."""

from typing import Any, ClassVar

from axes.handlers.proxy import AxesProxyHandler
from axes.models import AccessAttempt
from django import forms
from django.contrib import messages
from django.contrib.auth import password_validation
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from library import accounts
from library.access import Role, allow, role_of
from library.form_look import dress
from library.seen import SeenModelForm

ROLES = [
    (Role.DESK_HELPER, "Desk helper: lend, return, renew"),
    (Role.LIBRARIAN, "Librarian: the daily work"),
    (Role.ADMINISTRATOR, "Administrator: also gateway, templates, schedules and people"),
]


class AccountForm(SeenModelForm):
    """Who it is, what they may do, and a password that is typed here and never shown again."""

    role = forms.TypedChoiceField(choices=ROLES, coerce=lambda value: Role(int(value)), label="May act as")
    password = forms.CharField(
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        label="New password",
        help_text="At least ten characters, not only digits, and not one that everybody uses.",
    )

    class Meta:
        model = User
        fields = ("username", "first_name", "last_name", "email", "is_active")
        labels: ClassVar = {"username": "Name for signing in", "is_active": "May sign in"}
        help_texts: ClassVar = {"username": "", "is_active": "A closed account keeps its name in the list of changes."}
        error_messages: ClassVar = {
            "username": {
                "unique": "Somebody else signs in with this name.",
                "required": "Without a name nobody can sign in.",
            }
        }

    def __init__(self, *args: Any, instance: User, **kwargs: Any) -> None:
        role = {"role": role_of(instance) or Role.DESK_HELPER} if instance.pk else {}
        super().__init__(*args, instance=instance, initial=role, **kwargs)
        if self.instance.pk:
            self.fields["password"].help_text += " Empty: the old one stays."
        else:
            self.fields["password"].required = True
            self.fields["password"].error_messages["required"] = "A new account needs a password."
        dress(self)

    def _post_clean(self) -> None:
        """After the names are known: a password may not resemble them."""
        super()._post_clean()  # type: ignore[misc]
        if password := self.cleaned_data.get("password"):
            try:
                password_validation.validate_password(password, self.instance)
            except forms.ValidationError as error:
                self.add_error("password", error)


@allow(Role.ADMINISTRATOR)
@require_safe
def people(request: HttpRequest) -> HttpResponse:
    found = User.objects.prefetch_related("groups").order_by("-is_active", "last_name", "first_name", "username")
    context = {"here": "library", "tab": "accounts", "accounts": [(one, _role(one)) for one in found]}
    return render(request, "library/accounts.html", context)


@allow(Role.ADMINISTRATOR)
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    return _edit(request, User())


@allow(Role.ADMINISTRATOR)
@require_http_methods(["GET", "POST"])
def account(request: HttpRequest, pk: int) -> HttpResponse:
    return _edit(request, get_object_or_404(User, pk=pk))


@allow(Role.ADMINISTRATOR)
@require_POST
def let_in_again(request: HttpRequest, pk: int) -> HttpResponse:
    """Forget the wrong passwords of an account that was locked out."""
    found = get_object_or_404(User, pk=pk)
    AxesProxyHandler.reset_attempts(username=found.username)
    messages.success(request, f"{found.username} can try to sign in again.")
    return HttpResponseRedirect(reverse("account", args=[pk]))


def _edit(request: HttpRequest, who: User) -> HttpResponse:
    name, person = who.username, who.get_full_name() or who.username
    form = AccountForm(request.POST or None, instance=who)
    if request.method == "POST" and form.is_valid():
        assert isinstance(request.user, User)  # AccessMiddleware let nobody else in
        asked = form.cleaned_data
        try:
            accounts.save(form.save(commit=False), role=asked["role"], password=asked["password"], by=request.user)
        except accounts.AccountError as reason:
            form.add_error(None, str(reason))
        else:
            messages.success(request, f"{who.username} is saved.")
            return HttpResponseRedirect(reverse("accounts"))
    context = {
        "here": "library",
        "tab": "accounts",
        "form": form,
        "name": name,
        "person": person,
        "account": who,
        "locked_out": bool(name) and AccessAttempt.objects.filter(username=name).exists(),
    }
    return render(request, "library/account.html", context)


def _role(who: User) -> str:
    """The role in a word, from the groups that were fetched with the list."""
    if who.is_superuser:
        return str(Role.ADMINISTRATOR.label)
    names = {group.name for group in who.groups.all()}
    roles = [role for role in Role if role.label in names]
    return str(max(roles).label) if roles else "May nothing yet"
