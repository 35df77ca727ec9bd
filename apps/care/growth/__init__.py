"""Growth of children by WHO: tables, z-scores, classes, a child's track and its picture.

Pure but for `queries`: plain values in, plain values out, days and limits passed in.
"""
