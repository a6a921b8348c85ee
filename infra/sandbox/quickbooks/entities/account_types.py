"""The kinds of accounts: classification, type and sub-type, as QuickBooks' documentation lists them."""

# Classification -> AccountType -> its AccountSubTypes.
_TABLE: dict[str, dict[str, str]] = {
    "Asset": {
        "Bank": "CashOnHand Checking MoneyMarket RentsHeldInTrust Savings TrustAccounts CashAndCashEquivalents"
        " OtherEarMarkedBankAccounts",
        "Accounts Receivable": "AccountsReceivable",
        "Other Current Asset": "AllowanceForBadDebts DevelopmentCosts EmployeeCashAdvances OtherCurrentAssets Inventory"
        " Investment_MortgageRealEstateLoans Investment_Other Investment_TaxExemptSecurities"
        " Investment_USGovernmentObligations LoansToOfficers LoansToOthers LoansToStockholders PrepaidExpenses"
        " Retainage UndepositedFunds AssetsAvailableForSale BalWithGovtAuthorities CalledUpShareCapitalNotPaid"
        " ExpenditureAuthorisationsAndLettersOfCredit GlobalTaxDeferred GlobalTaxRefund InternalTransfers"
        " OtherConsumables ProvisionsCurrentAssets ShortTermInvestmentsInRelatedParties"
        " ShortTermLoansAndAdvancesToRelatedParties TradeAndOtherReceivables",
        "Fixed Asset": "AccumulatedDepletion AccumulatedDepreciation DepletableAssets FixedAssetComputers"
        " FixedAssetCopiers FixedAssetFurniture FixedAssetPhone FixedAssetPhotoVideo FixedAssetSoftware"
        " FixedAssetOtherToolsEquipment FurnitureAndFixtures Land LeaseholdImprovements OtherFixedAssets"
        " AccumulatedAmortization Buildings IntangibleAssets MachineryAndEquipment Vehicles"
        " AssetsInCourseOfConstruction CapitalWip CumulativeDepreciationOnIntangibleAssets"
        " IntangibleAssetsUnderDevelopment LandAsset NonCurrentAssets ParticipatingInterests ProvisionsFixedAssets",
        "Other Asset": "LeaseBuyout OtherLongTermAssets SecurityDeposits AccumulatedAmortizationOfOtherAssets Goodwill"
        " Licenses OrganizationalCosts AssetsHeldForSale AvailableForSaleFinancialAssets DeferredTax Investments"
        " LongTermInvestments LongTermLoansAndAdvancesToRelatedParties OtherIntangibleAssets OtherLongTermInvestments"
        " OtherLongTermLoansAndAdvances PrepaymentsAndAccruedIncome ProvisionsNonCurrentAssets",
    },
    "Liability": {
        "Accounts Payable": "AccountsPayable OutstandingDuesMicroSmallEnterprise"
        " OutstandingDuesOtherThanMicroSmallEnterprise",
        "Credit Card": "CreditCard",
        "Other Current Liability": "DirectDepositPayable LineOfCredit LoanPayable GlobalTaxPayable GlobalTaxSuspense"
        " OtherCurrentLiabilities PayrollClearing PayrollTaxPayable PrepaidExpensesPayable RentsInTrustLiability"
        " TrustAccountsLiabilities FederalIncomeTaxPayable InsurancePayable SalesTaxPayable StateLocalIncomeTaxPayable"
        " AccruedLiabilities CurrentLiabilities CurrentPortionEmployeeBenefitsObligations"
        " CurrentPortionOfObligationsUnderFinanceLeases CurrentTaxLiability DividendsPayable DutiesAndTaxes"
        " InterestPayables ProvisionForWarrantyObligations ProvisionsCurrentLiabilities ShortTermBorrowings"
        " SocialSecurityAgencies StaffAndRelatedLiabilityAccounts SundryDebtorsAndCreditors TradeAndOtherPayables",
        "Long Term Liability": "NotesPayable OtherLongTermLiabilities ShareholderNotesPayable AccrualsAndDeferredIncome"
        " AccruedLongLermLiabilities AccruedVacationPayable BankLoans DebtsRelatedToParticipatingInterests"
        " DeferredTaxLiabilities GovernmentAndOtherPublicAuthorities GroupAndAssociates"
        " LiabilitiesRelatedToAssetsHeldForSale"
        " LongTermBorrowings LongTermDebit LongTermEmployeeBenefitObligations ObligationsUnderFinanceLeases"
        " OtherLongTermProvisions ProvisionForLiabilities ProvisionsNonCurrentLiabilities"
        " StaffAndRelatedLongTermLiabilityAccounts",
    },
    "Equity": {
        "Equity": "OpeningBalanceEquity PartnersEquity RetainedEarnings AccumulatedAdjustment OwnersEquity"
        " PaidInCapitalOrSurplus PartnerContributions PartnerDistributions PreferredStock CommonStock TreasuryStock"
        " EstimatedTaxes Healthcare PersonalIncome PersonalExpense AccumulatedOtherComprehensiveIncome"
        " CalledUpShareCapital CapitalReserves DividendDisbursed EquityInEarningsOfSubsiduaries Funds InvestmentGrants"
        " MoneyReceivedAgainstShareWarrants OtherFreeReserves ShareApplicationMoneyPendingAllotment ShareCapital",
    },
    "Revenue": {
        "Income": "NonProfitIncome OtherPrimaryIncome SalesOfProductIncome ServiceFeeIncome DiscountsRefundsGiven"
        " UnappliedCashPaymentIncome CashReceiptIncome OperatingGrants OtherCurrentOperatingIncome OwnWorkCapitalized"
        " RevenueGeneral SalesRetail SalesWholesale SavingsByTaxScheme",
        "Other Income": "DividendIncome InterestEarned OtherInvestmentIncome OtherMiscellaneousIncome TaxExemptInterest"
        " GainLossOnSaleOfFixedAssets GainLossOnSaleOfInvestments LossOnDisposalOfAssets OtherOperatingIncome"
        " UnrealisedLossOnSecuritiesNetOfTax",
    },
    "Expense": {
        "Cost of Goods Sold": "EquipmentRentalCos OtherCostsOfServiceCos ShippingFreightDeliveryCos"
        " SuppliesMaterialsCogs CostOfLaborCos CostOfSales FreightAndDeliveryCost",
        "Expense": "AdvertisingPromotional BadDebts BankCharges CharitableContributions CommissionsAndFees CostOfLabor"
        " DuesSubscriptions EquipmentRental FinanceCosts Insurance InterestPaid LegalProfessionalFees OfficeExpenses"
        " OfficeGeneralAdministrativeExpenses OtherBusinessExpenses OtherMiscellaneousServiceCost PromotionalMeals"
        " RentOrLeaseOfBuildings RepairMaintenance ShippingFreightDelivery SuppliesMaterials Travel TravelMeals"
        " Utilities Auto Entertainment EntertainmentMeals PayrollExpenses TaxesPaid UnappliedCashBillPaymentExpense"
        " AmortizationExpense AppropriationsToDepreciation BorrowingCost DistributionCosts ExternalServices"
        " ExtraordinaryCharges IncomeTaxExpense LossOnDiscontinuedOperationsNetOfTax ManagementCompensation"
        " OtherCurrentOperatingCharges OtherExternalServices OtherRentalCosts OtherSellingExpenses"
        " ProjectStudiesSurveysAssessments PurchasesRebates ShippingAndDeliveryExpense StaffCosts Sundry"
        " TravelExpensesGeneralAndAdminExpenses TravelExpensesSellingExpense",
        "Other Expense": "Depreciation ExchangeGainOrLoss OtherMiscellaneousExpense PenaltiesSettlements Amortization"
        " GasAndFuel HomeOffice HomeOwnerRentalInsurance OtherHomeOfficeExpenses MortgageInterest RentAndLease"
        " RepairsAndMaintenance ParkingAndTolls Vehicle VehicleInsurance VehicleLease VehicleLoanInterest VehicleLoan"
        " VehicleRegistration VehicleRepairs OtherVehicleExpenses WashAndRoadServices DeferredTaxExpense Depletion"
        " ExceptionalItems ExtraordinaryItems IncomeTaxOtherExpense MatCredit PriorPeriodItems TaxRoundoffGainOrLoss",
    },
}
CLASSIFICATIONS = {kind: classification for classification, kinds in _TABLE.items() for kind in kinds}
TYPES = tuple(CLASSIFICATIONS)
SUB_TYPES = {kind: tuple(subs.split()) for kinds in _TABLE.values() for kind, subs in kinds.items()}
TYPE_OF = {sub: kind for kind, subs in SUB_TYPES.items() for sub in subs}
# What an account is that names its type alone. Of the other types it is not documented.
USUAL = {
    "Accounts Receivable": "AccountsReceivable",
    "Accounts Payable": "AccountsPayable",
    "Credit Card": "CreditCard",
}
