"""Accounts and their posts."""

from tests.house.walk.declaring import Samples, SharedSamples, same

SAMPLES: Samples = {
    "accounts:decide_here": lambda side: {"pk": side.change.pk},
    **same(
        "accounts:",
        "page edit slip toggle post_new totp_confirm handover",
        lambda side: {"pk": side.account.pk},
    ),
    "accounts:token_revoke": lambda side: {"pk": side.token.pk},
    "accounts:post_revoke": lambda side: {"pk": side.post.pk},
    "accounts:post_hamlets": lambda side: {"pk": side.village_post.pk},
}
SHARED: SharedSamples = {
    "accounts:colleagues": lambda shared: {"right": "shifts.enter"},
    **same("accounts:", "role role_edit role_switch", lambda shared: {"pk": shared.role.pk}),
}
