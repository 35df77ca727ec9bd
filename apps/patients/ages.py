"""Ages and birth dates as people say them. Pure."""

import datetime as dt


def days(birth: dt.date | None, on: dt.date) -> int | None:
    """Days from birth to that day; None when the birth is unknown or later."""
    if birth is None or on < birth:
        return None
    return (on - birth).days


def months(birth: dt.date, on: dt.date) -> int:
    """Whole months lived; somebody born on the 31st completes a month on the last day of a short one."""
    whole = (on.year - birth.year) * 12 + on.month - birth.month
    last_of_month = (on + dt.timedelta(days=1)).month != on.month
    return whole - (on.day < birth.day and not last_of_month)


def words(birth: dt.date | None, precision: str, on: dt.date) -> str:
    """'12 ngày', '12 tháng' (below three years), '5 tuổi'; 'khoảng 34 tuổi' when only the year is known."""
    if birth is None:
        return "không rõ tuổi"
    if on < birth:
        return "chưa sinh"
    if precision == "year":
        years = on.year - birth.year
        return f"khoảng {years} tuổi" if years else "dưới 1 tuổi"
    lived = months(birth, on)
    if lived == 0:
        return f"{(on - birth).days} ngày"
    return f"{lived} tháng" if lived < 36 else f"{lived // 12} tuổi"


def birth_words(birth: dt.date | None, precision: str) -> str:
    """As much of the date as is known."""
    if birth is None:
        return "không rõ"
    return birth.strftime({"year": "%Y", "month": "%m/%Y"}.get(precision, "%d/%m/%Y"))
