"""Three people who may sign in, one for each role, all with a password that stands in the README."""

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group, User

from library.access import Role

PASSWORD = "library"
PEOPLE = {
    "admin": (Role.ADMINISTRATOR, "Ada", "Park"),
    "librarian": (Role.LIBRARIAN, "Helen", "Marsh"),
    "desk": (Role.DESK_HELPER, "Jo", "Perkins"),
}


def let_in() -> None:
    """Make those who are not there yet; a name that exists keeps its password and its rights."""
    password = make_password(PASSWORD)
    for username, (role, first_name, last_name) in PEOPLE.items():
        is_administrator = role is Role.ADMINISTRATOR
        user, is_new = User.objects.get_or_create(
            username=username,
            defaults={
                "password": password,
                "first_name": first_name,
                "last_name": last_name,
                "email": f"{first_name}.{last_name}@wattlegrove.example".lower(),
                "is_staff": is_administrator,
                "is_superuser": is_administrator,
            },
        )
        if is_new:
            user.groups.add(Group.objects.get(name=role.label))
