"""Timings, kept out of the tests: `make bench` writes bench/results/*.json and prints a table."""
