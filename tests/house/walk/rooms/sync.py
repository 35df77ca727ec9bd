"""What goes to receivers."""

from tests.house.walk.declaring import Samples, SharedSamples, same

SAMPLES: Samples = {
    "sync:visit_panel": lambda side: {"pk": side.finished.pk},
    **same(
        "sync:",
        "row send_again payload hand_take hand_file hand_receipt",
        lambda side: {"pk": side.row.pk},
    ),
}
SHARED: SharedSamples = same(
    "sync:",
    "hand_list hand_list_take hand_list_file hand_list_receipt",
    lambda shared: {"pk": shared.national.pk},
) | same(
    "sync:",
    "receiver switch send_all_again compare resume earlier codes codes_kinds codes_enter "
    "codes_upload codes_download",
    lambda shared: {"pk": shared.receiver.pk},
)
