"""How hard a password or a PIN is to try. Named in PASSWORD_HASHERS."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class StationArgon2(Argon2PasswordHasher):
    """argon2id with the least that OWASP asks for (19 MiB, two passes, one lane).

    Django's own setting (100 MiB, eight lanes) took half a second on two busy processors, and eight people
    signing in at seven in the morning would have asked a small computer for 800 MiB: the limits are 400 ms
    for a sign-in and 300 ms for a PIN. A hash made with other figures is renewed at the next sign-in.
    """

    time_cost = 2
    memory_cost = 19 * 1024  # KiB
    parallelism = 1
