"""What a person reads when a sandbox has started: where it is, and a first invoice by curl."""

from typing import Any


def directions(line: dict[str, Any]) -> str:
    """The text, from the ready line."""
    company = line["companies"][0]
    base, realm, token = line["base_url"], line["realm"], line["access_token"]
    body = (
        '{"CustomerRef": {"value": "1"}, "Line": [{"Amount": 100, "DetailType": "SalesItemLineDetail",'
        ' "SalesItemLineDetail": {"ItemRef": {"value": "1"}}}]}'
    )
    call = (
        f"curl -s -H 'Authorization: Bearer {token}' -H 'Accept: application/json' -H 'Content-Type: application/json'"
    )
    return "\n".join(
        (
            f"QuickBooks sandbox at {base}, with {company['name']} as company {realm}. Ctrl-C ends it.",
            "",
            "Make a customer, and post an invoice to the first one:",
            f'  {call} {base}/v3/company/{realm}/customer -d \'{{"DisplayName": "Ada Park"}}\'',
            f"  {call} {base}/v3/company/{realm}/invoice -d '{body}'",
            "",
            "See what it was asked, and its books:",
            f"  klipsync sandbox journal --control {line['control_url']}",
            f"  klipsync sandbox books --control {line['control_url']}",
            "",
            "For an app:",
            f"  client id      {line['client_id']}",
            f"  client secret  {line['client_secret']}",
            f"  discovery      {line['discovery_url']}",
            f"  redirect       {line['redirect_uri']}",
            f"  refresh token  {line['refresh_token']}",
            *(f"  also open      {one['name']}, company {one['realm']}" for one in line["companies"][1:]),
        )
    )
