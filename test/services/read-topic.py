"""Reads a topic from its start with Apache Pulsar's own client and prints what it holds, one line of JSON for each message.

    python read-topic.py SERVICE_URL TOPIC COUNT [TOKEN]
Ends after COUNT messages and what comes within two seconds after them, so that one too many is seen.
"""
import json
import sys

import pulsar

service_url, topic, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
token = sys.argv[4] if len(sys.argv) > 4 else ""
client = pulsar.Client(
    service_url, authentication=pulsar.AuthenticationToken(token) if token else None,
    logger=pulsar.FileLogger(pulsar.LoggerLevel.Error, "/dev/stderr"))
consumer = client.subscribe(
    topic, "independent", consumer_type=pulsar.ConsumerType.Exclusive,
    initial_position=pulsar.InitialPosition.Earliest, receiver_queue_size=5000)
seen = 0
while True:
    try:
        message = consumer.receive(timeout_millis=60_000 if seen < count else 2_000)
    except pulsar.Timeout:
        break
    event = json.loads(message.data())
    print(json.dumps({
        "index": event["data"]["index"], "id": event["id"], "type": event["type"], "subject": event.get("subject"),
        "hash": event["data"]["hash"], "version": (event["data"].get("body") or {}).get("version"),
        "key": message.partition_key(), "properties": message.properties()}))
    consumer.acknowledge(message)
    seen += 1
sys.stdout.flush()
client.close()
