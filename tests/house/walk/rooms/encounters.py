"""Visits and all that hangs on them."""

from apps.encounters.models import CashDay, CashMove, ExamTemplate
from tests.house.walk.declaring import Arguments, Samples, same
from tests.house.walk.sides import Side


def cash_day(side: Side) -> Arguments:
    return {"pk": CashDay.unscoped.filter(facility=side.station).last().pk}


def template(side: Side) -> Arguments:
    return {"pk": ExamTemplate.unscoped.filter(station=side.station).last().pk}


SAMPLES: Samples = {
    **same("encounters:", "open look_up", lambda side: {"person_id": side.person.pk}),
    "encounters:template_retire": template,
    "templates-detail": template,
    "encounters:family": lambda side: {"household_id": side.household.pk},
    "encounters:queue_act": lambda side: {"pk": side.visit.pk, "action": "goi"},
    "encounters:room_end": lambda side: {"pk": side.room.pk},
    "encounters:screen_close": lambda side: {"pk": side.screen.pk},
    **same(
        "encounters:",
        "visit line more_lines said sick_child reopen in_error versions number reception leave come_back "
        "cases wrong_person template_make orders orders_place order_slip result_slip attach formula_new",
        lambda side: {"pk": side.visit.pk},
    ),
    **same(
        "encounters:",
        "sign amend exam_slip prescription undo dispense",
        lambda side: {"pk": side.finished.pk},
    ),
    **same(
        "encounters:",
        "order result_enter result_verify order_cancel order_in_error sheet sheet_row sheet_reopen sitting "
        "course_end order_paper",
        lambda side: {"pk": side.made.order.pk},
    ),
    "encounters:result_correct": lambda side: {"pk": side.made.done.pk},
    "encounters:order_set": lambda side: {"pk": side.made.set.pk},
    "encounters:sheet_row_in_error": lambda side: {"pk": side.made.row.pk},
    "encounters:sitting_in_error": lambda side: {"pk": side.made.sitting.pk},
    **same("encounters:", "attachment attachment_in_error", lambda side: {"pk": side.made.file.pk}),
    **same("encounters:", "formula formula_in_error", lambda side: {"pk": side.made.formula.pk}),
    "encounters:certificate_issue": lambda side: {"pk": side.signed.pk, "slug": "tom-tat"},
    "encounters:death_notice": lambda side: {"pk": side.death.pk},
    **same(
        "encounters:",
        "certificate certificate_pdf certificate_cancel referral_answer referral_answer_wrong",
        lambda side: {"pk": side.certificate.pk},
    ),
    **same("encounters:", "bill take fee_add fee_terms", lambda side: {"pk": side.receipt.visit_id}),
    **same(
        "encounters:",
        "receipt receipt_paid receipt_void refund receipt_pdf",
        lambda side: {"pk": side.receipt.pk},
    ),
    "encounters:fee_drop": lambda side: {"pk": side.receipt.visit.fee_lines(manager="unscoped").get().pk},
    "encounters:cash_move_drop": lambda side: {
        "pk": CashMove.unscoped.filter(facility=side.station).last().pk
    },
    **same("encounters:", "cash_confirm cash_reopen", cash_day),
    **same(
        "encounters:",
        "dispensing dispensing_back dispensing_cancel dispensing_slip dispensing_labels",
        lambda side: {"pk": side.given.pk},
    ),
    **same("visits-", "detail save finalise undo move", lambda side: {"pk": side.visit.pk}),
    **same("orders-", "detail result", lambda side: {"pk": side.made.order.pk}),
    "receipts-detail": lambda side: {"pk": side.receipt.pk},
    "certificates-detail": lambda side: {"pk": side.certificate.pk},
    "dispensings-detail": lambda side: {"pk": side.given.pk},
}
