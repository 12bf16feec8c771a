import { LIMITS } from '../../limits.ts';
import type { SendToWitness } from '../../ports/witness.ts';

/** Makes what posts to a witness's `add-checkpoint`, under its URL. Follows no redirect. */
export function sendToWitness(url: string, timeMs: number = LIMITS.witnessAnswerTimeMs): SendToWitness {
  const address = new URL('add-checkpoint', url.endsWith('/') ? url : `${url}/`);
  return async (body) => {
    const response = await fetch(address, {
      method: 'POST',
      body,
      redirect: 'error',
      headers: { 'content-type': 'text/plain' },
      signal: AbortSignal.timeout(timeMs),
    });
    return { status: response.status, body: await boundedText(response) };
  };
}

async function boundedText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > LIMITS.witnessAnswerBytesMax) throw new Error('its answer is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
