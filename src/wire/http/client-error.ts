import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { type RefusalCode, refuse } from '../../domain/errors.ts';
import { ERRORS } from '../errors.ts';
import { problemOf } from './problem.ts';

const BY_CODE: Readonly<Record<string, RefusalCode>> = {
  HPE_HEADER_OVERFLOW: 'headers_too_long',
  ERR_HTTP_REQUEST_TIMEOUT: 'request_too_slow',
};

/** Answers bytes that are not an HTTP request, and closes: where a next request would begin is unknown. */
export function answerClientError(
  error: NodeJS.ErrnoException,
  socket: Socket,
  requestId: string,
): RefusalCode | undefined {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return undefined;
  }
  const code = BY_CODE[error.code ?? ''] ?? 'message_invalid';
  const status = ERRORS[code].http;
  const body = JSON.stringify(problemOf(refuse(code), undefined, requestId));
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: application/problem+json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n${body}`,
  );
  return code;
}
