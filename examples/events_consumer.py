"""Keeps a table of each user's transactions from the events on Apache Pulsar, each event applied once.

    pip install pulsar-client
    python3 examples/events_consumer.py                        follows the topic, until Ctrl-C
    python3 examples/events_consumer.py --until 4711           ends after event 4711
    python3 examples/events_consumer.py --replay --until 4711  makes the table anew, from the first event: it is the same

The broker has every event once, but an acknowledgement can be lost, and then it comes again. So the index is written to a
table of its own in the transaction of the effect, and what is in it already has no second effect.
"""

import argparse
import hashlib
import json
import os
import sqlite3
import uuid

import pulsar

URL = os.environ.get("PULSAR_URL", "pulsar://127.0.0.1:6650")
TOPIC = os.environ.get("PULSAR_TOPIC", "persistent://public/default/sello-journal")
TOKEN = os.environ.get("PULSAR_TOKEN")
DATABASE = os.environ.get("DATABASE", "transactions.sqlite")
# What each type makes of a transaction.
STATUS = {
    "sello.transaction.requested": "pending",
    "sello.transaction.approved": "approved",
    "sello.transaction.refused": "refused",
    "sello.transaction.expired": "expired",
    "sello.transaction.cancelled": "cancelled",
}


def open_database():
    database = sqlite3.connect(DATABASE, isolation_level=None)
    database.executescript("""
        PRAGMA journal_mode = WAL;
        CREATE TABLE IF NOT EXISTS applied (event INTEGER PRIMARY KEY);
        CREATE TABLE IF NOT EXISTS transactions (
            id TEXT PRIMARY KEY, user TEXT NOT NULL, payee TEXT, amount TEXT NOT NULL, currency TEXT NOT NULL,
            status TEXT NOT NULL, event INTEGER NOT NULL);
    """)
    return database


def apply(database, event):
    """Writes the effect and the index of the event together. Returns whether it was new."""
    data = event["data"]
    database.execute("BEGIN IMMEDIATE")
    try:
        new = database.execute("INSERT OR IGNORE INTO applied VALUES (?)", (data["index"],)).rowcount == 1
        status = STATUS.get(event["type"])
        if new and status is not None:
            transaction = data["body"]["transaction"]
            database.execute(
                "INSERT INTO transactions VALUES (?, ?, ?, ?, ?, ?, ?)"
                " ON CONFLICT (id) DO UPDATE SET status = excluded.status, event = excluded.event",
                (transaction["id"], event["subject"], transaction.get("payee"), transaction["amount"],
                 transaction["currency"], status, data["index"]))
        database.execute("COMMIT")
    except BaseException:
        database.execute("ROLLBACK")
        raise
    return new


def digest(database):
    """The same for the same table, in whatever order it came to be."""
    rows = database.execute(
        "SELECT id, user, payee, amount, currency, status, event FROM transactions ORDER BY id").fetchall()
    return len(rows), hashlib.sha256(json.dumps(rows, separators=(",", ":"), ensure_ascii=False).encode()).hexdigest()


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--subscription", default="transactions")
    arguments.add_argument("--replay", action="store_true")
    arguments.add_argument("--until", type=int)
    given = arguments.parse_args()

    if given.replay:
        for suffix in ("", "-wal", "-shm"):
            if os.path.exists(DATABASE + suffix):
                os.remove(DATABASE + suffix)
    database = open_database()
    client = pulsar.Client(URL, authentication=pulsar.AuthenticationToken(TOKEN) if TOKEN else None)
    # A replay reads by a subscription of its own, from the first event, and leaves the other one where it is.
    subscription = f"{given.subscription}-replay-{uuid.uuid4()}" if given.replay else given.subscription
    consumer = client.subscribe(
        TOPIC, subscription, consumer_type=pulsar.ConsumerType.Failover,
        initial_position=pulsar.InitialPosition.Earliest)

    def is_done():
        last = database.execute("SELECT max(event) FROM applied").fetchone()[0]
        return given.until is not None and last is not None and last >= given.until

    repeated = 0
    done = is_done()
    try:
        while not done:
            message = consumer.receive()
            event = json.loads(message.data())
            if not apply(database, event):
                repeated += 1
            # After the commit: a crash between the two brings the event again, and it has no second effect.
            consumer.acknowledge(message)
            done = given.until is not None and event["data"]["index"] >= given.until
    except KeyboardInterrupt:
        pass
    count, sha256 = digest(database)
    print(json.dumps({"transactions": count, "sha256": sha256, "repeated": repeated}))
    if given.replay:
        consumer.unsubscribe()
    client.close()


if __name__ == "__main__":
    main()
