"""A station's own data."""

from tests.house.walk.declaring import Samples

SAMPLES: Samples = {"backup:take": lambda side: {"pk": side.job.pk}}
RIGHT_OF_SAMPLE = {"backup:take": "nobody's"}
