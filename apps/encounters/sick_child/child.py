"""The chart of a child of 2 months up to 5 years. Pure; see case."""

from apps.encounters.sick_child.case import (
    PINK,
    Child,
    Colours,
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

MEASLES = ("measles", "cornea", "mouth_deep", "eye_pus", "mouth_ulcers")
DENGUE = ("dengue_risk", "bleeding", "belly", "cold_limbs", "skin_bleeding")
FEEDING = ("feed_other", "feed_few", "feed_thin", "feed_bottle", "feed_less")


def judge(child: Child, limits: Limits, colours: Colours) -> Judged:
    """Every box of the chart in its order; malnutrition last but two, it looks back on the others."""
    found = Judged()
    if why := dangers(child):
        found.put("very_severe", why)
    _cough(child, limits, found)
    _diarrhoea(child, limits, found)
    _fever(child, limits, found)
    _ear(child, limits, found)
    _nutrition(child, limits, colours, found)
    _anaemia(child, found)
    if why := named(child, *FEEDING):
        found.put("feeding_problem", why)
    if why := named(child, "vaccines", "vitamin_a"):
        found.put("prevention_due", why)
    return found


def _cough(child: Child, limits: Limits, found: Judged) -> None:
    if not child.has("cough", "cough_days", "indrawing", "stridor", "wheeze"):
        return
    severe = dangers(child) + named(child, "stridor")
    least = limits["spo2"]["under"]
    if child.spo2 is not None and child.spo2 < least:
        severe.append(f"SpO₂ {child.spo2:.0f} % (dưới {least})")
    drawn, quick = named(child, "indrawing"), fast(child, limits)
    if limits["indrawing"]["severe"]:
        severe, drawn = severe + drawn, []
    if severe:
        found.put("pneumonia_severe", severe)
    elif drawn or quick:
        found.put("pneumonia", [*drawn, *([quick] if quick else [])])
    elif child.breathing is not None:
        found.put("cough_cold", ["nhịp thở bình thường, không rút lõm lồng ngực, không thở rít"])
    if child.breathing is None:
        found.missing.append("Chưa đếm nhịp thở trong một phút: chưa biết có thở nhanh không.")
    if (days := child.days_of("cough_days")) > (most := limits["cough"]["long_days"]):
        found.put("cough_long", [f"ho {days} ngày (trên {most})"])
    if why := named(child, "wheeze"):
        found.put("wheeze", why)


def _diarrhoea(child: Child, limits: Limits, found: Judged) -> None:
    if not has_diarrhoea(child):
        return
    drinks, pinch = child.answers.get("drinks"), child.answers.get("pinch")
    severe = named(child, "lethargic", "sunken_eyes")
    some = named(child, "restless", "sunken_eyes")
    if drinks == "poorly":
        severe += named(child, "drinks")
    elif drinks == "eagerly":
        some += named(child, "drinks")
    if pinch == "very_slow":
        severe += named(child, "pinch")
    elif pinch == "slow":
        some += named(child, "pinch")
    code, why = dehydration(child, severe, some)
    found.put(code, why or ["không đủ hai dấu hiệu mất nước"])
    if long := long_diarrhoea(child, limits):
        found.put("persistent" if code == "dehydration_none" else "persistent_severe", [long, *why])
    if why := named(child, "blood"):
        found.put("dysentery", why)


def _fever(child: Child, limits: Limits, found: Judged) -> None:
    warm = hot(child, limits)
    fever = [*([warm] if warm else []), *named(child, "fever")]
    days = child.days_of("fever_days")
    if not fever and days:
        fever = [f"sốt {days} ngày"]
    if child.has(*MEASLES):
        _measles(child, found)
    if not fever:
        if child.temperature is None:
            found.missing.append("Chưa đo nhiệt độ.")
        return
    if severe := dangers(child) + named(child, "stiff_neck"):
        found.put("fever_severe", [fever[0], *severe])
    elif child.answers.get("malaria_test") == "positive":
        found.put("malaria", [fever[0], *named(child, "malaria_test")])
    elif child.has("malaria_risk") and "malaria_test" not in child.answers:
        found.put("malaria_possible", [fever[0], *named(child, "malaria_risk")])
    else:
        found.put("fever", fever[:1])
    if days >= (least := limits["fever"]["long_days"]):
        found.put("fever_long", [f"sốt {days} ngày (từ {least})"])
    if child.has(*DENGUE):
        _dengue(child, found)


def _measles(child: Child, found: Judged) -> None:
    if why := named(child, "cornea", "mouth_deep") or (dangers(child) if child.has("measles") else []):
        found.put("measles_severe", [*named(child, "measles"), *why])
    elif why := named(child, "eye_pus", "mouth_ulcers"):
        if child.has("measles"):
            found.put("measles_complicated", why)
    else:
        found.put("measles", named(child, "measles"))


def _dengue(child: Child, found: Judged) -> None:
    if why := named(child, "cold_limbs"):
        found.put("dengue_severe", why)
    elif why := named(child, "bleeding", "belly", "vomits_all", "lethargic", "restless"):
        found.put("dengue_warning", why)
    else:
        found.put("dengue_possible", named(child, "dengue_risk", "skin_bleeding"))


def _ear(child: Child, limits: Limits, found: Judged) -> None:
    if not child.has("ear", "ear_pain", "ear_pus", "ear_days", "mastoid"):
        return
    days = child.days_of("ear_days")
    runs = child.has("ear_pus", "ear_days")
    least = limits["ear"]["chronic_days"]
    if why := named(child, "mastoid"):
        found.put("mastoiditis", why)
    elif runs and days >= least:
        found.put("ear_chronic", [f"chảy mủ tai {days} ngày (từ {least})"])
    elif runs or child.has("ear_pain"):
        found.put("ear_acute", named(child, "ear_pain", "ear_pus") or [f"chảy mủ tai {days} ngày"])
    else:
        found.put("ear_none", ["không đau tai, không chảy mủ"])


def _nutrition(child: Child, limits: Limits, colours: Colours, found: Judged) -> None:
    why = ["phù hai bàn chân"] if child.oedema else []
    why += named(child, "wasted")
    if child.acute and not child.oedema:
        why.append("suy dinh dưỡng cấp tính theo cân nặng, chiều cao hoặc vòng cánh tay")
    if child.acute == "severe" or child.oedema or child.has("wasted"):
        more = named(child, "no_appetite") + (["dưới 6 tháng"] if child.months < 6 else [])
        if found.has(colours, PINK):
            more.append("có phân loại nặng khác")
        found.put("sam_complicated" if more else "sam", why + more)
    elif child.acute == "moderate":
        found.put("mam", why)
    elif child.waz is not None and child.waz < (least := limits["weight"]["low"]):
        found.put("underweight", [f"cân nặng theo tuổi z {z_words(child.waz)} (dưới {z_words(least)})"])
    elif child.measured:
        found.put("nutrition_ok", ["theo cân nặng, chiều cao hoặc vòng cánh tay"])
    if not child.measured:
        found.missing.append(
            "Chưa đo đủ cân nặng và chiều cao, hoặc vòng cánh tay: chưa xếp được suy dinh dưỡng."
        )


def _anaemia(child: Child, found: Judged) -> None:
    code = {"severe": "anaemia_severe", "some": "anaemia", "none": "anaemia_none"}
    if pallor := child.answers.get("pallor"):
        found.put(code[pallor], named(child, "pallor"))
