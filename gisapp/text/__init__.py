"""Japanese text: encodings, width and case folding for comparing, numbers and dates as people write them.

Originals are never changed: what is folded serves to compare only.
"""
