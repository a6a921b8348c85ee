"""Faults about what is in the books: objects, links, names, periods, permissions, and what fails inside.

Wordings are recorded or documented ones. Rows below "ours" have a documented code, and words nobody recorded.
"""

from infra.sandbox.quickbooks.request_faults import FaultRow

_BUSINESS = "A business validation error has occurred while processing your request"
_INACTIVE = (
    "Something you're trying to use has been made inactive."
    " Check the fields with accounts, customers, items, vendors or employees."
)
_STALE = (
    "Stale Object Error : You and {user} were working on this at the same time."
    " {user} finished before you did, so your work was not saved."
)
_NUMBER_TAKEN = (
    "Duplicate Document Number Error : You must specify a different number. This number has already been used."
    " DocNumber={number} is assigned to TxnType={kind} with TxnId={id}"
)
_BALANCE = (
    "The entity you are trying to delete has an open balance. : This {what} cannot be deleted because it has a"
    " non-zero balance"
)
_SUBSCRIPTION = (
    "Subscription period has ended or canceled or there was a billing problem : You can't add data to QuickBooks"
    " Online Plus because your trial or subscription period ended."
)
_CLOSED = (
    "The account period has closed and the account books cannot be updated through the QBO Services API."
    " Please use the QBO website to make these changes."
)
_DEPOSITED = (
    "This transaction has been deposited. If you want to change or delete it, you must edit the deposit it appears on"
    " and remove it first."
)
_TOO_EARLY = (
    "Transactions with inventory (QOH) products cant be dated earlier than the Inventory Start Date for the product"
)
_TRANSIENT = (
    "Business Validation Error: An unexpected error occurred while accessing or saving your data."
    " Please wait a few minutes and try again.  If the problem persists, contact customer support."
)
_REQUEST_ID_LENGTH = (
    "Business Validation Error: You cannot enter more than {most} characters in the request_id field."
    " You tried entering {value}, which is {length} characters."
)

# Objects, and who may touch them
OBJECT_FAULTS: dict[str, FaultRow] = {
    "request_id_reused": FaultRow(
        "600", "Duplicate Request ID", "Duplicate Request ID : {value} was used for another request."
    ),
    "not_found": FaultRow("610", "Object Not Found", f"Object Not Found : {_INACTIVE}", element=""),
    "deleted": FaultRow(
        "610", "Object Not Found", "Object Not Found : Another user has deleted this transaction.", element=""
    ),
    "reference": FaultRow(
        "2500",
        "Invalid Reference Id",
        "Invalid Reference Id : {family} element id {value} not found",
        element="Reference Id",
    ),
    "reference_inactive": FaultRow(
        "2500", "Invalid Reference Id", f"Invalid Reference Id : {_INACTIVE}", element="Reference Id"
    ),
    "stale": FaultRow("5010", "Stale Object Error", _STALE, element=""),
    "access_lost": FaultRow(
        "120",
        "Authorization Failure",
        ": -11014-You do not have access to use QuickBooks Online Plus.",
        status=403,
        type="AuthorizationFault",
    ),
    "company_status": FaultRow("6190", "Invalid Company Status", _SUBSCRIPTION),
    # Ours
    "company_locked": FaultRow("140", "Company Locked Out", "CompanyLockedOut : {reason}"),
    "cannot_link": FaultRow("620", "Transaction cannot be linked", "Txn ID Cannot Be Linked : {value}"),
    "duplicate_object": FaultRow("630", "Duplicate Object", "Duplicate Object : {value}"),
    "parent_reference": FaultRow("700", "Parent Reference Invalid", "Parent Reference Invalid : {value}"),
    "in_use": FaultRow("800", "Cannot delete object", "Cannot delete object : {reason}"),
    "own_parent": FaultRow("900", "Parent cannot be child", "Parent cannot be child : {value}"),
    "operation_failed": FaultRow("1000", "Operation failed", "Operation {operation} failed."),
    "batch_too_large": FaultRow(
        "1040", "Batch size exceeds allowed limit", "Batch size in the request exceeds the limit of {most}"
    ),
    "batch_objects": FaultRow(
        "1040", "Result set exceeds allowed limit", "The items of a batch return at most {most} objects together"
    ),
    "content_type": FaultRow("1050", "Invalid Content Type", "Invalid Content Type : {value}"),
    "reference_category": FaultRow(
        "2500",
        "Invalid Reference Id",
        "Invalid Reference Id : Item element id {value} is a category and cannot be used on a transaction",
        element="Reference Id",
    ),
    "permission": FaultRow("5020", "Permission Denied", "Permission Denied Error : {what}"),
    "feature": FaultRow("5030", "Feature Not Supported", "Feature Not Supported Error : {what}"),
    "application": FaultRow(
        "10000",
        "An application error has occurred while processing your request",
        "System Failure Error: {reason}",
        status=500,
        type="SystemFault",
    ),
    "result_too_big": FaultRow(
        "10100", "Result Set Big Error", "Result Set Big Error : Report too large, please customize", "ReportName"
    ),
    "company_reset": FaultRow("10200", "Company Reset", "Company has been reset. Request is stale."),
}

# Rules of bookkeeping
RULE_FAULTS: dict[str, FaultRow] = {
    "business": FaultRow("6000", _BUSINESS, "Business Validation Error: {reason}", element=""),
    "try_again": FaultRow("6000", _BUSINESS, _TRANSIENT, element=""),
    "request_id_length": FaultRow("6000", _BUSINESS, _REQUEST_ID_LENGTH, element=""),
    "no_transaction_amount": FaultRow(
        "6000", _BUSINESS, "Business Validation Error: You must set a transaction amount.", element=""
    ),
    "amount": FaultRow(
        "6070",
        "Amount calculation incorrect in the request.",
        "Amount is not equal to UnitPrice * Qty. Supplied value:{value}",
        element="Line.Amount",
    ),
    "line_tax_code": FaultRow(
        "6100",
        "Invalid Line TaxCode in the request",
        "Valid line TaxCodes for US should be TAX or NON. Supplied value:{value}",
        element="Line.TaxCode",
    ),
    "number_taken": FaultRow("6140", "Duplicate Document Number Error", _NUMBER_TAKEN, element=""),
    "parent_and_job": FaultRow(
        "6150", "ParentRef Required Error", "ParentRef is either required or not if Job is true or false."
    ),
    "period_closed": FaultRow("6200", "Account Period Closed", _CLOSED),
    "period_closed_password": FaultRow("6210", "Account Period Closed, Required Password", _CLOSED),
    "has_balance": FaultRow("6220", "Delete List Has Balance Error", _BALANCE),
    "name_taken": FaultRow("6240", "Duplicate Name Exists Error", "The name supplied already exists. : null"),
    "before_stock_begins": FaultRow("6270", "Transaction date is prior to start date for inventory item", _TOO_EARLY),
    "deposited": FaultRow("6540", "Deposited Transaction cannot be changed", _DEPOSITED),
    # Ours
    "no_lines": FaultRow("2250", "Missing lines", "You must enter at least one split line."),
    "negative_amount": FaultRow("2290", "Negative Amount", "Negative amounts are not supported on lines : {value}"),
    "account_kind_missing": FaultRow(
        "6010",
        "Invalid Account.AccountType && Account.SubType",
        "Either an Account.AccountType or an Account.AccountSubType must be specified",
    ),
    "no_name": FaultRow(
        "6080",
        "No Name Provided",
        "Title, GivenName, MiddleName, FamilyName, DisplayName, Suffix - one of these must be non-empty",
    ),
    "discount_missing": FaultRow(
        "6090", "Discount Line missing required info.", "Discount amount or percent should be provided."
    ),
    "billed_with_parent": FaultRow(
        "6130", "Cannot change who customer bills with", "There are invoices or payments with the parent of {name}"
    ),
    "tax_code": FaultRow("6160", "Invalid TaxCodeRef Error", "Invalid TaxCodeRef : {value}"),
    "tax_detail": FaultRow(
        "6170",
        "Invalid TxnTaxDetail Error",
        "TxnTaxDetail is not allowed when GlobalTaxCalculation is set to NotApplicable.",
    ),
    "too_deep": FaultRow("6180", "Sub Level Limit", "Sub Level Limit : at most five levels, the top one included."),
    "tax_code_change": FaultRow("6230", "Invalid TaxCodeRef Error", "TaxCodeRef {value} cannot be used in an update"),
    "sales_customer": FaultRow(
        "6250", "Invalid Sales Customer", "The customer {value} does not exist, or is inactive."
    ),
    "unbilled_expenses": FaultRow(
        "6280", "Delete Customer Has Unbilled Expenses Error", "This customer has unbilled charges."
    ),
    "email_required": FaultRow("6420", "Email Address is required", "BillEmail is required when EmailStatus says so."),
    "account_type": FaultRow("6430", "Invalid account type used", "Invalid account type used : {name}"),
    "line_detail": FaultRow(
        "6440",
        "Transaction Detail Information Required",
        "A product, a service or an account is required for each line that has an amount.",
    ),
    "settled": FaultRow(
        "6450",
        "Attempt to Void Transaction failed",
        "The transaction is settled already, so it cannot be voided.",
    ),
    "matched": FaultRow("6480", "Matched Transaction Delete Error", "The transaction is matched to another one."),
    "stock_missing": FaultRow(
        "6520", "Missing Tracked Inventory Item Quantity", "The tracked inventory item must have a quantity."
    ),
}
