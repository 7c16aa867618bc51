"""What is special about an agency; people, staff, hours and bookings are the business's.

Who rents a home is called a renter throughout: a tenant is a business on this platform.
"""

from apps.verticals.real_estate.models.enquiries import EnquiredListing, Enquiry
from apps.verticals.real_estate.models.listings import Listing, Viewing
from apps.verticals.real_estate.models.maintenance import Contractor, MaintenanceNote, MaintenanceRequest
from apps.verticals.real_estate.models.places import Property, Suburb
from apps.verticals.real_estate.models.renting import Lease, RentCharge, Renter, RentPayment

__all__ = [
    "Contractor",
    "EnquiredListing",
    "Enquiry",
    "Lease",
    "Listing",
    "MaintenanceNote",
    "MaintenanceRequest",
    "Property",
    "RentCharge",
    "RentPayment",
    "Renter",
    "Suburb",
    "Viewing",
]
