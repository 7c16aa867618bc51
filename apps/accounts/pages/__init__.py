"""The public pages around an account: pricing, sign-up, joining a team."""
