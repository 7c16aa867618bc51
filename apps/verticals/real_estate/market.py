"""The suburbs and homes of the demo agency, all made up."""

from dataclasses import dataclass


@dataclass(frozen=True)
class SuburbRow:
    """Prices in thousands of dollars, rent in dollars a week, growth in percent."""

    name: str
    postcode: str
    house: int
    unit: int
    rent: int
    growth: str
    days: int
    commute: int
    population: int
    schools: str
    transport: str
    shops: str
    lifestyle: str


SUBURBS = (
    SuburbRow(
        *("Wattle Bay", "2990", 2450, 1120, 820, "4.1", 28, 22, 9_400),
        *("Wattle Bay Public School, Quay High School", "Ferry every 20 minutes, bus 410"),
        *("Harbour Street shops, Saturday market", "Harbour walks, cafés and a calm swimming beach"),
    ),
    SuburbRow(
        *("Fernleigh", "2991", 1680, 890, 700, "3.2", 31, 28, 14_200),
        *("Fernleigh Public School, St Brigid's College", "Train to the center every 10 minutes"),
        *("Fernleigh Plaza, two supermarkets", "Leafy streets, big gardens and a weekend dog park"),
    ),
    SuburbRow(
        *("Millbrook", "2992", 1240, 690, 590, "5.6", 24, 41, 21_700),
        *("Millbrook Public School, Millbrook High School", "Train to the center every 15 minutes, M4 motorway"),
        *("Millbrook Central with a cinema", "Young suburb with new parks and a swimming center"),
    ),
    SuburbRow(
        *("Saltwater", "2993", 3100, 1380, 980, "1.8", 36, 35, 7_800),
        *("Saltwater Public School", "Bus 188 to the center"),
        *("Beach Parade shops and restaurants", "Surf beach, ocean pool and coastal walk"),
    ),
    SuburbRow(
        *("Kingsbury", "2994", 1950, 820, 740, "-0.7", 40, 12, 18_300),
        *("Kingsbury Boys High School, Kingsbury Girls High School", "Light rail and metro, 12 minutes to the center"),
        *("King Street with bookshops and theaters", "Terraces, bars and small galleries"),
    ),
    SuburbRow(
        *("Oakhurst", "2995", 980, 540, 520, "6.3", 21, 55, 26_900),
        *("Oakhurst Public School, Oakhurst Technology High School", "Train to the center every 20 minutes"),
        *("Oakhurst Town Square", "Large blocks, sports fields and mountain views"),
    ),
)


@dataclass(frozen=True)
class HomeRow:
    """`price` in dollars, of a week when it is to rent; `who` is the place of its agent in STAFF."""

    street: str
    suburb: str
    kind: str
    bedrooms: int
    bathrooms: int
    parking: int
    floor: int
    land: int
    built: int
    features: str
    purpose: str
    price: int
    headline: str
    description: str
    who: int
    pets: bool = False
    price_text: str = ""
    status: str = "available"


HOMES = (
    HomeRow(
        *("12 Harbour Street", "Wattle Bay", "house", 4, 2, 2, 240, 520, 1924, "garden, water view, fireplace, study"),
        *("sale", 2_650_000, "Federation family home with water views"),
        "Leadlight windows, wide hall, new kitchen and a level garden down to the reserve.",
        0,
    ),
    HomeRow(
        *("5/40 Quay Street", "Wattle Bay", "apartment", 2, 2, 1, 96, 0, 2018, "balcony, harbour view, lift, gym"),
        *("sale", 1_280_000, "Top floor with the harbour at your feet"),
        "Corner apartment, open living and a balcony for ten, five minutes from the ferry.",
        0,
    ),
    HomeRow(
        *(
            "27 Lantern Lane",
            "Wattle Bay",
            "townhouse",
            3,
            2,
            1,
            160,
            190,
            2009,
            "courtyard, balcony, air conditioning",
        ),
        *("sale", 1_790_000, "Townhouse in a quiet lane"),
        "Three levels of light, a paved courtyard and internal access from the garage.",
        1,
    ),
    HomeRow(
        *("8 Banksia Avenue", "Fernleigh", "house", 3, 1, 1, 145, 610, 1958, "garden, garage, pet friendly"),
        *("sale", 1_495_000, "Brick cottage with a big backyard"),
        "Solid three-bedroom house on a leafy street, an easy walk to the train; room to extend.",
        1,
    ),
    HomeRow(
        *("31 Magnolia Road", "Fernleigh", "house", 4, 2, 2, 210, 680, 1998, "garden, pool, study, air conditioning"),
        *("sale", 1_880_000, "Family house with pool"),
        "Four bedrooms, a home office and a salt-water pool in a north facing garden.",
        1,
    ),
    HomeRow(
        *("3/18 Wharf Road", "Fernleigh", "apartment", 2, 1, 1, 78, 0, 1974, "balcony, garden, storage"),
        *("sale", 765_000, "Sunny apartment among trees"),
        "Renovated two-bedroom apartment on the first floor, ten minutes from Fernleigh station.",
        2,
    ),
    HomeRow(
        *("14 Acacia Close", "Fernleigh", "villa", 3, 2, 2, 150, 320, 2004, "courtyard, garage, quiet"),
        *("sale", 1_350_000, "Single-level villa, no stairs"),
        "Quiet cul-de-sac, low-care courtyard, double garage with internal access.",
        2,
    ),
    HomeRow(
        *("66 Creek Street", "Millbrook", "house", 4, 2, 2, 220, 450, 2019, "garden, air conditioning, solar panels"),
        *("sale", 1_290_000, "Nearly new, nothing to do"),
        "Four bedrooms, open kitchen with island, solar panels and a covered terrace.",
        2,
    ),
    HomeRow(
        *("9 Miller Court", "Millbrook", "house", 3, 2, 1, 165, 380, 2012, "garden, garage, school nearby"),
        *("sale", 1_090_000, "Three bedrooms next to the park"),
        "Bright house opposite the playground, five minutes from Millbrook Public School.",
        2,
    ),
    HomeRow(
        *("12/5 Junction Parade", "Millbrook", "apartment", 1, 1, 1, 54, 0, 2020, "balcony, lift, gym, train"),
        *("sale", 498_000, "First home above the station"),
        "One bedroom, a deep balcony and the train downstairs.",
        1,
    ),
    HomeRow(
        *(
            "41/5 Sunset Boulevard",
            "Millbrook",
            "apartment",
            3,
            2,
            2,
            112,
            0,
            2021,
            "balcony, lift, pool, air conditioning",
        ),
        *("sale", 840_000, "Three-bedroom apartment with mountain views"),
        "High floor, two bathrooms, two car spaces and a pool on the roof.",
        1,
    ),
    HomeRow(
        *("2 Beach Parade", "Saltwater", "house", 5, 3, 2, 320, 480, 2016, "ocean view, pool, study, balcony"),
        *("sale", 4_200_000, "Across the road from the sand"),
        "Architect's house with five bedrooms, ocean views from three levels and a heated pool.",
        0,
    ),
    HomeRow(
        *("7/22 Cliff Road", "Saltwater", "apartment", 2, 1, 1, 82, 0, 1969, "ocean view, balcony, renovated"),
        *("sale", 1_420_000, "Ocean views from every room"),
        "Renovated apartment in a block of eight on the cliff walk.",
        0,
        price_text="Auction, guide $1,420,000",
    ),
    HomeRow(
        *("19 Regent Street", "Kingsbury", "townhouse", 3, 2, 0, 150, 120, 1889, "courtyard, fireplace, character"),
        *("sale", 1_980_000, "Victorian terrace, carefully restored"),
        "Marble fireplaces, iron lace and a sunny courtyard, steps from the metro.",
        0,
    ),
    HomeRow(
        *("804/90 Metro Square", "Kingsbury", "apartment", 2, 2, 1, 84, 0, 2022, "balcony, lift, gym, metro"),
        *("sale", 1_050_000, "Two bedrooms above the metro"),
        "High ceilings, a study nook and the city on the skyline.",
        2,
        status="under_offer",
    ),
    HomeRow(
        *(
            "11 Ridge Crescent",
            "Oakhurst",
            "house",
            4,
            2,
            2,
            230,
            720,
            2007,
            "garden, shed, mountain view, pet friendly",
        ),
        *("sale", 1_060_000, "Room for everybody and the boat"),
        "Four bedrooms on a large block, a shed with power and views of the mountains.",
        1,
    ),
    HomeRow(
        *("55 Station Road", "Oakhurst", "house", 3, 1, 1, 130, 560, 1983, "garden, carport, train"),
        *("sale", 795_000, "Honest brick house near the train"),
        "Three bedrooms, new roof and a big lawn; walk to Oakhurst station.",
        2,
    ),
    HomeRow(
        *("88 Old Farm Lane", "Oakhurst", "land", 0, 0, 0, 0, 1_100, 0, "quiet, views"),
        *("sale", 640_000, "Flat block, ready to build"),
        "Level land with services at the gate and views across the valley.",
        1,
    ),
    HomeRow(
        *("6/14 Ferry Street", "Wattle Bay", "apartment", 2, 1, 1, 74, 0, 1988, "balcony, water view"),
        *("rent", 850, "Two bedrooms by the ferry"),
        "Water glimpses, new carpet and a lock-up garage.",
        3,
    ),
    HomeRow(
        *("21 Palm Street", "Fernleigh", "house", 3, 1, 1, 140, 500, 1962, "garden, pet friendly, garage"),
        *("rent", 760, "Family house with fenced garden"),
        "Three bedrooms, fenced back garden and a garage; pets considered.",
        3,
        pets=True,
    ),
    HomeRow(
        *("2/9 Station Street", "Fernleigh", "apartment", 1, 1, 0, 50, 0, 1979, "balcony, train"),
        *("rent", 520, "One bedroom at the station"),
        "Freshly painted, first floor, two minutes from the train.",
        3,
    ),
    HomeRow(
        *("33 Weaver Street", "Millbrook", "townhouse", 3, 2, 1, 145, 160, 2015, "courtyard, air conditioning"),
        *("rent", 640, "Modern townhouse near the park"),
        "Three bedrooms, two bathrooms and a paved courtyard; pets considered.",
        3,
        pets=True,
    ),
    HomeRow(
        *("17/5 Canal Parade", "Millbrook", "apartment", 2, 2, 1, 80, 0, 2020, "balcony, lift, gym"),
        *("rent", 580, "Two bedrooms with gym and lift"),
        "Sixth floor, dishwasher and air conditioning.",
        3,
    ),
    HomeRow(
        *("4/3 Surf Street", "Saltwater", "apartment", 2, 1, 1, 70, 0, 1972, "beach, balcony, furnished"),
        *("rent", 920, "Furnished, one street from the beach"),
        "Comes with everything from cutlery to surfboard racks.",
        3,
    ),
    HomeRow(
        *("302/8 Theatre Lane", "Kingsbury", "apartment", 1, 1, 0, 52, 0, 2019, "lift, metro, study"),
        *("rent", 620, "One bedroom and a study in the heart of Kingsbury"),
        "Third floor, quiet side, building with a roof garden.",
        3,
    ),
    HomeRow(
        *("70 Oak Road", "Oakhurst", "house", 4, 2, 2, 190, 650, 2001, "garden, garage, pet friendly"),
        *("rent", 600, "Four bedrooms and a garden"),
        "Big house close to schools; a dog is welcome.",
        3,
        pets=True,
    ),
)
