"""What stands between us and the visitors: a diagnosis of proxies, on both of their sides."""
