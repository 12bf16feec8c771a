// A client of the protocol's first version, as it stands on its users' machines: it knows nothing of this project and
// uses none of its code. It sends one message, then takes whatever one read of at most 1,024 bytes gives for the answer.
'use strict';
const crypto = require('node:crypto');
const net = require('node:net');

const [port, username, password, data] = process.argv.slice(2);
const RECEIVE_BYTES = 1024;

const socket = net.connect({
  host: '127.0.0.1',
  port: Number(port),
  onread: {
    // As recv(1024) does: what arrives beyond that is left for the next read.
    buffer: Buffer.alloc(RECEIVE_BYTES),
    callback(length, buffer) {
      const answer = buffer.toString('utf8', 0, length);
      const take = waiting;
      waiting = undefined;
      if (!take) throw new Error(`more than one answer, or one in parts: ${answer}`);
      take(JSON.parse(answer));
      return true;
    },
  },
});
let waiting;

function ask(message) {
  return new Promise((resolve) => {
    waiting = resolve;
    socket.write(`${JSON.stringify(message)}\n`);
  });
}

async function main() {
  const show = (answer) => process.stdout.write(`${JSON.stringify(answer)}\n`);
  show(await ask({ accion: 'register', username, password }));
  show(await ask({ accion: 'login', username, password }));
  const key = crypto.createHash('sha256').update(password, 'utf8').digest();
  const sign = ({ nonce }) =>
    crypto
      .createHmac('sha256', key)
      .update(data + nonce, 'utf8')
      .digest('hex');

  const challenge = await ask({ accion: 'pet_transaccion' });
  show(challenge);
  const transaction = { accion: 'transaccion', data, mac: sign(challenge) };
  show(await ask(transaction));
  show(await ask(transaction));

  const another = await ask({ accion: 'pet_transaccion' });
  const changed = data.replace('CuentaB', 'CuentaX');
  show(await ask({ accion: 'transaccion', data: changed, mac: sign(another) }));

  show(await ask({ accion: 'logout' }));
  show(await ask({ accion: 'pet_transaccion' }));
  socket.end();
}

main().catch((error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exit(1);
});
