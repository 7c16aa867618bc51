from apps.business.admin import bookings, contacts, data_rights, hours, profile, services, staff

__all__ = ["bookings", "contacts", "data_rights", "hours", "profile", "services", "staff"]
