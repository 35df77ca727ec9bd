"""What was found: the diagnoses of a visit."""

from django.db import models
from django.db.models import Q

from apps.encounters.models.visit import Visit, VisitPart

YHCT = "yhct"  # the edition of a traditional diagnosis: the list yhct_diseases


class DiagnosisRole(models.TextChoices):
    MAIN = "main", "chính"
    SECONDARY = "secondary", "kèm theo"
    EXTERNAL = "external", "nguyên nhân ngoài"
    TRADITIONAL = "traditional", "y học cổ truyền"


class Certainty(models.TextChoices):
    """How sure a disease is that has to be reported."""

    SUSPECTED = "suspected", "nghi ngờ"
    CONFIRMED = "confirmed", "xác định"


class Diagnosis(VisitPart):
    """One diagnosis, with the name the catalogue had on the day of the visit.

    A traditional one stands beside those of ICD-10; `icd_code` is then its code in the list yhct_diseases.
    """

    # Found by the constraint on (visit, code).
    visit = models.ForeignKey(Visit, on_delete=models.CASCADE, related_name="diagnoses", db_index=False)
    role = models.CharField("vai trò", max_length=12, choices=DiagnosisRole.choices)
    icd_edition = models.CharField(max_length=12)
    icd_code = models.CharField("mã ICD-10", max_length=10)
    icd_name = models.CharField("tên bệnh", max_length=500)
    text = models.CharField("ghi rõ", max_length=500, blank=True)
    certainty = models.CharField("mức chẩn đoán", max_length=10, choices=Certainty.choices, blank=True)
    # Which disease of the list of communicable diseases, where the code alone does not tell.
    disease_key = models.CharField("bệnh phải báo cáo", max_length=40, blank=True)
    position = models.PositiveSmallIntegerField()

    class Meta:
        verbose_name = "chẩn đoán"
        verbose_name_plural = "chẩn đoán"
        ordering = ["position"]
        base_manager_name = "unscoped"
        constraints = [
            models.UniqueConstraint(fields=["visit", "icd_code"], name="diagnosis_once"),
            models.UniqueConstraint(fields=["visit"], condition=Q(role="main"), name="diagnosis_one_main"),
        ]

    def __str__(self) -> str:
        return self.icd_code

    @property
    def label(self) -> str:
        """`J06.9 - Nhiễm trùng hô hấp trên cấp`, with what the clinician added; a suspected one says so."""
        name = f"{self.icd_code} - {self.icd_name}"
        added = [self.text] if self.text else []
        if self.certainty == Certainty.SUSPECTED:
            added.append(Certainty.SUSPECTED.label)
        return f"{name} ({', '.join(added)})" if added else name
