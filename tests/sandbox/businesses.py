"""Two small businesses that answer tool calls: a medical practice and a bicycle workshop."""

from typing import Any

from .dialogue import ok, refused

CHEN = {"provider_id": "prov-chen", "name": "Dr. Wei Chen", "specialization": "orthopedics"}
PATEL = {"provider_id": "prov-patel", "name": "Dr. Ana Patel", "specialization": "family medicine"}
HOURS = ("09:00", "09:30", "14:00")


def _slots(provider: dict[str, str], date: str) -> list[dict[str, str]]:
    who = {"provider_id": provider["provider_id"], "provider_name": provider["name"]}
    return [{**who, "date": date, "time": time} for time in HOURS]


class Clinic:
    """Knows Maria Santos (phone ends in 0123); keeps appointments; when busy, 9:30 is taken at the last moment."""

    def __init__(self, *, busy: bool = False) -> None:
        self.busy = busy
        self.taken: set[tuple[str, str]] = set()
        self.appointments = {
            "appt-1": {
                "date": "2026-11-24",
                "time": "14:00",
                "provider_id": "prov-patel",
                "provider_name": PATEL["name"],
            },
            "appt-2": {
                "date": "2026-12-01",
                "time": "10:00",
                "provider_id": "prov-chen",
                "provider_name": CHEN["name"],
            },
        }

    def __call__(self, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = getattr(self, name)(**arguments)
        return answer

    def lookup_patient(self, first_name: str, last_name: str, date_of_birth: str = "") -> dict[str, Any]:
        if (first_name, last_name) != ("Maria", "Santos"):
            return refused("I can't find anybody of that name.", "not_found")
        return ok(
            "Thank you, Maria, I found your file.",
            patient_id="pat-7",
            full_name="Maria Santos",
            status="active",
        )

    def lookup_patient_by_phone(self, phone: str) -> dict[str, Any]:
        if not phone.endswith("0123"):
            return refused("I can't find that number.", "not_found")
        return ok("Thank you, I found your file.", patient_id="pat-7", full_name="Maria Santos")

    def create_new_patient(
        self, first_name: str, last_name: str, date_of_birth: str, phone: str, email: str = ""
    ) -> dict[str, Any]:
        return ok(f"Welcome, {first_name}, you are registered.", patient_id="pat-new")

    def get_patient_insurance(self, patient_id: str) -> dict[str, Any]:
        return ok("Your plan is verified.", plan="Gold", status="verified")

    def get_patient_appointments(self, patient_id: str) -> dict[str, Any]:
        listed = [{"appointment_id": key, **value} for key, value in self.appointments.items()]
        told = "Tuesday, November 24 at 2:00 PM with Dr. Ana Patel and Tuesday, December 1 at 10:00 AM with Dr. Chen"
        return ok(f"You have two appointments: {told}." if listed else "You have none.", appointments=listed)

    def get_available_slots(self, provider_id: str, date: str, duration: int = 30) -> dict[str, Any]:
        provider = CHEN if provider_id == CHEN["provider_id"] else PATEL
        free = [s for s in _slots(provider, date) if (date, s["time"]) not in self.taken]
        return ok(f"{provider['name']} has {len(free)} free times.", slots=free)

    def find_next_available(
        self, provider_id: str = "", specialization: str = "", duration: int = 30
    ) -> dict[str, Any]:
        providers = [p for p in (CHEN, PATEL) if specialization in ("", p["specialization"])]
        providers = [p for p in providers if provider_id in ("", p["provider_id"])]
        free = [s for p in providers for date in ("2026-11-23", "2026-11-24") for s in _slots(p, date)]
        free = [s for s in free if (s["date"], s["time"]) not in self.taken]
        return ok("These are the next free times." if free else "Nothing is free within two weeks.", slots=free)

    def schedule_appointment(self, **wanted: Any) -> dict[str, Any]:
        if self.busy and wanted["time"] == "09:30":
            self.taken.add(("2026-11-23", "09:30"))
            free = [s for s in _slots(CHEN, "2026-11-23") if s["time"] != "09:30"]
            return {
                **refused("That time was just taken.", "slot_taken", field="time"),
                "data": {"slots": free},
            }
        return ok("You are booked.", appointment_id="appt-9", date=wanted["date"], time=wanted["time"])

    def cancel_appointment(self, appointment_id: str, reason: str = "") -> dict[str, Any]:
        del self.appointments[appointment_id]
        return ok("The appointment is cancelled.", appointment_id=appointment_id, status="cancelled")

    def reschedule_appointment(
        self, appointment_id: str, new_date: str, new_time: str, new_provider_id: str = ""
    ) -> dict[str, Any]:
        return ok("The appointment is moved.", appointment_id=appointment_id, date=new_date, time=new_time)

    def get_providers(self, specialization: str = "", accepting_new_patients: bool = True) -> dict[str, Any]:
        return ok("Our doctors are Dr. Wei Chen and Dr. Ana Patel.", providers=[CHEN, PATEL])

    def get_provider_info(self, provider_id: str = "", provider_name: str = "") -> dict[str, Any]:
        for provider in (CHEN, PATEL):
            if provider_id == provider["provider_id"] or (
                provider_name and provider_name.split()[-1] in provider["name"]
            ):
                return ok(f"{provider['name']} speaks English and Spanish.", **provider)
        return refused("I don't know that name.", "not_found", field="provider_name")

    def get_services(self, category: str = "") -> dict[str, Any]:
        listed = [
            {"code": "99395", "name": "Check-up", "price": 120},
            {"code": "73560", "name": "X-ray", "price": 90},
        ]
        return ok("A check-up is $120 and an X-ray is $90.", services=listed)

    def get_office_hours(self) -> dict[str, Any]:
        return ok("We are open Monday to Friday, 8 AM to 5 PM.", hours=[{"day": "Monday", "opens": "08:00"}])


class Workshop:
    """Knows the owner whose number ends in 7788 and the receipt BR-1024."""

    def __call__(self, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = getattr(self, name)(**arguments)
        return answer

    def find_owner(self, phone: str) -> dict[str, Any]:
        if not phone.endswith("7788"):
            return refused("That number is new to me.", "not_found")
        return ok("Hello again, Tom.", owner_id="own-1", name="Tom Berg")

    def add_owner(self, full_name: str, phone: str) -> dict[str, Any]:
        return ok("Nice to meet you.", owner_id="own-2")

    def list_repairs(self) -> dict[str, Any]:
        listed = [
            {"repair_id": "rep-brake", "name": "Brake service", "price": 40},
            {"repair_id": "rep-wheel", "name": "Wheel truing", "price": 25},
            {"repair_id": "rep-tune", "name": "Full tune-up", "price": 90},
        ]
        return ok("Brake service is $40, wheel truing $25 and a full tune-up $90.", repairs=listed)

    def list_drop_off_times(self, date: str) -> dict[str, Any]:
        return ok(
            "You can come at 10:00 AM or 4:00 PM.",
            slots=[{"date": date, "time": t} for t in ("10:00", "16:00")],
        )

    def book_repair(self, **wanted: Any) -> dict[str, Any]:
        return ok("Your repair is booked.", booking_id="book-1", date=wanted["date"], time=wanted["time"])

    def get_repair_status(self, booking_reference: str) -> dict[str, Any]:
        if booking_reference != "BR-1024":
            return refused("I don't know that reference.", "not_found", field="booking_reference")
        return ok("It is ready to be picked up.", status="ready")

    def get_opening_hours(self) -> dict[str, Any]:
        return ok("The workshop is open from 9 to 6.", hours="9-18")

    def transfer_to_sales(self, intent: str, known: str) -> dict[str, Any]:
        return ok("I'll put you through to sales.")
