import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { text } from '../../language/text.ts';
import { LabConnection } from '../connection.ts';
import type { Trial } from '../trial.ts';

const SILENCE_MS = 2_000;

/** Offers plaintext, and the TLS versions that RFC 8996 forbids, to a server that has TLS. */
export async function oldTransport(trial: Trial): Promise<void> {
  const { endpoint } = trial.target;
  if (!endpoint.tls) {
    trial.skip(
      'tls',
      text('plaintext and old TLS to a port with TLS', 'texto claro y TLS antiguo a un puerto con TLS'),
      text('the server has no TLS', 'el servidor no tiene TLS'),
    );
    return;
  }
  const { host, port } = endpoint;
  const plain = await trial.keep(LabConnection.open({ host, port }));
  const message = { accion: 'login', username: 'lab', password: 'lab' };
  const reply = await plain.ask(message, SILENCE_MS);
  trial.step({
    id: 'plaintext_to_tls',
    what: text(
      'a log-in in the clear to the port with TLS',
      'un inicio de sesión sin cifrar al puerto con TLS',
    ),
    sent: message,
    received: reply.text,
    expected: text('no answer of the protocol', 'ninguna respuesta del protocolo'),
    held: reply.status === undefined,
  });
  for (const version of ['TLSv1', 'TLSv1.1'] as const) {
    const outcome = await offer(host, port, version);
    trial.step({
      id: version === 'TLSv1' ? 'tls_1_0' : 'tls_1_1',
      what: text(`a handshake that offers ${version} alone`, `un saludo que solo ofrece ${version}`),
      sent: `ClientHello ${version}`,
      received: outcome.text,
      expected: text('refused', 'rechazado'),
      held: !outcome.agreed,
    });
  }
}

/** Offers a handshake with only this version of TLS. */
function offer(
  host: string,
  port: number,
  version: 'TLSv1' | 'TLSv1.1',
): Promise<{ readonly agreed: boolean; readonly text: string }> {
  return new Promise((resolve) => {
    const socket = connectTls({
      socket: connectTcp({ host, port }),
      rejectUnauthorized: false,
      minVersion: version,
      maxVersion: version,
      // At its default level OpenSSL would not offer these versions.
      ciphers: 'DEFAULT:@SECLEVEL=0',
    });
    const done = (agreed: boolean, text: string) => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ agreed, text });
    };
    const timer = setTimeout(() => done(false, '(no answer)'), SILENCE_MS);
    socket.once('secureConnect', () => done(true, `agreed on ${socket.getProtocol()}`));
    socket.once('error', (error) => done(false, error.message));
    socket.once('close', () => done(false, '(connection closed)'));
  });
}
