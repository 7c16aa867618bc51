"""The people and services of the demo clinic. All are made up; numbers 555-01xx are reserved for fiction."""

import datetime as dt
from dataclasses import dataclass

WEEK = (0, 1, 2, 3, 4)


@dataclass(frozen=True)
class ProviderRow:
    """`days` are weekdays, Monday = 0; `hours` the spans of each such day."""

    name: str
    title: str
    specialization: str
    credentials: str
    languages: str
    days: tuple[int, ...]
    hours: tuple[tuple[int, int], ...]
    bio: str
    accepting: bool = True


PROVIDERS = (
    ProviderRow(
        *("Dr. Amelia Hart", "Family physician", "Primary Care", "MD", "English, Spanish"),
        *((*WEEK, 5), ((8, 12), (13, 17))),
        "Looks after whole families, from school physicals to blood pressure, and takes her time to explain.",
    ),
    ProviderRow(
        *("Dr. Samuel Okafor", "Internist", "Primary Care", "MD, FACP", "English, Yoruba"),
        *((0, 1, 3, 4), ((9, 13), (14, 18))),
        "Cares for adults with several conditions at once; his practice is full at the moment.",
        accepting=False,
    ),
    ProviderRow(
        *("Dr. Priya Nair", "Orthopedic surgeon", "Orthopedics", "MD, FAAOS", "English, Hindi"),
        *(WEEK, ((8, 12), (13, 16))),
        "Knees and hips; surgery when it helps, physical therapy when it is enough.",
    ),
    ProviderRow(
        *("Dr. Lucas Brandt", "Sports physician", "Orthopedics", "MD", "English, German"),
        *((0, 2, 4), ((10, 14), (15, 18))),
        "Shoulders, ankles and everything that hurts after a weekend of sport.",
    ),
    ProviderRow(
        *("Dr. Mei Chen", "Dermatologist", "Dermatology", "MD, FAAD", "English, Mandarin"),
        *((1, 2, 3), ((9, 13), (14, 17))),
        "Skin checks, eczema and acne in all ages.",
    ),
    ProviderRow(
        *("Dr. Omar Haddad", "Cardiologist", "Cardiology", "MD, FACC", "English, Arabic, French"),
        *(WEEK, ((9, 12), (13, 17))),
        "Prevention, rhythm problems and life after a heart attack.",
    ),
    ProviderRow(
        *("Dr. Sofia Rossi", "Pediatrician", "Pediatrics", "MD, FAAP", "English, Italian"),
        *((*WEEK, 5), ((8, 13),)),
        "Newborns to teenagers, with a drawer full of stickers.",
    ),
    ProviderRow(
        *("Dr. Daniel Kim", "Dentist", "Dentistry", "DDS", "English, Korean"),
        *((0, 1, 3), ((9, 12), (13, 18))),
        "Checkups, cleanings and calm fillings for anxious patients.",
    ),
)


# Category (as the specialization of who does it, or * for everyone), name, code, minutes, dollars.
SERVICES = (
    ("Primary Care", "New patient visit", "99203", 45, 180),
    ("Primary Care", "Follow-up visit", "99213", 30, 120),
    ("Primary Care", "Annual physical", "99395", 45, 210),
    ("Primary Care", "Video visit", "98005", 20, 95),
    ("Vaccinations", "Flu shot", "90686", 10, 45),
    ("Vaccinations", "Tetanus booster", "90714", 10, 65),
    ("Laboratory", "Metabolic blood panel", "80053", 10, 60),
    ("Laboratory", "Cholesterol panel", "80061", 10, 45),
    ("Laboratory", "Rapid strep test", "87880", 10, 35),
    ("Imaging", "Knee X-ray", "73562", 20, 140),
    ("Imaging", "Chest X-ray", "71046", 20, 130),
    ("Orthopedics", "Joint injection", "20610", 30, 230),
    ("Dermatology", "Skin biopsy", "11102", 30, 210),
    ("Dermatology", "Mole removal", "11400", 45, 260),
    ("Cardiology", "Electrocardiogram", "93000", 20, 90),
    ("Cardiology", "Echocardiogram", "93306", 60, 420),
    ("Pediatrics", "Well-child visit", "99393", 30, 160),
    ("Dentistry", "Dental checkup", "D0120", 30, 75),
    ("Dentistry", "Teeth cleaning", "D1110", 45, 115),
    ("Dentistry", "Bitewing X-rays", "D0274", 15, 70),
    ("Dentistry", "Tooth-colored filling", "D2391", 60, 190),
    ("Dentistry", "Porcelain crown", "D2740", 90, 1_250),
)

# First name, last name, birth date, new. Scenarios speak of these; nothing is booked for them by chance.
PATIENTS = (
    ("Maria", "Santos", dt.date(1985, 5, 4), False),
    ("James", "Walker", dt.date(1972, 9, 18), False),
    ("Emily", "Carter", dt.date(1990, 12, 2), False),
    ("Zoë", "O’Neil", dt.date(2001, 2, 28), True),
    ("Robert", "Nguyen", dt.date(1958, 7, 30), False),
    ("Aisha", "Rahman", dt.date(1996, 3, 15), False),
)
# Everybody else, who fills the book.
GIVEN = ("Olivia", "Noah", "Hannah", "Diego", "Clara", "Ivan", "Leila", "Marcus", "Nadia", "Peter", "Ruth", "Theo")
FAMILY = ("Adler", "Bianchi", "Cooper", "Dubois", "Evans", "Fischer", "Garcia")

# First name of the patient, payer, plan, member number, status, copay in dollars, years until it ends.
POLICIES = (
    ("Maria", "Blue Harbor Health", "PPO Silver", "BHH-204417", "verified", 25, 1),
    ("James", "Granite Mutual", "Medicare Advantage", "GM-778120", "verified", 15, 1),
    ("Emily", "Northstar Insurance", "HMO Basic", "NSI-330982", "pending", None, 1),
    ("Robert", "Granite Mutual", "Gold", "GM-119004", "expired", 20, -1),
    ("Aisha", "Blue Harbor Health", "PPO Bronze", "BHH-550613", "failed", 40, 1),
)

# Reasons by specialization.
REASONS = {
    "Primary Care": (
        "annual physical",
        "cough that will not go away",
        "blood pressure check",
        "tired all the time",
    ),
    "Orthopedics": ("knee pain on stairs", "sore shoulder", "twisted ankle", "hip after a fall"),
    "Dermatology": ("itchy rash", "mole that changed", "acne", "dry skin"),
    "Cardiology": ("palpitations", "cholesterol", "follow-up after a stent"),
    "Pediatrics": ("well-child visit", "ear ache", "vaccination"),
    "Dentistry": ("cleaning", "toothache", "broken filling"),
}
