"""The property names that QuickBooks says it knows on an Invoice, as far as its own fault was recorded."""

KNOWN_COUNT = 83
KNOWN = (
    *("DocNumber", "HomeTotalAmt", "TotalAmt", "TxnSource", "AllowOnlinePayment", "RecurringInfo", "EmailStatus"),
    *("callToAction", "AutoDocNumber", "ECloudStatusTimeStamp", "TaxFormNum", "TxnDate", "FOB", "ClassRef"),
    *("AllowOnlineACHPayment", "DepositToAccountRef", "InvoiceEx", "AllowOnlineCreditCardPayment", "CurrencyRef"),
    *("InvoiceLink", "PONumber", "ShipDate", "PaymentMethodRef", "TrackingNum", "TxnTaxDetail", "CustomerRef"),
    *("ShipFromAddr", "BillAddr", "EInvoiceStatus", "Id", "RecurDataRef", "ApplyTaxAfterDiscount", "DepartmentRef"),
    *("SalesRepRef", "ExchangeRate", "domain", "invoiceStatusLog", "TaxFormType", "BillEmailBcc", "LessCIS"),
    *("CustomerMemo", "TxnStatus", "HomeBalance", "PrintStatus", "ConvenienceFeeDetail", "DiscountRate"),
    *("DeliveryInfo", "FreeFormAddress", "AllowIPNPayment", "CustomField", "PaymentDetailsMessage"),
    *("TransactionLocationType", "MetaData", "LinkedTxn", "status", "RemitToRef", "PrivateNote", "ShipMethodRef"),
    *("PaymentRefNum", "Tag", "TxnApprovalInfo"),
)

# Known there, not modelled here: naming one is answered with "not modelled", not with "unrecognized".
UNMODELLED = frozenset(
    {
        *("TxnSource", "RecurringInfo", "callToAction", "AutoDocNumber", "ECloudStatusTimeStamp", "TaxFormNum", "FOB"),
        *("ClassRef", "DepositToAccountRef", "InvoiceEx", "PONumber", "PaymentMethodRef"),
        *("ShipFromAddr", "EInvoiceStatus", "RecurDataRef", "DepartmentRef", "SalesRepRef"),
        *("invoiceStatusLog", "TaxFormType", "LessCIS", "TxnStatus", "ConvenienceFeeDetail", "DiscountRate"),
        *("PaymentDetailsMessage", "TransactionLocationType", "RemitToRef", "PaymentRefNum", "Tag"),
        *("TxnApprovalInfo", "ARAccountRef", "AttachableRef", "ProjectRef"),
        *("TaxExemptionRef", "Deposit", "ServiceDate", "GovtTxnRefIdentifier"),
    }
)
