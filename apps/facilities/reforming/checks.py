"""What stands against a plan, and against taking a finished reform back: sentences for the administrator."""

from django.db.models import Q

from apps.core import registry
from apps.core.words import quantity_words
from apps.facilities.models import OVER, Becomes, Reform, ReformStation
from apps.facilities.reforming.succession import succession


def problems(reform: Reform) -> list[str]:
    """Why the plan cannot be put before a second person yet, the first to be settled first."""
    stations = list(reform.stations.select_related("facility", "successor", "unit"))
    going_on = {row.facility_id: row for row in stations if row.becomes == Becomes.GOES_ON}
    found = []
    for row in stations:
        if row.becomes != Becomes.GOES_ON and row.successor_id not in going_on:
            found.append(f"{row.was_name}: chọn trạm mới nhận trạm này.")
    for row in going_on.values():
        unit = row.unit
        if not unit.in_force(reform.on):
            found.append(
                f"{row.was_name}: {unit.full_name} không còn hiệu lực từ {reform.on:%d/%m/%Y}. "
                "Lập trạm của xã, phường mới rồi chọn làm trạm mới."
            )
        if row.facility.valid_from and row.facility.valid_from > reform.on:
            found.append(f"{row.was_name} hoạt động từ {row.facility.valid_from:%d/%m/%Y}, sau ngày sắp xếp.")
    if missing := reform.hamlets.filter(station=None).count():
        found.append(f"Còn {quantity_words(missing)} thôn, tổ chưa chọn trạm phụ trách.")
    if doubtful := reform.hamlets.filter(doubtful=True).exclude(station=None).count():
        found.append(
            f"{quantity_words(doubtful)} thôn, tổ thuộc xã chia về nhiều nơi: xem lại rồi lưu từng thôn, tổ."
        )
    if heads := reform.posts.filter(decided=False).count():
        found.append(f"Chọn vị trí mới cho {quantity_words(heads)} người phụ trách trạm cũ.")
    found += [
        f"{row.was_name} đang có trong phương án khác: {row.reform.title}."
        for row in _elsewhere(reform, stations)
    ]
    return found


def _elsewhere(reform: Reform, stations: list[ReformStation]) -> list[ReformStation]:
    """The same stations in another reform that is not over."""
    ids = [row.facility_id for row in stations if row.becomes != Becomes.GOES_ON]
    rows = ReformStation.objects.filter(
        ~Q(reform=reform) & ~Q(reform__state__in=[*OVER, "draft", "done"]), facility__in=ids
    )
    return list(rows.select_related("reform"))


def newer_words(reform: Reform) -> str:
    """What has been made since and would be stranded if the reform were taken back; '' when nothing was."""
    if reform.begun_at is None:
        return ""
    step, found = succession(reform), []
    for each in registry.succession_steps:
        if each.newer and (many := each.newer(step, reform.begun_at)):
            found.append(f"{quantity_words(many)} {each.newer_words}")
    later = Reform.objects.filter(
        created_at__gt=reform.begun_at, stations__facility__in=step.successors
    ).exclude(state__in=[*OVER, "draft"])
    if later.exists():
        found.append("một phương án sắp xếp sau đó")
    if not found:
        return ""
    return f"Không hoàn tác được: từ khi chuyển đã có {', '.join(found)} dựa vào trạm mới."
