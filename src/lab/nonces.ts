import type { LabConnection, Reply } from './connection.ts';
import { LabRefused, ServerLost } from './lab-error.ts';

/** Asks for that many fresh challenges on one connection. @throws LabRefused, ServerLost */
export async function takeNonces(connection: LabConnection, count: number): Promise<string[]> {
  const reply = await connection.ask({ accion: 'pet_transaccion', cantidad: count });
  const { nonces } = reply.answer;
  if (!Array.isArray(nonces) || nonces.length !== count) throw unexpectedReply('pet_transaccion', reply);
  return nonces.map(String);
}

/** Asks for one fresh challenge. @throws LabRefused, ServerLost */
export async function takeNonce(connection: LabConnection): Promise<string> {
  const [nonce = ''] = await takeNonces(connection, 1);
  return nonce;
}

/** The error for an answer with which the attack cannot continue. No answer at all is the server's failure. */
export function unexpectedReply(action: string, { kind, text }: Reply): Error {
  const detail = `${action}: ${text.slice(0, 200)}`;
  return kind === 'answer' ? new LabRefused('setup_failed', detail) : new ServerLost(detail);
}
