import { createPublicKey, KeyObject, X509Certificate } from 'node:crypto';
import type { Command } from 'commander';
import { text } from '../../language/text.ts';
import { LIMITS } from '../../limits.ts';
import { examples } from '../shell/examples.ts';
import { usageFailure } from '../shell/failure.ts';
import type { Shell } from '../shell/shell.ts';
import { readInput, readOwnKeys, writeOutput } from './files.ts';

const CERTIFICATE_BYTES_MAX = 65_536;

interface ExportOptions {
  readonly cms?: boolean;
  readonly keys: string;
  readonly certificate: string;
  readonly to: readonly string[];
  readonly in: string;
  readonly out: string;
}

/** `sello message export --cms`: the same content for who has no JOSE. */
export function defineExport(command: Command, shell: Shell): void {
  const say = shell.say.bind(shell);
  command
    .command('export')
    .description(
      say(
        text(
          'sign and seal a file as CMS (DER), for openssl cms and the like',
          'firmar y sellar un fichero como CMS (DER), para openssl cms y similares',
        ),
      ),
    )
    .requiredOption('--cms', say(text('the form: CMS', 'la forma: CMS')))
    .requiredOption('--keys <file>', say(text('your own keys', 'sus propias claves')))
    .requiredOption(
      '--certificate <pem>',
      say(text('the certificate of your signing key', 'el certificado de su clave de firma')),
    )
    .requiredOption(
      '--to <pem...>',
      say(
        text(
          "the certificates of the recipients' sealing keys",
          'los certificados de las claves de sellado de los destinatarios',
        ),
      ),
    )
    .option('--in <file>', say(text('what is read', 'lo que se lee')), '-')
    .option('--out <file>', say(text('what is written', 'lo que se escribe')), '-')
    .addHelpText(
      'after',
      examples(
        shell,
        'sello message export --cms --keys alice.keys --certificate alice.pem --to bob-seal.pem --in offer.pdf --out offer.p7m',
      ),
    )
    .action((options: ExportOptions) => exportCms(shell, options));
}

async function exportCms(shell: Shell, options: ExportOptions): Promise<void> {
  const { authEnvelopedData, signedData } = await import('../../client/messages/cms.ts');
  const { keys } = await readOwnKeys(options.keys);
  const signer = await readCertificate(options.certificate);
  const now = Date.now();
  const own = createPublicKey(KeyObject.from(keys.sign.privateKey));
  if (!signer.publicKey.equals(own)) {
    throw usageFailure(
      text(
        `${options.certificate} is not of your signing key`,
        `${options.certificate} no es de su clave de firma`,
      ),
    );
  }
  const recipients = await Promise.all(options.to.map(readCertificate));
  for (const [index, certificate] of [signer, ...recipients].entries()) {
    if (certificate.validToDate.getTime() > now && certificate.validFromDate.getTime() <= now) continue;
    const file = index === 0 ? options.certificate : options.to[index - 1];
    throw usageFailure(
      text(
        `${file} is not valid now: it ends ${certificate.validTo}`,
        `${file} no es válido ahora: termina ${certificate.validTo}`,
      ),
      text(
        'Fetch a new one: GET /v1/identities/NAME/certificate',
        'Pida uno nuevo: GET /v1/identities/NOMBRE/certificate',
      ),
    );
  }
  const content = await readInput(options.in, LIMITS.messageContentBytesMax);
  const signed = signedData(content, signer, KeyObject.from(keys.sign.privateKey), now);
  const sealed = authEnvelopedData(signed, recipients);
  await writeOutput(options.out, sealed);
  if (options.out === '-') return;
  shell.result({ bytes: sealed.length, out: options.out }, () => options.out);
}

async function readCertificate(file: string): Promise<X509Certificate> {
  const pem = await readInput(file, CERTIFICATE_BYTES_MAX);
  try {
    const certificate = new X509Certificate(pem);
    if (certificate.publicKey.asymmetricKeyDetails?.namedCurve === 'prime256v1') return certificate;
  } catch {
    // Reported below.
  }
  throw usageFailure(
    text(`${file} is no certificate of a P-256 key`, `${file} no es un certificado de una clave P-256`),
  );
}
