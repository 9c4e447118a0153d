"""Demonstration data: invented people and employers of two real regions, as the files a cell would receive."""
