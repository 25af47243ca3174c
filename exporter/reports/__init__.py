"""Writes a verification's report for people, programs and CI."""
