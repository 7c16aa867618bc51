from apps.api.admin import deliveries, endpoints

__all__ = ["deliveries", "endpoints"]
