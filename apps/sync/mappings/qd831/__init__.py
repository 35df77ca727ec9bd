"""A record -> the XML of a personal health record (QĐ 831/QĐ-BYT): sections A, B and D, one module each.

Section C, immunization, is told once the house keeps doses. What the elements are called stands in
fixtures/qd831/fields.csv, and each receiver may call them otherwise.
"""
