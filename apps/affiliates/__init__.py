"""Referrals, and what they earn."""
