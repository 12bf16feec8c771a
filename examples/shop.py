"""A shop's back end: asks the user to approve a payment, waits, prints the receipt. Uses the standard library only.

    npx sello service create shop --scope transactions:write --scope transactions:read
    API_KEY=slo_... python3 examples/shop.py alice 49.90
"""

import json
import os
import sys
import time
import urllib.error
import urllib.request
import uuid

BASE = os.environ.get("SELLO_URL", "http://127.0.0.1:8080")
KEY = os.environ.get("API_KEY", "")


def call(method, path, body=None, headers=None):
    for attempt in range(1, 6):
        request = urllib.request.Request(BASE + path, method=method)
        request.add_header("Authorization", f"Bearer {KEY}")
        for name, value in (headers or {}).items():
            request.add_header(name, value)
        data = None
        if body is not None:
            request.add_header("Content-Type", "application/json")
            data = json.dumps(body).encode()
        try:
            with urllib.request.urlopen(request, data, timeout=60) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            problem = json.load(error)
            # 503: try again. With an idempotency key a repeat is never executed twice.
            if error.code != 503 or attempt == 5:
                raise SystemExit(f"{problem['code']}: {problem['detail']}") from error
            time.sleep(problem.get("retry_after_ms", 1000) / 1000)


def main(username="alice", amount="49.90", order_id=None):
    # The order's number is the idempotency key: however often this is sent, the user is asked once.
    transaction = call(
        "POST",
        "/v1/transactions",
        {
            "username": username,
            "payer": "customer-account",
            "payee": "shop-account",
            "amount": amount,
            "currency": "EUR",
        },
        {"Idempotency-Key": f"order-{order_id or uuid.uuid4()}"},
    )
    print(f"asked {username} to approve {amount} EUR: {transaction['id']}", flush=True)

    while transaction["status"] == "pending":
        transaction = call("GET", f"/v1/transactions/{transaction['id']}?wait_s=30")
    reason = f" ({transaction['reason']})" if "reason" in transaction else ""
    print(f"{transaction['status']}{reason}")

    if transaction["status"] != "approved":
        return 1
    print("receipt", call("GET", f"/v1/receipts/{transaction['id']}")["receipt"])
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
