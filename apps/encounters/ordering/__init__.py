"""Orders of a visit and what comes of them: results, procedures, courses, attachments."""
