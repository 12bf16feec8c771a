/*
 * Speaks to Apache Pulsar by its WebSocket API. Runs inside a container, its text on stdin, so it imports nothing:
 * `node --input-type=module-typescript - produce|consume HOST TOPIC COUNT`. The subscription is there before the first message.
 * Prints the number of different messages that were acknowledged or received, and after `produce` how many are stored.
 */
const [action = '', host = '', topic = '', count = ''] = process.argv.slice(2);
const SUBSCRIPTION = 'check';
const path = `persistent/public/default/${topic}`;
const admin = `http://${host}/admin/v2/${path}`;
const seen = new Set<string>();

if (action === 'produce') {
  await fetch(`${admin}/subscription/${SUBSCRIPTION}`, { method: 'PUT' });
  // The ids are those of a producer that sends all again.
  const query = 'producerName=check&initialSequenceId=-1&sendTimeoutMillis=0';
  const socket = open(`producer/${path}?${query}`);
  socket.onopen = () => {
    for (let index = 0; index < Number(count); index++)
      socket.send(JSON.stringify({ payload: btoa(`event ${index}`), context: `${index}` }));
  };
  socket.onmessage = ({ data }) => {
    const { result, context, errorMsg } = JSON.parse(data);
    if (result === 'ok') note(context);
    else fail(errorMsg);
  };
} else {
  const socket = open(`consumer/${path}/${SUBSCRIPTION}?pullMode=true`);
  socket.onopen = () => socket.send(JSON.stringify({ type: 'permit', permitMessages: Number(count) }));
  socket.onmessage = ({ data }) => {
    const { messageId, payload } = JSON.parse(data);
    socket.send(JSON.stringify({ messageId }));
    note(atob(payload));
  };
}

function open(address: string): WebSocket {
  const socket = new WebSocket(`ws://${host}/ws/v2/${address}`);
  socket.onerror = () => fail('the socket failed');
  socket.onclose = () => fail('the socket was closed');
  return socket;
}

async function note(key: string): Promise<void> {
  seen.add(key);
  if (seen.size < Number(count)) return;
  const result: { count: number; stored?: number } = { count: seen.size };
  if (action === 'produce') {
    const answer = await fetch(`${admin}/stats?getPreciseBacklog=true`);
    const { subscriptions } = (await answer.json()) as {
      subscriptions: Record<string, { msgBacklog: number }>;
    };
    result.stored = subscriptions[SUBSCRIPTION]?.msgBacklog ?? 0;
  }
  console.log(JSON.stringify(result));
  process.exit(0);
}

function fail(why: string): void {
  console.error(`${action}: ${why}, after ${seen.size}`);
  process.exit(1);
}

export {};
