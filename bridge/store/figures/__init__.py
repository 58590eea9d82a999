"""Figures: sums over alerts, tickets and survey answers of a period. No figure holds anybody's words.

Each function answers by bucket (a week or a month, by the day on which it begins) and, where it makes sense, in total
(bucket None). What is decided of them (shares, intervals, warnings) is in `bridge.insight`.
"""
