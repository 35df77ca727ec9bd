"""Medicines given out on a prescription: whole or in part, another one instead, returned, cancelled."""
