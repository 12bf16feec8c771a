import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { LIMITS } from '../../limits.ts';

/**
 * Writes a message's JWE part by part, as it was sent. Waits while the client does not read, `exportReadTimeMs` at most. When
 * a part is missing, the store fails or `gone` aborts, it destroys the response: the client sees that it is cut off.
 * @param bytes how many the message has
 */
export async function streamMessage(
  parts: AsyncIterable<string>,
  bytes: number,
  response: ServerResponse,
  gone: AbortSignal,
): Promise<void> {
  let written = 0;
  try {
    for await (const part of parts) {
      gone.throwIfAborted();
      written += part.length;
      if (response.write(part, 'latin1')) continue;
      const signal = AbortSignal.any([gone, AbortSignal.timeout(LIMITS.exportReadTimeMs)]);
      await once(response, 'drain', { signal });
    }
    if (written === bytes) response.end();
    else response.destroy();
  } catch {
    response.destroy();
  }
}
