"""What an act of giving out asks for: judged line by line against the prescription, made into its lines."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from uuid import UUID

from apps.catalogues.models import Drug
from apps.core.errors import Refused, Warning
from apps.core.scope import current
from apps.core.text import clean
from apps.core.words import quantity_words
from apps.encounters.dispensing import lines as what
from apps.encounters.dispensing import reading, rules
from apps.encounters.dispensing.inputs import DispenseInput, Part
from apps.encounters.dispensing.lines import Line, is_other
from apps.encounters.models import DispensingLine, LineKind, Visit
from apps.encounters.rules import Problem
from apps.encounters.writing import Problems
from apps.stock.models import StockItem
from apps.stock.queries import places_that_dispense
from apps.stock.units import MOST

MANY = 10  # units taken for one of the prescription's: more is asked about
AMENDED = "Đơn thuốc vừa được sửa. Xem lại đơn rồi cấp."


def lines_for(visit: Visit, parts: Sequence[Part], data: DispenseInput) -> list[DispensingLine]:
    """The lines of the act, not saved; all that is wrong is told at once."""
    lines, found, _ = reading.standings_of(visit)
    by_id: dict[UUID, Line] = {line.pk: line for line in lines}
    items = {
        item.pk: item
        for item in StockItem.objects.filter(pk__in=[part.item_id for part in parts if part.item_id])
    }
    if any(part.item_id for part in parts):
        _refuse_other_place(data.location_id)
    left = {key: row.allowed for key, row in found.items()}
    drugs = what.drugs_of(items.values())
    problems: list[Problem] = []
    rows: list[DispensingLine] = []
    for part in parts:
        line = by_id.get(part.line_id)
        if line is None:
            raise Refused(AMENDED, code="amended")
        key = str(line.pk)
        said = _wrong(part, line, left[key], found[key].allowed, items, drugs)
        if said:
            field, sentence = said
            problems.append(Problem("dispense", sentence, f"{key}-{field}", blocks=True))
            continue
        left[key] -= part.quantity
        rows.append(_row(len(rows) + 1, part, line, items.get(part.item_id) if part.item_id else None))
    if problems:
        raise Problems(problems)
    return rows


def _refuse_other_place(location_id: UUID | None) -> None:
    """Also what waits for a second name, of which nothing is taken yet, names a place of ours alone."""
    if location_id is None:
        raise Refused("Chọn nơi cấp thuốc.", field="location", code="no-place")
    if not places_that_dispense(current()).filter(pk=location_id).exists():
        raise Refused("Nơi này không cấp thuốc, hoặc không thuộc trạm.", field="location", code="no-place")


def _wrong(
    part: Part,
    line: Line,
    left: Decimal,
    allowed: Decimal,
    items: Mapping[UUID, StockItem],
    drugs: Mapping[UUID, Drug],
) -> tuple[str, str] | None:
    """The box and the sentence of what cannot be with one line: `left` of the quantity `allowed` to this act
    is not taken by its other parts.
    """
    box = "give" if part.item_id else "outside"
    name = line.name
    if part.quantity <= 0:
        return box, f"{name}: số lượng phải lớn hơn 0."
    if part.quantity > left:
        if left < allowed:
            return (
                box,
                f"{name}: Cấp lần này và Mua ngoài cộng lại quá {_words(allowed)} {line.unit} chưa cấp.",
            )
        words = f"chỉ còn {_words(left)} {line.unit}" if left else "đã cấp đủ"
        return box, f"{name}: kê {_words(line.quantity)} {line.unit}, {words}."
    if part.item_id is None:
        return None
    item = items.get(part.item_id)
    if item is None or not item.is_active:
        return "item", f"{name}: mặt hàng này không có trong kho của trạm."
    if not rules.same_unit(line.unit, item.unit) or is_other(line, item):
        if not part.taken or part.taken < 1:
            return "taken", f"{name}: ghi lấy bao nhiêu {item.unit.lower()} {item.name}."
        most = what.most_taken(line, part.quantity, item, drugs.get(item.pk))
        if part.taken > (MOST if most is None else most):
            enough = "" if most is None else f" {most} {item.unit.lower()} là đủ."
            return "taken", f"{name}: lấy {part.taken} {item.unit.lower()} {item.name} là quá nhiều.{enough}"
    if is_other(line, item):
        if line.drug is None:
            return "item", f"{name}: {item.name} là vị khác. Thay vị thuốc thì thầy thuốc kê lại bài thuốc."
        if not what.may_stand(line, item, drugs):
            return "item", (
                f"{name}: {item.name} không cùng hoạt chất. Thay thuốc khác hoạt chất thì bác sĩ sửa đơn."
            )
        if not clean(part.reason):
            return "reason", f"{name}: ghi lý do thay thế."
        if not clean(part.agreed_by):
            return "agreed_by", f"{name}: ghi ai đồng ý thay thế."
    return None


def unexplained(rows: Sequence[DispensingLine]) -> list[Warning]:
    """What is asked about where nothing but a second look tells that so many units are meant."""
    return [
        Warning(
            f"taken:{row.line_id}",
            f"{row.drug_name}: lấy {row.taken} {row.item_unit} {row.item_name} cho {_words(row.quantity)} "
            f"{row.unit} kê đơn.",
            "override",
        )
        for row in rows
        if row.taken > MANY * row.quantity
    ]


def _words(amount: Decimal) -> str:
    return quantity_words(amount.normalize())


def _row(position: int, part: Part, line: Line, item: StockItem | None) -> DispensingLine:
    row = DispensingLine(
        position=position,
        line_id=line.pk,
        drug=line.drug,
        herb=line.herb,
        formula_id=line.formula.pk if line.formula else None,
        drug_name=line.drug_name,
        strength=line.strength,
        unit=line.unit,
        usage=line.usage,
        prescribed=line.quantity,
        kind=LineKind.OUTSIDE,
        quantity=part.quantity,
    )
    if item is None:
        return row
    other = is_other(line, item)
    row.kind = LineKind.SUBSTITUTED if other else LineKind.GIVEN
    row.item, row.item_name, row.item_unit = item, item.name, item.unit.lower()
    row.programme = item.programme
    alike = not other and rules.same_unit(line.unit, item.unit)
    row.taken = rules.units_for(part.quantity) if alike else part.taken or 0
    if other:
        row.reason, row.agreed_by = clean(part.reason)[:300], clean(part.agreed_by)[:120]
    return row
