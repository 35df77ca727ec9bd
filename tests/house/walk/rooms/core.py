"""The ground floor."""

from tests.house.walk.declaring import Samples, SharedSamples, same

SAMPLES: Samples = {
    "core:job": lambda side: {"pk": side.job.pk},
    "core:decide": lambda side: {"pk": side.change.pk},
    "core:paper": lambda side: {"code": side.paper.code},
    "core:task": lambda side: {"pk": side.task.pk},
    "core:export_take": lambda side: {"pk": side.export.pk},
    **same("core:", "draft draft_drop", lambda side: {"pk": side.draft.pk}),
    "core:draft_keep": lambda side: {"kind": "visit", "object_id": side.visit.pk},
    "core:number_book": lambda side: {"pk": side.book.pk},
}
SHARED: SharedSamples = {
    "core:gallery_paper": lambda shared: {"size": "a5"},
    "core:guide_chapter": lambda shared: {"key": "bat-dau"},
    "core:printer_test": lambda shared: {"size": "A5"},
    "core:golive_tick": lambda shared: {"key": "printers"},
}
RIGHT_OF_SAMPLE = {"core:task": "visits.view", "core:draft": "nobody's"}
