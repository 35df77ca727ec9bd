"""Static files of the demo: as in production, but made ready in seconds."""

from typing import Any

from whitenoise.compress import Compressor
from whitenoise.storage import CompressedManifestStaticFilesStorage


class DemoStorage(CompressedManifestStaticFilesStorage):
    """Hashed names and gzip; without Brotli, whose best grade costs half a minute of a small machine."""

    def create_compressor(self, **options: Any) -> Compressor:
        return Compressor(use_brotli=False, **options)
