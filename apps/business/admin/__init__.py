from apps.business.admin import bookings, contacts, hours, profile, services, staff

__all__ = ["bookings", "contacts", "hours", "profile", "services", "staff"]
