"""What the five invented companies are called, sell, and whom they serve. Data alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """A product or service: its exact name, its unit price as text, the quantities people sell, and a description."""

    name: str
    price: str
    quantities: Sequence[str]
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """One tenant, and how much of the day is its own."""

    tenant: str
    name: str
    time_zone: str
    prefix: str
    clients: int
    locations: int
    suppliers: int
    invoices: int
    versions: str
    """How it counts versions: "counter", or "microseconds" (its `updated_at`)."""
    products: tuple[Product, ...]


HOURS: Final = ("0.5", "0.75", "1", "1.25", "1.5", "2", "2.5", "3", "4.25")
METRES: Final = ("2.4", "3.75", "6", "12.5", "18", "27.3")
PIECES: Final = ("1", "1", "2", "3", "4", "6", "12")
ONE: Final = ("1",)

_PLUMBING: Final = (
    Product(name="Call-out, weekday", price="65.00", quantities=ONE),
    Product(name="Plumber, hour", price="78.50", quantities=HOURS, description="Labour on site"),
    Product(name="Apprentice, hour", price="41.3333333", quantities=HOURS),
    Product(name="Copper pipe 15 mm, metre", price="7.185", quantities=METRES),
    Product(name="Compression elbow 15 mm", price="3.29", quantities=PIECES),
    Product(name='Ball valve 3/4"', price="18.6667", quantities=PIECES),
    Product(name="Boiler service, annual", price="139.00", quantities=ONE, description="Includes flue gas analysis"),
    Product(name="Thermostatic radiator valve", price="24.95", quantities=PIECES),
    Product(name="Water heater 50 gal", price="1184.00", quantities=ONE, description="10-year tank warranty"),
    Product(name="Disposal of old unit", price="45.00", quantities=ONE),
    Product(name="Goodwill visit", price="0", quantities=ONE, description="No charge: return after the repair of May"),
)
_ELECTRIC: Final = (
    Product(name="Electrician, hour", price="84.00", quantities=HOURS, description="Licensed electrician"),
    Product(name="Electrician, overtime hour", price="126.00", quantities=("1", "1.5", "2")),
    Product(name="Cable 12/2 NM-B, foot", price="0.8733333", quantities=("25", "48.5", "60", "100", "250")),
    Product(name="Breaker 20 A, AFCI", price="52.4167", quantities=PIECES),
    Product(name="GFCI outlet", price="23.99", quantities=PIECES),
    Product(name="LED panel 2x4", price="68.75", quantities=PIECES),
    Product(name="Panel upgrade 200 A", price="2650.00", quantities=ONE, description="Permit and inspection included"),
    Product(name="Emergency light test", price="18.3333333", quantities=("3", "6", "9", "14")),
    Product(name="Permit fee", price="115.00", quantities=ONE),
    Product(name="Travel, mile", price="0.67", quantities=("8", "13.4", "22.7", "41")),
)
_GROUNDS: Final = (
    Product(name="Mowing, hour", price="48.00", quantities=HOURS),
    Product(name="Hedge trimming, metre", price="3.3333333", quantities=METRES, description="Both sides and top"),
    Product(name="Mulch, cubic yard", price="42.50", quantities=("1.5", "2", "3.25", "5")),
    Product(name="Fertiliser 10-10-10, kg", price="2.195", quantities=("5", "12.5", "20")),
    Product(name="Tree surgeon, day", price="640.00", quantities=("0.5", "1", "1.5")),
    Product(name="Green waste, load", price="85.00", quantities=("1", "2")),
    Product(name="Irrigation check", price="96.6667", quantities=ONE),
    Product(name="Sprinkler head", price="11.49", quantities=PIECES),
    Product(name="Snow stand-by, month", price="210.00", quantities=ONE),
)
_WINDOWS: Final = (
    Product(name="Window cleaning, outside, pane", price="1.8333333", quantities=("12", "24", "36", "57", "110")),
    Product(name="Window cleaning, inside, pane", price="1.45", quantities=("12", "24", "36", "57")),
    Product(name="Gutter clearing, metre", price="4.125", quantities=METRES),
    Product(name="Lift hire, half day", price="187.50", quantities=("1", "2")),
    Product(name="Screen repair", price="29.95", quantities=PIECES),
    Product(name="Pressure washing, m²", price="2.6667", quantities=("14.5", "32", "48.75")),
    Product(name="Solar panel cleaning", price="8.00", quantities=("8", "12", "20")),
    Product(name="Out-of-hours supplement", price="60.00", quantities=ONE),
)
_FIRE: Final = (
    Product(name="Extinguisher service", price="12.3333333", quantities=("2", "5", "8", "14"), description="NFPA 10"),
    Product(name="Extinguisher 6 L foam", price="64.90", quantities=PIECES),
    Product(name="Alarm panel test", price="145.00", quantities=ONE),
    Product(name="Smoke detector, addressable", price="57.6667", quantities=PIECES),
    Product(name="Technician, hour", price="91.25", quantities=HOURS),
    Product(name="Monitoring, month", price="38.50", quantities=("1", "3", "12")),
    Product(name="Sprinkler head replacement", price="73.20", quantities=PIECES),
    Product(name="Inspection report", price="49.00", quantities=ONE, description="Signed, for the fire marshal"),
)

COMPANIES: Final = (
    Company(
        tenant="harbour-heating",
        name="Harbour Heating & Plumbing",
        time_zone="America/New_York",
        prefix="HH-",
        clients=10,
        locations=16,
        suppliers=3,
        invoices=68,
        versions="counter",
        products=_PLUMBING,
    ),
    Company(
        tenant="northgate-electric",
        name="Northgate Electric",
        time_zone="America/Chicago",
        prefix="NE",
        clients=9,
        locations=14,
        suppliers=3,
        invoices=60,
        versions="microseconds",
        products=_ELECTRIC,
    ),
    Company(
        tenant="verdant-grounds",
        name="Verdant Grounds Care",
        time_zone="America/Denver",
        prefix="VG/26/",
        clients=8,
        locations=12,
        suppliers=2,
        invoices=50,
        versions="counter",
        products=_GROUNDS,
    ),
    Company(
        tenant="clearview-windows",
        name="Clearview Window Services",
        time_zone="America/Los_Angeles",
        prefix="CW",
        clients=7,
        locations=10,
        suppliers=2,
        invoices=41,
        versions="microseconds",
        products=_WINDOWS,
    ),
    Company(
        tenant="summit-fire",
        name="Summit Fire & Security",
        time_zone="America/Phoenix",
        prefix="SF-",
        clients=6,
        locations=8,
        suppliers=2,
        invoices=31,
        versions="counter",
        products=_FIRE,
    ),
)

CLIENT_WORDS: Final = (
    *(
        "Alder",
        "Beacon",
        "Cedar Creek",
        "Dunmore",
        "Eastfield",
        "Fairhaven",
        "Granite",
        "Hollis",
        "Ironbridge",
        "Juniper",
    ),
    *("Kestrel", "Lakeshore", "Marlow", "Northwind", "O'Brien", "Pinecrest", "Quarry Hill", "Rosedale", "St. Anne's"),
    *("Tremont", "Underhill", "Valley View", "Westbrook", "Yarrow", "Zephyr", "Bramble & Daughters", "Çelik", "Müller"),
    *("Nguyễn", "Oakwell", "Pelican", "Redwood", "Sable", "Thornbury", "Upland", "Vesper", "Whitcombe", "Ashgrove"),
    *("Birchwood", "Copperfield"),
)
CLIENT_ENDINGS: Final = (
    *("Dental Practice", "Property Management", "Primary School", "Apartments", "Brewing Co.", "Veterinary Clinic"),
    *(
        "Hotel",
        "Logistics LLC",
        "Bakery",
        "Housing Association",
        "Fitness",
        "Law Offices",
        "Auto Repair",
        "Foods, Inc.",
    ),
)
SUPPLIER_NAMES: Final = (
    *(
        "Consolidated Pipe Supply",
        "Tri-County Fasteners",
        "Blue Ridge Boilers",
        "Voltline Wholesale",
        "Metro Cable & Wire",
    ),
    *("Lumen Lighting Distributors", "Green Acre Nurseries", "Prairie Turf Equipment", "SkyReach Lift Rental"),
    *("Crystal Chemical Supply", "FireMark Products", "Sentry Detection Systems"),
)
SITES: Final = (
    *("Main Office", "Warehouse", "North Building", "South Building", "Annex", "Clubhouse", "Reception", "Plant Room"),
    *("Block A", "Block B", "Unit 4", "Unit 12", "Rear Yard", "Garage", "Workshop", "Rooftop"),
)
STREETS: Final = (
    *("Harbour Road", "Mill Lane", "Commerce Drive", "Orchard Street", "5th Avenue", "Quarry Road", "Station Street"),
    *("Lakeview Terrace", "Industrial Parkway", "Maple Court", "County Road 12", "Sunset Boulevard"),
)
CITIES: Final = (
    ("Portland", "ME", "04101"),
    ("Evanston", "IL", "60201"),
    ("Boulder", "CO", "80302"),
    ("Pasadena", "CA", "91101"),
    ("Tempe", "AZ", "85281"),
    ("Springfield", "OH", "45501"),
)
GIVEN_NAMES: Final = (
    *("Maria", "James", "Aisha", "Tom", "Priya", "Lars", "Chloé", "Wei", "Fatima", "Daniel", "Ingrid", "Mateo"),
)
FAMILY_NAMES: Final = (
    *("Garcia", "Lindqvist", "Okafor", "Smith", "Patel", "Andersen", "Dubois", "Chen", "Haddad", "Kowalski", "Reyes"),
)
NOTES: Final = (
    *("Ring the bell twice.", "Key safe at the side door; ask the office for the code.", "Invoices by e-mail only."),
    *("Dog in the yard.", "Parking behind the building.", "Prefers mornings."),
)
MESSAGES: Final = (
    *(
        "Thank you for your business.",
        "Please quote the invoice number with your payment.",
        "Work completed as agreed.",
    ),
    *("Second visit included.", "Payment within 14 days, please."),
)
