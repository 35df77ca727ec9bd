"""Catalogues: everybody's."""

from tests.house.walk.declaring import SharedSamples, same

SHARED: SharedSamples = {
    "catalogues:pick": lambda shared: {"kind": "icd10"},
    **same("catalogues:", "browse download upload", lambda shared: {"key": "drugs"}),
    **same("catalogues:", "compared apply drop", lambda shared: {"upload_id": shared.upload.pk}),
}
