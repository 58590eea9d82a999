"""How fast it is: `bridge bench`, or `make bench`, which also keeps the figures in `results/`."""
