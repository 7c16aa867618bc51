"""The clients, people and devices of the demo helpdesk. All are made up; numbers 555-01xx are reserved for fiction."""

WEEK = (0, 1, 2, 3, 4)

# Name, title, specialty, level, weekdays, hours.
TECHNICIANS = (
    ("Ines Park", "Helpdesk technician", "computer", 1, WEEK, (7, 16)),
    ("Malik Osei", "Helpdesk technician", "printer", 1, WEEK, (10, 19)),
    ("Greta Lund", "Network technician", "network", 1, (0, 1, 2, 3), (8, 18)),
    ("Rafael Ortiz", "E-mail and cloud specialist", "email", 2, WEEK, (8, 17)),
    ("Hana Sato", "Network specialist", "network", 2, (0, 2, 3, 4), (8, 18)),
    ("Victor Crane", "Security engineer", "security", 2, WEEK, (8, 17)),
    ("Noor Aziz", "Systems engineer", "data_center", 3, WEEK, (7, 15)),
)

# Name, code, plan, address.
ORGANIZATIONS = (
    ("Northgate Dental", "4719", "standard", "210 Wells Street, Chicago, IL 60606"),
    ("Harlow & Finch LLP", "2086", "standard", "77 Wacker Drive, Suite 1400, Chicago, IL 60601"),
    ("Meridian Freight", "8164", "around_the_clock", "4800 Cicero Avenue, Chicago, IL 60638"),
    ("Sunfield Farms Co-op", "5530", "standard", "19 County Road 6, DeKalb, IL 60115"),
    ("Lakeside Montessori School", "3902", "standard", "1200 Sheridan Road, Evanston, IL 60202"),
    ("Copper Kettle Bakery", "6475", "standard", "355 Damen Avenue, Chicago, IL 60622"),
)

# Organization (first word), first name, last name, department, IT contact. Scenarios speak of the first ones.
PEOPLE = (
    ("Northgate", "Dana", "Whitfield", "Front office", False),
    ("Northgate", "Kevin", "Marsh", "Billing", False),
    ("Northgate", "Laura", "Stein", "Practice management", True),
    ("Northgate", "Omar", "Bishara", "Dentistry", False),
    ("Harlow", "Priya", "Raman", "Litigation", False),
    ("Harlow", "Gerald", "Finch", "Partners", False),
    ("Harlow", "Alice", "Monroe", "Office management", True),
    ("Harlow", "Samuel", "Okoro", "Paralegals", False),
    ("Meridian", "Tom", "Becker", "Dispatch", False),
    ("Meridian", "Yara", "Haddad", "Operations", True),
    ("Meridian", "Pete", "Novak", "Warehouse", False),
    ("Meridian", "Lucy", "Tran", "Customs", False),
    ("Sunfield", "Elena", "Cruz", "Administration", True),
    ("Sunfield", "Walt", "Jensen", "Grain desk", False),
    ("Sunfield", "Mary", "Ostrom", "Sales", False),
    ("Lakeside", "Nina", "Petrov", "School office", True),
    ("Lakeside", "Carl", "Dupont", "Teaching", False),
    ("Lakeside", "Zoë", "Hill", "Teaching", False),
    ("Copper", "Marco", "Bellini", "Owner", True),
    ("Copper", "Jess", "Park", "Counter", False),
)

LAPTOPS = ("ThinkPad T14", "Latitude 5450", "EliteBook 840", "Surface Laptop 6")
DESKTOPS = ("OptiPlex 7020", "ProDesk 400")
# Kind, tag prefix, model, location; one of each for every organization.
SHARED = (
    ("printer", "PR", "LaserJet Pro 4002", "the front office"),
    ("printer", "PR", "imageRUNNER 2730", "the copy room"),
    ("network", "NW", "FortiGate 60F", "the utility closet"),
    ("network", "NW", "UniFi U6 access point", "the hallway"),
    ("server", "SV", "PowerEdge T350", "the utility closet"),
)

# Organization, title, category, hours since it began, hours until it is expected to end.
OUTAGES = (
    (None, "Outlook on the web is slow", "email", 2, 3),
    ("Meridian", "The warehouse Wi-Fi is down", "network", 1, 5),
)

# Problem, category, by the words of callers: they fill the history.
PROBLEMS = (
    ("Printer in the copy room jams on every second page", "printer"),
    ("Scans do not arrive in the shared folder", "printer"),
    ("Toner is empty", "printer"),
    ("Wi-Fi drops in the meeting room", "network"),
    ("VPN asks for the password again and again", "network"),
    ("Network drive S is gone", "network"),
    ("Outlook does not open since this morning", "email"),
    ("Shared mailbox does not show new mail", "email"),
    ("Calendar shows meetings an hour late", "email"),
    ("Laptop is slow and the fan is loud", "computer"),
    ("Second monitor stays black", "computer"),
    ("Blue screen after the update", "computer"),
    ("Keyboard types the wrong letters", "computer"),
    ("Desk phone has no dial tone", "phone"),
    ("Callers hear an echo", "phone"),
    ("Voicemail light does not go out", "phone"),
    ("Strange message that claims to be from the bank", "security"),
    ("New employee needs a laptop", "device"),
)
NOTES = (
    "Called, nobody answered; tried again later",
    "Replaced the cable, under observation",
    "Waiting for the spare part",
    "Asked the manufacturer",
)

# Title, category, text, source.
ARTICLES = (
    (
        "Connect to the VPN from home",
        "network",
        "Open the Bluewire VPN app, choose your company, press Connect and approve the sign-in on your phone.",
        "the Bluewire handbook, page 12",
    ),
    (
        "Connect a guest to the Wi-Fi",
        "network",
        "Guests choose the network that ends in Guest; the front office has the day's voucher.",
        "the Bluewire handbook, page 14",
    ),
    (
        "Map the network drive",
        "network",
        "Open File Explorer, choose This PC, then Map network drive, and take the letter S with the path from your "
        "welcome letter.",
        "the Bluewire handbook, page 15",
    ),
    (
        "Set an out-of-office reply in Outlook",
        "email",
        "In Outlook open File, then Automatic Replies, choose the dates, write your text and press OK.",
        "the e-mail guide, section 3",
    ),
    (
        "Share your calendar",
        "email",
        "In the Outlook calendar choose Share Calendar, pick your colleague and what they may see, and send it.",
        "the e-mail guide, section 5",
    ),
    (
        "Change your e-mail signature",
        "email",
        "In Outlook open File, Options, Mail, then Signatures, and choose the one for new messages.",
        "the e-mail guide, section 4",
    ),
    (
        "Reset your own password",
        "computer",
        "Go to the sign-in page, choose Forgot password and approve it on your phone; nobody at the helpdesk ever "
        "asks for your password.",
        "the Bluewire handbook, page 5",
    ),
    (
        "Use two screens",
        "computer",
        "Press the Windows key and P together and choose Extend.",
        "the workplace guide, section 2",
    ),
    (
        "Print on both sides",
        "printer",
        "In the print window choose Properties, then Print on both sides, Flip on long edge.",
        "the printer guide, page 3",
    ),
    (
        "Scan to e-mail",
        "printer",
        "Lay the page on the glass, touch Scan, then E-mail, pick your name and press Start.",
        "the printer guide, page 6",
    ),
    (
        "Forward your desk phone",
        "phone",
        "Press Forward, enter the number, and press OK; press Forward again to end it.",
        "the phone guide, page 2",
    ),
    (
        "Set up voicemail",
        "phone",
        "Hold the 1 key, enter the first PIN from your welcome letter, and record your greeting after the tone.",
        "the phone guide, page 4",
    ),
    (
        "Recognize a phishing message",
        "security",
        "Look at the sender's full address, do not trust hurry or threats, and report it with the Report button in "
        "Outlook.",
        "the security guide, page 1",
    ),
    (
        "Encrypt a message",
        "security",
        "In a new Outlook message open Options, then Encrypt.",
        "the security guide, page 7",
    ),
)
