/**
 * Follows a user's events and misses none when the connection is lost. An auditor gets the events of all users.
 *
 *     SELLO_USER=alice SELLO_PASSWORD=secreto node examples/events.mjs
 */
const base = process.env.SELLO_URL ?? 'http://127.0.0.1:8080';
const username = process.env.SELLO_USER ?? 'alice';
const password = process.env.SELLO_PASSWORD ?? '';

async function session(path, body) {
  const response = await fetch(base + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(`${path}: ${answer.code}`);
  return answer;
}

/** The id of the last event seen. Keep it in a file or a table to survive a restart of this program. */
let lastSeen = process.argv[2];

async function follow(token) {
  const response = await fetch(`${base}/v1/events`, {
    headers: {
      authorization: `Bearer ${token}`,
      ...(lastSeen === undefined ? {} : { 'last-event-id': lastSeen }),
    },
  });
  if (!response.ok || !response.body) throw new Error(`the stream was refused: ${response.status}`);
  let text = '';
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      take(text.slice(0, end));
      text = text.slice(end + 2);
    }
  }
}

function take(block) {
  const fields = new Map(
    block.split('\n').map((line) => [line.split(':', 1)[0] ?? '', line.slice(line.indexOf(':') + 2)]),
  );
  const data = fields.get('data');
  if (data === undefined) return;
  lastSeen = fields.get('id') ?? lastSeen;
  const { body } = JSON.parse(data);
  const transfer = body.transaction ? ` ${body.transaction.amount} to ${body.transaction.payee}` : '';
  console.log(`${lastSeen} ${body.at} ${body.type}${transfer}`);
}

let { access_token: token, session: secret } = await session('/v1/sessions', { username, password });
for (;;) {
  try {
    await follow(token);
  } catch (error) {
    console.error(`${error.message}; connecting again`);
  }
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  // An access token is valid for 15 minutes; its session issues the next one.
  try {
    ({ access_token: token, session: secret } = await session('/v1/sessions/resumption', {
      session: secret,
    }));
  } catch (error) {
    if (/session_ended/.test(error.message)) break;
  }
}
