import type { Language } from './language.ts';

/**
 * Spanish of the details that refusals carry in English (`Refusal.detail`). `{}` stands for what a detail names: a key, a number,
 * a list. What stands before a colon is the name of a member and stays. A test finds each detail in the source here.
 */
const SPANISH: Readonly<Record<string, string>> = {
  // Numbers, sizes and forms
  '{} bytes': '{} bytes',
  '1 to {} bytes': 'de 1 a {} bytes',
  'at most {} bytes': 'como mucho {} bytes',
  'at most {} characters': 'como mucho {} caracteres',
  'at least {} characters': 'al menos {} caracteres',
  'at most {} levels': 'como mucho {} niveles',
  'at most {} wait': 'como mucho esperan {}',
  'at most {}': 'como mucho {}',
  'from 0 to {}': 'de 0 a {}',
  '1 to {} challenges': 'de 1 a {} desafíos',
  'visible characters in NFC': 'caracteres visibles en NFC',
  'visible text, 1 to {} bytes': 'texto visible, de 1 a {} bytes',
  'at most {} bytes of visible characters in NFC': 'como mucho {} bytes de caracteres visibles en NFC',
  'once, 1 to {} visible ASCII characters': 'una vez, de 1 a {} caracteres ASCII visibles',
  '1 to 64 of a-z, 0-9, dot, dash, underscore': 'de 1 a 64 de a-z, 0-9, punto, guion, guion bajo',
  '1 to 64 of A-Z, a-z, 0-9, dot, dash, underscore': 'de 1 a 64 de A-Z, a-z, 0-9, punto, guion, guion bajo',
  '2 to 95 different printable characters of ASCII': 'de 2 a 95 caracteres ASCII imprimibles distintos',
  '6 to 8': 'de 6 a 8',
  '15 to 300': 'de 15 a 300',
  'one of {}': 'uno de {}',
  'one or more of {}': 'uno o más de {}',
  // Names and passwords
  'no blank at either end': 'sin espacios al principio ni al final',
  'a reserved name': 'un nombre reservado',
  'log in by the passkey first': 'inicie antes la sesión con la llave de acceso',
  'old_password or reset': 'old_password o reset',
  // Codes and tokens
  'an invitation by an administrator': 'una invitación de un administrador',
  'a passkey': 'una llave de acceso',
  'over a challenge of this session': 'sobre un desafío de esta sesión',
  'an ocra token has the suite {}': 'un token ocra tiene el conjunto {}',
  'a hotp token has no period': 'un token hotp no tiene periodo',
  'it is there already': 'ya está',
  decimals: 'decimales',
  zero: 'cero',
  // Transactions
  'not by a service': 'no lo da un servicio',
  'required of a service': 'obligatorio para un servicio',
  'by a service alone': 'solo lo da un servicio',
  // Services
  'later than now, within ten years': 'posterior a ahora, dentro de diez años',
  'no service has that key': 'ningún servicio tiene esa clave',
  'used before': 'ya usado',
  'not within five minutes of now': 'a más de cinco minutos de ahora',
  '{} is not covered': 'no está cubierto {}',
  'a component that is covered is not there': 'falta un componente de los cubiertos',
  'the signature': 'la firma',
  'Signature-Input or Signature': 'Signature-Input o Signature',
  // Identities and messages
  'a JWK': 'una JWK',
  'the private part (d) does not leave its device': 'la parte privada (d) no sale de su dispositivo',
  'kty must be EC and crv P-256': 'kty debe ser EC y crv P-256',
  'x and y must be 32 bytes each, in base64url': 'x e y deben tener 32 bytes cada uno, en base64url',
  'one key for both': 'la misma clave para ambos usos',
  'a JWE in General JSON with a ciphertext': 'un JWE en General JSON con un texto cifrado',
  'headers or recipients too long': 'cabeceras o destinatarios demasiado largos',
  'a compact JWS': 'un JWS compacto',
  'the protected header': 'la cabecera protegida',
  'its header': 'su cabecera',
  'its claims': 'sus declaraciones',
  'not your signing key in force': 'no es su clave de firma en vigor',
  'not you': 'no es usted',
  'you have no keys in force': 'usted no tiene claves en vigor',
  'not the sender': 'no es el remitente',
  'another message': 'otro mensaje',
  'not the message as it was sent': 'no es el mensaje tal como se envió',
  // Push and webhooks
  'of no push service in web_push.hosts': 'no es de ningún servicio de avisos de web_push.hosts',
  'a point of P-256 and 16 bytes, in base64url': 'un punto de P-256 y 16 bytes, en base64url',
  'not one of this server now': 'no es ahora de este servidor',
  'such as https://example.com/hooks': 'por ejemplo https://example.com/hooks',
  'https:// only': 'solo https://',
  'without a user name and password: deliveries are signed':
    'sin usuario ni contraseña: los envíos van firmados',
  'without a fragment': 'sin fragmento',
  'the log has entries 0 to {}': 'el registro tiene las entradas 0 a {}',
  'it is disabled: enable it first': 'está deshabilitado: habilítelo antes',
  'at most {} of entry types such as transaction.approved or transaction.*':
    'como mucho {} tipos de entrada, como transaction.approved o transaction.*',
  // Datasets
  'of mode ff1 alone': 'solo del modo ff1',
  // Operation
  '{} is running': 'está en curso {}',
  'another server archives': 'otro servidor archiva',
  'see the log': 'vea el registro del servidor',
  '{} is in the data folder': '{} está en la carpeta de datos',
  '{} is not empty': '{} no está vacía',
  'none is configured': 'no hay ninguno configurado',
  'this signs the manifests of backups alone': 'esto firma solo los manifiestos de las copias',
  // Requests
  'a name is in it twice': 'un nombre aparece dos veces',
  'a lone surrogate': 'un sustituto suelto',
  'the id of an event': 'el id de un suceso',
  'only auditors filter': 'solo filtran los auditores',
  'does not fit': 'no es válido',
  'not known here; known: {}': 'no se conoce aquí; se conocen: {}',
  'must be one of {}': 'debe ser uno de {}',
  // TypeBox (validation.ts)
  'must be {}': 'debe ser {}',
  'must have required properties {}': 'faltan las propiedades obligatorias {}',
  'must not have additional properties': 'no debe tener otras propiedades',
  'must not have fewer than {} characters': 'no debe tener menos de {} caracteres',
  'must not have more than {} characters': 'no debe tener más de {} caracteres',
  'must not have fewer than {} items': 'no debe tener menos de {} elementos',
  'must not have more than {} items': 'no debe tener más de {} elementos',
  'must match pattern "{}"': 'debe tener la forma "{}"',
  'must match a schema in anyOf': 'debe tener una de las formas descritas',
  'must not have duplicate items': 'no debe tener elementos repetidos',
};

/** The detail in the language. One that is not known, such as the name of a member, is the same in both. */
export function detailIn(language: Language, detail: string): string {
  if (language === 'en') return detail;
  if (Object.hasOwn(SPANISH, detail)) return SPANISH[detail] ?? detail;
  const [, member, rest = ''] = MEMBER.exec(detail) ?? [];
  return member === undefined ? (phrase(detail) ?? detail) : `${member}: ${phrase(rest) ?? rest}`;
}

/** The name of a member, as `label` or `query limit`, before what is said of it. */
const MEMBER = /^((?:query |path )?[^\s:]+): ([\s\S]*)$/;

/** Whether the Spanish of a detail, with `{}` for what it names, is known. Its member's name may stand before it. */
export function isKnownDetail(template: string): boolean {
  const rest = template.slice(template.indexOf(': ') + 1).trim();
  return template in SPANISH || rest in SPANISH;
}

function phrase(text: string): string | undefined {
  const exact = Object.hasOwn(SPANISH, text) ? SPANISH[text] : undefined;
  if (exact !== undefined) return exact;
  for (const { pattern, spanish } of patterns()) {
    const named = pattern.exec(text)?.[1];
    if (named !== undefined) return spanish.replace('{}', () => named);
  }
  return undefined;
}

interface Pattern {
  readonly pattern: RegExp;
  readonly spanish: string;
}

let compiled: readonly Pattern[] | undefined;

/** Those that name something, the longest first: the others are parts of them. */
function patterns(): readonly Pattern[] {
  compiled ??= Object.entries(SPANISH)
    .filter(([english]) => english.includes('{}'))
    .sort(([a], [b]) => b.length - a.length)
    .map(([english, spanish]) => {
      const [before = '', after = ''] = english.split('{}').map((part) => RegExp.escape(part));
      return { pattern: new RegExp(`^${before}(.+)${after}$`, 's'), spanish };
    });
  return compiled;
}
