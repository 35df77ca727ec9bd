"""The chart of an infant up to 2 months. Pure; see case."""

from apps.core.words import quantity_words
from apps.encounters.sick_child.case import (
    Child,
    Judged,
    Limits,
    dangers,
    dehydration,
    fast,
    has_diarrhoea,
    hot,
    long_diarrhoea,
    named,
    z_words,
)

LOCAL = ("umbilicus", "pustules")
FEEDING = ("attach", "suckle", "few_feeds", "feed_other", "not_breastfed", "thrush")


def judge(child: Child, limits: Limits) -> Judged:
    """Every box of the chart in its order."""
    found = Judged()
    _infection(child, limits, found)
    _jaundice(child, limits, found)
    _diarrhoea(child, limits, found)
    _feeding(child, limits, found)
    if why := named(child, "vaccines"):
        found.put("prevention_due", why)
    return found


def _infection(child: Child, limits: Limits, found: Judged) -> None:
    severe = dangers(child)
    severe += [why for why in (fast(child, limits), hot(child, limits), _cold(child, limits)) if why]
    newborn = limits["newborn"]
    local = [key for key in LOCAL if child.has(key)]
    if child.days is not None and child.days < newborn["under_days"]:
        graver = [key for key in local if key in newborn["signs"]]
        severe += [f"{name} ở trẻ dưới {newborn['under_days']} ngày" for name in named(child, *graver)]
        local = [key for key in local if key not in graver]
    if severe:
        found.put("infant_severe", severe)
    if local:
        found.put("infant_local", named(child, *local))
    if child.breathing is None:
        found.missing.append("Chưa đếm nhịp thở trong một phút.")
    if child.temperature is None:
        found.missing.append("Chưa đo nhiệt độ.")
    looked = child.breathing is not None and child.temperature is not None and child.has("no_danger")
    if looked and not severe and not local:
        found.put("infant_no_infection", ["không có dấu hiệu nguy hiểm, nhịp thở và nhiệt độ bình thường"])


def _cold(child: Child, limits: Limits) -> str:
    least = limits["temperature"]["cold"]
    if child.temperature is None or child.temperature >= least:
        return ""
    return f"nhiệt độ {quantity_words(child.temperature)} °C (dưới {quantity_words(least)})"


def _jaundice(child: Child, limits: Limits, found: Judged) -> None:
    if not child.has("jaundice", "jaundice_first_day", "palms"):
        return
    severe = named(child, "jaundice_first_day", "palms")
    most = limits["jaundice"]["long_days"]
    if not severe and child.days == 0:
        severe = ["vàng da trong ngày đầu sau sinh"]
    if severe:
        found.put("jaundice_severe", severe)
    elif child.days is not None and child.days > most:
        found.put("jaundice_long", [f"vàng da khi đã {child.days} ngày tuổi (trên {most})"])
    else:
        found.put("jaundice", named(child, "jaundice"))


def _diarrhoea(child: Child, limits: Limits, found: Judged) -> None:
    if not has_diarrhoea(child):
        return
    pinch = child.answers.get("pinch")
    severe = named(child, "movement", "sunken_eyes")
    some = named(child, "restless", "sunken_eyes")
    if pinch == "very_slow":
        severe += named(child, "pinch")
    elif pinch == "slow":
        some += named(child, "pinch")
    code, why = dehydration(child, severe, some)
    found.put(code, why or ["không đủ hai dấu hiệu mất nước"])
    if long := long_diarrhoea(child, limits):
        found.put("infant_persistent", [long])
    if why := named(child, "blood"):
        found.put("infant_dysentery", why)


def _feeding(child: Child, limits: Limits, found: Judged) -> None:
    if child.acute == "severe" or child.oedema:
        why = ["phù hai bàn chân"] if child.oedema else ["suy dinh dưỡng cấp tính nặng"]
        found.put("sam_complicated", [*why, "dưới 6 tháng"])
    why = named(child, *FEEDING)
    if child.waz is not None and child.waz < (least := limits["weight"]["low"]):
        why.append(f"cân nặng theo tuổi z {z_words(child.waz)} (dưới {z_words(least)})")
    if why:
        found.put("infant_feeding", why)
    elif child.waz is not None:
        found.put("infant_feeding_ok", ["bú tốt, cân nặng không thấp so với tuổi"])
    if child.waz is None:
        found.missing.append("Chưa cân: chưa biết có nhẹ cân không.")
