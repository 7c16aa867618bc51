"""Which specialty a complaint, a body part or a lay word belongs to. Pure.

A clinic names its specialties as it likes ("Orthopedic Surgery"): both sides are recognized by the same
words.
"""

import re

from rapidfuzz import fuzz

from apps.business.core.names import folded

PRIMARY_CARE = "Primary Care"

# The words that people use most stand first. The earlier specialty wins a tie, so the narrower one stands first: a foot
# is a podiatrist's before it is an orthopedist's.
_WORDS: dict[str, str] = {
    "Podiatry": "foot, feet, toe, toenail, heel, bunion, podiatrist",
    "Orthopedics": (
        "knee, back, shoulder, hip, ankle, joint, bone, wrist, elbow, hand, finger, foot, feet, leg, arm, "
        "kneecap, spine, neck, ligament, tendon, meniscus, fracture, broken, sprain, sprained, torn, "
        "sports injury, arthritis, carpal tunnel, rotator cuff, orthopedic, orthopedist, orthopaedic"
    ),
    "Dermatology": (
        "skin, rash, mole, acne, eczema, itch, itchy, itching, pimple, psoriasis, hives, wart, sunburn, "
        "hair loss, nail, scalp, spot, dermatologist"
    ),
    "Cardiology": (
        "heart, palpitations, blood pressure, cholesterol, heartbeat, cardiac, hypertension, chest, "
        "arrhythmia, murmur, pulse, cardiologist"
    ),
    "Pediatrics": (
        "child, baby, kid, son, daughter, newborn, children, infant, toddler, teenager, well child, "
        "pediatric, pediatrician, paediatric"
    ),
    "Dentistry": (
        "tooth, teeth, toothache, filling, gum, tooth cleaning, dental, dentist, cavity, crown, root "
        "canal, wisdom tooth, braces, denture"
    ),
    "Gynecology": (
        "pregnancy, pregnant, period, birth control, pap smear, menopause, contraception, breast, womens "
        "health, gynecologist, obgyn, ob gyn, obstetrics, obstetrician"
    ),
    "Ophthalmology": (
        "eye, vision, sight, glasses, cataract, glaucoma, blurry, ophthalmologist, optometry, optometrist"
    ),
    "ENT": ("ear, nose, throat, sinus, hearing, tonsil, sinusitis, snoring, hoarse, otolaryngology, otolaryngologist"),
    "Neurology": (
        "headache, migraine, dizziness, numbness, seizure, memory, dizzy, vertigo, epilepsy, tingling, "
        "tremor, brain, nerve, neurologist"
    ),
    "Gastroenterology": (
        "stomach, belly, digestion, heartburn, reflux, nausea, abdomen, digestive, bowel, constipation, "
        "diarrhea, colonoscopy, liver, gastroenterologist"
    ),
    "Psychiatry": (
        "anxiety, depression, stress, panic, insomnia, mental health, depressed, adhd, therapist, "
        "psychiatrist, psychology, psychologist"
    ),
    "Physical Therapy": "physiotherapy, rehab, rehabilitation, physiotherapist, physical therapist",
    "Endocrinology": "diabetes, thyroid, hormone, insulin, diabetic, endocrinologist",
    "Pulmonology": "lung, asthma, breathing, bronchitis, wheezing, copd, pulmonologist",
    "Allergy": "allergies, hay fever, pollen, allergist, immunology",
    "Urology": "bladder, kidney, urinary, urine, prostate, urologist",
    "Oncology": "cancer, tumor, chemotherapy, oncologist",
    PRIMARY_CARE: (
        "checkup, fever, cough, flu, physical, vaccination, check up, annual, wellness, cold, sick, "
        "vaccine, shot, tired, fatigue, infection, prescription, refill, sore throat, blood test, family "
        "medicine, family doctor, family physician, general practice, general practitioner, gp, internal "
        "medicine, internist, doctor"
    ),
}
_GLOSSED = 6


def _glossary() -> str:
    glosses = (f"{name} ({', '.join(words.split(', ')[:_GLOSSED])})" for name, words in _WORDS.items())
    return ", ".join(glosses)


GLOSSARY = _glossary()
"""For models: the first words of each, such as "Podiatry (foot, feet, toe), Orthopedics (knee, back, hip)"."""

_TYPO_MINIMUM = 5  # letters; shorter words are too near each other
_TYPO_SCORE = 85
# Read without their s, these would be other words.
_NO_PLURAL = ("ss", "us", "is")


def recognize(text: str) -> list[str]:
    """The specialties `text` speaks of, the best first; empty when none of its words is known.

    A specialty's own name counts most, then the longest phrase, then a misspelled word.
    """
    said = _singular(folded(text))
    scores = {name: _score(said, name) for name in _WORDS}
    return sorted((name for name in scores if scores[name]), key=lambda name: -scores[name])


def _score(said: str, name: str) -> float:
    if _contains(said, _singular(folded(name))):
        return 1_000
    best = 0.0
    for entry in _WORDS[name].split(", "):
        phrase = _singular(entry)
        if _contains(said, phrase):
            best = max(best, 100 + len(phrase.split()))
        elif " " not in phrase and len(phrase) >= _TYPO_MINIMUM:
            best = max(best, max((_likeness(word, phrase) for word in said.split()), default=0))
    return best


def _likeness(word: str, known: str) -> float:
    score = fuzz.ratio(word, known)
    return score if score >= _TYPO_SCORE and len(word) >= _TYPO_MINIMUM else 0


def _contains(text: str, phrase: str) -> bool:
    return f" {phrase} " in f" {text} "


def _singular(text: str) -> str:
    words = re.split(r"\s+", text.strip())
    return " ".join(
        word[:-1] if len(word) > 3 and word[-1] == "s" and not word.endswith(_NO_PLURAL) else word for word in words
    )
