"""What the answers of the sick-child form come to: the classes of the chart, each with its why. Pure.

The thresholds are the parameters `imci.*`; colour, name and advice of a class stand in its row of the list
imci_class. Both carry their source and are read with the day of the visit.
"""

from apps.encounters.sick_child import child as of_child
from apps.encounters.sick_child import infant as of_infant
from apps.encounters.sick_child import sheet
from apps.encounters.sick_child.case import Child, Colours, Judged, Limits


def judge(child: Child, limits: Limits, colours: Colours) -> Judged:
    """The classes of a child whose form says something; without a form for the age there are none."""
    if not child.sheet or not child.answers:
        return Judged()
    if child.sheet == sheet.INFANT:
        found = of_infant.judge(child, limits)
    else:
        found = of_child.judge(child, limits, colours)
    if not child.has(sheet.NO_DANGER.key, *sheet.DANGERS[child.sheet]):
        found.missing.insert(0, "Chưa ghi đã tìm dấu hiệu nguy hiểm.")
    return found
