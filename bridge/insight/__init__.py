"""What figures say: shares, intervals, trends and warnings over what `bridge.store.figures` counts.

Every page of figures, every file that is downloaded from one and `bridge figures` is made of the same tables.
"""
