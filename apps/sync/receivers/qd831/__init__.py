"""QĐ 831/QĐ-BYT: a health record as XML a visit, taken now and checked later under a tracking id."""
