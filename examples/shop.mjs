/**
 * A shop's back end: asks the user to approve a payment, waits, prints the receipt. Uses only `fetch`.
 *
 *     npx sello service create shop --scope transactions:write --scope transactions:read
 *     API_KEY=slo_… node examples/shop.mjs alice 49.90
 */
const base = process.env.SELLO_URL ?? 'http://127.0.0.1:8080';
const key = process.env.API_KEY ?? '';
const [username = 'alice', amount = '49.90', orderId = crypto.randomUUID()] = process.argv.slice(2);

/** @returns the parsed answer @throws Error with the problem's code, where a repeat is of no use */
async function call(method, path, body, headers = {}) {
  for (let attempt = 1; ; attempt++) {
    const response = await fetch(base + path, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(body ? { 'content-type': 'application/json' } : {}),
        ...headers,
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    const answer = await response.json();
    if (response.ok) return answer;
    // 503: try again. With an idempotency key a repeat is never executed twice.
    if (response.status !== 503 || attempt === 5) throw new Error(`${answer.code}: ${answer.detail}`);
    await new Promise((resolve) => setTimeout(resolve, answer.retry_after_ms ?? 1_000));
  }
}

// The order's number is the idempotency key: however often this is sent, the user is asked once.
const asked = await call(
  'POST',
  '/v1/transactions',
  { username, payer: 'customer-account', payee: 'shop-account', amount, currency: 'EUR' },
  { 'idempotency-key': `order-${orderId}` },
);
console.log(`asked ${username} to approve ${amount} EUR: ${asked.id}`);

let transaction = asked;
while (transaction.status === 'pending') {
  transaction = await call('GET', `/v1/transactions/${asked.id}?wait_s=30`);
}
console.log(`${transaction.status}${transaction.reason ? ` (${transaction.reason})` : ''}`);

if (transaction.status === 'approved') {
  const { receipt } = await call('GET', `/v1/receipts/${asked.id}`);
  console.log(`receipt ${receipt}`);
}
process.exitCode = transaction.status === 'approved' ? 0 : 1;
