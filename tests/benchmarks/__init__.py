"""`make bench`: a province's worth of people behind two workers, played over HTTP and timed.

`store` loads the people once, `serving` runs gunicorn, `client` signs in, `scenarios` says what is played
and what it may cost, `bare` times the same rows in plain SQL, `report` prints and judges.
"""
