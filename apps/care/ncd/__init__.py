"""Rules of hypertension and diabetes at the commune station. Pure: values, days and limits are passed in."""
