"""A QuickBooks of one object, written from Intuit's documentation: what it keeps of a create and of an update."""

from typing import Any

from schemas import exact

Doc = dict[str, Any]


class OneObject:
    """Keeps one Customer, Vendor, Item or Invoice; answers as the API does, numbers and all."""

    def __init__(self, type_: str) -> None:
        self.type = type_
        self.doc: Doc = {}
        self._line_ids = 0

    def write(self, body: Doc) -> Doc:
        """A create, a sparse update or a full update, by what the body holds."""
        sent = exact.loads(exact.dumps(body))
        if self.doc and sent["SyncToken"] != self.doc["SyncToken"]:
            raise AssertionError("stale token: the plan was not made from the newest object")
        kept = self.doc if sent.pop("sparse", False) else {}
        token = str(int(self.doc.get("SyncToken", "-1")) + 1)
        lines = self._numbered(sent.pop("Line")) if "Line" in sent else kept.get("Line")
        self.doc = {**kept, **sent, "Id": "7", "SyncToken": token, "domain": "QBO", "MetaData": {"CreateTime": "then"}}
        if lines is not None:
            self._total(lines)
        return self.shown()

    def edit(self, **fields: Any) -> Doc:  # noqa: ANN401 - JSON
        """A bookkeeper changes fields in the browser."""
        self.doc |= {**fields, "SyncToken": str(int(self.doc["SyncToken"]) + 1)}
        if "Line" in fields:
            self._total(self._numbered([line for line in fields["Line"] if "SubTotalLineDetail" not in line]))
        return self.shown()

    def shown(self) -> Doc:
        """The whole object, as an answer or a reading brings it."""
        parsed: Doc = exact.loads(exact.dumps(self.doc))
        return parsed

    def lines(self) -> list[Doc]:
        """The lines without the subtotal."""
        return [line for line in self.doc["Line"] if line["DetailType"] != "SubTotalLineDetail"]

    def _numbered(self, lines: list[Doc]) -> list[Doc]:
        numbered = []
        for place, line in enumerate(lines, start=1):
            if "Id" not in line:
                self._line_ids += 1
            numbered.append({"Id": str(self._line_ids), **line, "LineNum": place})
        return numbered

    def _total(self, lines: list[Doc]) -> None:
        total = sum(line["Amount"] for line in lines)
        subtotal = {"Amount": total, "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}}
        self.doc |= {"Line": [*lines, subtotal], "TotalAmt": total, "Balance": total, "TxnTaxDetail": {"TotalTax": 0}}
