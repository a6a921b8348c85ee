"""What every new company has: a chart of accounts, payment methods and two items. Ids as in a US company."""

from infra.sandbox.quickbooks.wire import Doc

INCOME = "1"

# Each: id, name, then AccountType and AccountSubType.
ACCOUNTS = (
    (INCOME, "Services", "Income", "ServiceFeeIncome"),
    ("2", "Uncategorized Income", "Income", "ServiceFeeIncome"),
    ("4", "Undeposited Funds", "Other Current Asset", "UndepositedFunds"),
    ("34", "Opening Balance Equity", "Equity", "OpeningBalanceEquity"),
    ("33", "Accounts Payable (A/P)", "Accounts Payable", "AccountsPayable"),
    ("35", "Checking", "Bank", "Checking"),
    ("36", "Savings", "Bank", "Savings"),
    ("79", "Sales of Product Income", "Income", "SalesOfProductIncome"),
    ("80", "Cost of Goods Sold", "Cost of Goods Sold", "SuppliesMaterialsCogs"),
    ("81", "Inventory Asset", "Other Current Asset", "Inventory"),
    ("84", "Accounts Receivable (A/R)", "Accounts Receivable", "AccountsReceivable"),
    ("86", "Discounts given", "Income", "DiscountsRefundsGiven"),
    ("90", "Board of Equalization Payable", "Other Current Liability", "GlobalTaxPayable"),
    ("41", "Mastercard", "Credit Card", "CreditCard"),
    ("7", "Advertising", "Expense", "AdvertisingPromotional"),
    ("15", "Office Expenses", "Expense", "OfficeGeneralAdministrativeExpenses"),
)
# Each: id, name, and its Type.
PAYMENT_METHODS = (
    ("1", "Cash", "NON_CREDIT_CARD"),
    ("2", "Check", "NON_CREDIT_CARD"),
    ("3", "Visa", "CREDIT_CARD"),
    ("4", "MasterCard", "CREDIT_CARD"),
    ("5", "Discover", "CREDIT_CARD"),
    ("6", "American Express", "CREDIT_CARD"),
    ("7", "Diners Club", "CREDIT_CARD"),
)
ITEMS = (("1", "Services", "Service"), ("2", "Hours", "Service"))


def seeded(name: str) -> list[tuple[str, str, Doc]]:
    """(entity, id, body) of all that a company called `name` begins with, in an order that references allow."""
    accounts = [
        ("Account", one, {"Name": title, "AccountType": kind, "AccountSubType": sub})
        for one, title, kind, sub in ACCOUNTS
    ]
    methods = [("PaymentMethod", one, {"Name": title, "Type": kind}) for one, title, kind in PAYMENT_METHODS]
    items = [
        ("Item", one, {"Name": title, "Type": kind, "IncomeAccountRef": {"value": INCOME}})
        for one, title, kind in ITEMS
    ]
    company: Doc = {"CompanyName": name, "LegalName": name}
    preferences: Doc = {
        "AccountingInfoPrefs": {"FirstMonthOfFiscalYear": "January"},
        "SalesFormsPrefs": {"CustomTxnNumbers": False, "AllowDeposit": True, "AllowDiscount": True},
        "CurrencyPrefs": {"MultiCurrencyEnabled": False},
        "TaxPrefs": {"UsingSalesTax": True, "PartnerTaxEnabled": False},
    }
    return [("CompanyInfo", "1", company), ("Preferences", "1", preferences), *accounts, *methods, *items]
