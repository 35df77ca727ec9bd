"""The personal health record of QĐ 831/QĐ-BYT: its sections, what may be said in them, writing, reading."""
