"""The people who sign in: who they are here, and whether they may.

An account is closed, never deleted: what somebody did keeps a name. Somebody who may open this page remains, whatever
is asked.
"""

from django.contrib.auth.models import Group, User
from django.db import models, transaction
from django.db.models import Q

from library.access import Role


class AccountError(Exception):
    """Why an account cannot be changed so, as a sentence."""


@transaction.atomic
def save(account: User, *, role: Role, password: str = "", by: User) -> User:
    """Save the account with this role, and with a new password where one is given.

    Only administrators come into Django admin. Raises AccountError when nobody would be left to administer, or when
    somebody would lock themselves out.
    """
    administrators = _administrators().select_for_update().order_by("pk")
    keeps_the_keys = account.is_active and role is Role.ADMINISTRATOR
    if account.pk == by.pk and not keeps_the_keys:
        raise AccountError("This is your own account. Another administrator can close it or change what it may do.")
    if not keeps_the_keys and {one.pk for one in administrators} == {account.pk}:
        raise AccountError("Nobody else is an administrator. Make somebody else one first.")
    if password:
        account.set_password(password)
    account.is_staff = role is Role.ADMINISTRATOR
    account.is_superuser = account.is_superuser and role is Role.ADMINISTRATOR
    account.save()
    account.groups.set(Group.objects.filter(name=role.label))
    return account


def _administrators() -> models.QuerySet[User]:
    """Open accounts that act as administrators."""
    rules = Q(is_superuser=True) | Q(groups__name=Role.ADMINISTRATOR.label)
    ids = User.objects.filter(rules, is_active=True).values("pk")
    return User.objects.filter(pk__in=ids)
