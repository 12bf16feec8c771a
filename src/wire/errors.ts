import type { RefusalCode } from '../domain/errors.ts';
import type { Language } from '../language/language.ts';

/** The `status` of a refusal over TCP. */
export type TcpStatus = 'ERROR' | 'POSIBLE ATAQUE';

/** For people, without secrets or internals: `title` says what happened, `detail` what to do about it. */
export interface ErrorText {
  readonly title: string;
  readonly detail: string;
}

/**
 * How one refusal is answered.
 *
 * `counts` says what the refusal costs the caller: `input` (bytes that no working client sends) counts against the
 * connection and its address; `attempt` (perhaps a guess or a forgery) against the address only; `no` is free, because
 * the refusal is part of ordinary use or is already paced by a lock, a limit or the server's own state.
 */
export type ErrorForm = Readonly<Record<Language, ErrorText>> & {
  readonly tcp: TcpStatus;
  readonly http: number;
  readonly counts: 'input' | 'attempt' | 'no';
};

function form(
  tcp: TcpStatus,
  http: number,
  counts: ErrorForm['counts'],
  en: TextPair,
  es: TextPair,
): ErrorForm {
  return Object.freeze({
    tcp,
    http,
    counts,
    en: { title: en[0], detail: en[1] },
    es: { title: es[0], detail: es[1] },
  });
}
type TextPair = readonly [title: string, detail: string];

/** The one table of errors: a `RefusalCode` without a row does not compile. */
export const ERRORS: Readonly<Record<RefusalCode, ErrorForm>> = Object.freeze({
  // the message itself
  line_too_long: form(
    'ERROR',
    413,
    'input',
    ['The message is too long', 'Send a shorter one; the connection closes.'],
    ['El mensaje es demasiado largo', 'Envíe uno más corto; la conexión se cierra.'],
  ),
  json_invalid: form(
    'ERROR',
    400,
    'input',
    ['The message is not valid JSON', 'Send one JSON object in UTF-8; over TCP, on a line of its own.'],
    ['El mensaje no es JSON válido', 'Envíe un objeto JSON en UTF-8; por TCP, en una línea propia.'],
  ),
  message_invalid: form(
    'ERROR',
    400,
    'input',
    [
      'A key is missing, of the wrong type or out of bounds',
      'Correct the key that is named and send it again.',
    ],
    [
      'Falta una clave, o su tipo o su valor no es válido',
      'Corrija la clave indicada y envíe el mensaje otra vez.',
    ],
  ),
  action_unknown: form(
    'ERROR',
    404,
    'input',
    ['There is no such action', 'Use one that the protocol describes.'],
    [
      'No existe esa acción',
      'Use register, login, pet_transaccion, transaccion, logout, reanudar, identidad, mensaje o bandeja como valor de accion.',
    ],
  ),
  errors_too_many: form(
    'ERROR',
    429,
    'no',
    ['Too many errors on this connection', 'It closes: correct the client and connect again.'],
    ['Demasiados errores en esta conexión', 'Se cierra: corrija el cliente y vuelva a conectar.'],
  ),
  headers_too_long: form(
    'ERROR',
    431,
    'input',
    ['The header fields are too long', 'Send shorter ones; the connection closes.'],
    ['Las cabeceras son demasiado largas', 'Envíelas más cortas; la conexión se cierra.'],
  ),
  request_too_slow: form(
    'ERROR',
    408,
    'input',
    ['The request did not arrive in time', 'Send it faster; the connection closes.'],
    ['La petición no llegó a tiempo', 'Envíela más deprisa; la conexión se cierra.'],
  ),
  resource_unknown: form(
    'ERROR',
    404,
    'attempt',
    ['There is nothing here', 'Check the address; the API is described at /docs.'],
    ['Aquí no hay nada', 'Compruebe la dirección; la API se describe en /docs.'],
  ),
  method_not_allowed: form(
    'ERROR',
    405,
    'input',
    ['This method does not fit here', 'Use one that the Allow header names.'],
    ['Ese método no vale aquí', 'Use uno de los que indica la cabecera Allow.'],
  ),
  content_type_unsupported: form(
    'ERROR',
    415,
    'input',
    [
      'The body is not of a type that is read here',
      'Send JSON as application/json, without a Content-Encoding.',
    ],
    ['El cuerpo no es de un tipo que se lea aquí', 'Envíe JSON como application/json, sin Content-Encoding.'],
  ),
  cursor_invalid: form(
    'ERROR',
    400,
    'attempt',
    ['The cursor is not one of this list', 'Use the one that the page before gave, unchanged.'],
    ['El cursor no es de esta lista', 'Use el que dio la página anterior, sin cambios.'],
  ),
  streams_too_many: form(
    'ERROR',
    429,
    'no',
    ['Too many event streams are open', 'Close some, or connect again later.'],
    ['Hay demasiados flujos de eventos abiertos', 'Cierre alguno o vuelva a conectar más tarde.'],
  ),

  // the caller
  session_required: form(
    'ERROR',
    401,
    'input',
    ['There is no session', 'Log in first.'],
    ['No hay sesión iniciada', 'Inicie sesión primero.'],
  ),
  session_ended: form(
    'ERROR',
    401,
    'attempt',
    ['The session has ended', 'Log in again.'],
    ['La sesión ha terminado', 'Inicie sesión de nuevo.'],
  ),
  service_key_expired: form(
    'ERROR',
    401,
    'attempt',
    ['The API key has expired', 'Ask an administrator for a new key of the service, and use that.'],
    ['La clave de API ha caducado', 'Pida a un administrador una clave nueva del servicio y use esa.'],
  ),
  credentials_invalid: form(
    'ERROR',
    401,
    'attempt',
    ['The user name, the password or the code is wrong', 'Check them and try again.'],
    ['El usuario, la contraseña o el código no es correcto', 'Compruébelos e inténtelo otra vez.'],
  ),
  transactions_waiting: form(
    'ERROR',
    409,
    'input',
    [
      'Transactions of this user still wait for a decision',
      'Decide or cancel them, or wait until they expire; then erase the user.',
    ],
    [
      'Hay transacciones de este usuario que aún esperan una decisión',
      'Decídalas o cancélelas, o espere a que caduquen; después borre al usuario.',
    ],
  ),
  username_taken: form(
    'ERROR',
    409,
    'attempt',
    ['The user name is taken', 'Choose another one.'],
    ['El nombre de usuario ya existe', 'Elija otro.'],
  ),
  username_invalid: form(
    'ERROR',
    422,
    'input',
    [
      'The user name cannot be used',
      'Choose a shorter one, without control characters or blanks at its ends.',
    ],
    [
      'El nombre de usuario no se puede usar',
      'Elija uno más corto, sin caracteres de control ni espacios al principio o al final.',
    ],
  ),
  password_too_short: form(
    'ERROR',
    422,
    'no',
    ['The password is too short', 'Choose a longer one.'],
    ['La contraseña es demasiado corta', 'Elija una más larga.'],
  ),
  password_too_long: form(
    'ERROR',
    422,
    'input',
    ['The password is too long', 'Choose a shorter one.'],
    ['La contraseña es demasiado larga', 'Elija una más corta.'],
  ),
  registration_closed: form(
    'ERROR',
    403,
    'attempt',
    ['Registration is closed', 'Ask the operator for an account.'],
    ['El registro está cerrado', 'Pida una cuenta al operador.'],
  ),
  setup_code_invalid: form(
    'ERROR',
    403,
    'attempt',
    [
      'That set-up code is not good',
      'It works once, within an hour of the first start, while there is no administrator.',
    ],
    [
      'Ese código de configuración no vale',
      'Sirve una vez, durante la hora que sigue al primer arranque y mientras no haya administrador.',
    ],
  ),
  user_unknown: form(
    'ERROR',
    404,
    'attempt',
    ['There is no such user', 'Check the name.'],
    ['No existe ese usuario', 'Compruebe el nombre.'],
  ),
  user_disabled: form(
    'ERROR',
    403,
    'attempt',
    ['The user is disabled', 'Ask the operator to enable it.'],
    ['El usuario está desactivado', 'Pida al operador que lo active.'],
  ),
  caller_wrong: form(
    'ERROR',
    403,
    'attempt',
    ['This is for another kind of caller', 'Users send their access token, services their key.'],
    ['Esto es para otro tipo de cliente', 'Los usuarios envían su token de acceso; los servicios, su clave.'],
  ),
  own_account: form(
    'ERROR',
    403,
    'no',
    ['Nobody does this to their own account', 'Ask another administrator, or the operator.'],
    ['Nadie hace esto con su propia cuenta', 'Pídalo a otro administrador o al operador.'],
  ),
  session_unknown: form(
    'ERROR',
    404,
    'attempt',
    ['There is no such session', 'It may have ended.'],
    ['No existe esa sesión', 'Puede que haya terminado.'],
  ),
  session_scope: form(
    'ERROR',
    403,
    'attempt',
    ['This is not for a virtual token’s session', 'Log in.'],
    ['Esto no está al alcance de la sesión de un token virtual', 'Inicie sesión.'],
  ),
  csrf_invalid: form(
    'ERROR',
    403,
    'attempt',
    ['The CSRF header is missing or wrong', 'Send in X-CSRF-Token what the session answers as csrf_token.'],
    [
      'La cabecera contra CSRF falta o no es correcta',
      'Envíe en X-CSRF-Token el csrf_token que responde la sesión.',
    ],
  ),

  signature_invalid: form(
    'ERROR',
    401,
    'attempt',
    [
      'The request’s signature is not good',
      'Sign method, authority, path, query and content-digest anew (RFC 9421), as docs/messages.md describes.',
    ],
    [
      'La firma de la petición no es válida',
      'Firme de nuevo método, autoridad, ruta, consulta y content-digest (RFC 9421), como describe docs/messages.md.',
    ],
  ),
  content_digest_wrong: form(
    'ERROR',
    400,
    'attempt',
    ['The body is not the one that was signed', 'Send the body whose digest content-digest is, unchanged.'],
    ['El cuerpo no es el que se firmó', 'Envíe sin cambios el cuerpo cuyo resumen es content-digest.'],
  ),

  // the pace
  locked: form(
    'ERROR',
    429,
    'no',
    ['Too many wrong attempts', 'Wait for the time given: nothing is evaluated before it.'],
    ['Demasiados intentos fallidos', 'Espere el tiempo indicado: antes no se evalúa ningún intento.'],
  ),
  rate_limited: form(
    'ERROR',
    429,
    'no',
    ['Too many requests', 'Wait for the time given and try again.'],
    ['Demasiadas peticiones', 'Espere el tiempo indicado e inténtelo otra vez.'],
  ),
  connections_too_many: form(
    'ERROR',
    503,
    'no',
    ['Too many connections', 'Close some, or connect again later.'],
    ['Demasiadas conexiones', 'Cierre alguna o vuelva a conectar más tarde.'],
  ),
  busy: form(
    'ERROR',
    503,
    'no',
    ['The server is busy', 'Nothing was done: try again after the time given.'],
    ['El servidor está ocupado', 'No se ha hecho nada: inténtelo otra vez tras el tiempo indicado.'],
  ),
  backup_folder_invalid: form(
    'ERROR',
    400,
    'input',
    ['This folder can take no backup', 'Name a new or empty folder outside the data folder.'],
    ['Esta carpeta no puede recibir una copia', 'Indique una carpeta nueva o vacía fuera de la de datos.'],
  ),
  sink_unknown: form(
    'ERROR',
    404,
    'no',
    ['This server has no such sink of events', 'The detail lists those it has.'],
    ['Este servidor no tiene ese destino de eventos', 'El detalle enumera los que tiene.'],
  ),
  sink_elsewhere: form(
    'ERROR',
    409,
    'no',
    ['Another process runs this sink of events', 'Ask the process that the detail names, or stop it first.'],
    [
      'Otro proceso lleva este destino de eventos',
      'Pídalo al proceso que nombra el detalle, o deténgalo antes.',
    ],
  ),
  sink_position_invalid: form(
    'ERROR',
    422,
    'no',
    ['The log has no such index', 'Name an index that the detail allows.'],
    ['El registro no tiene ese índice', 'Indique un índice que el detalle permita.'],
  ),
  backup_elsewhere: form(
    'ERROR',
    409,
    'no',
    [
      'This copies a SQLite file and a sealed file of keys alone',
      'Back up a PostgreSQL database and an HSM by their own tools: see docs/operations.md.',
    ],
    [
      'Esto solo copia un fichero SQLite y un fichero sellado de claves',
      'Copie la base PostgreSQL y el HSM con sus propias herramientas: vea docs/operations.md.',
    ],
  ),
  operation_cancelled: form(
    'ERROR',
    503,
    'no',
    [
      'The operation was cancelled',
      'It took too long, or its caller is gone: nothing is half done, begin it again.',
    ],
    [
      'Se ha cancelado la operación',
      'Tardó demasiado, o quien la pidió ya no está: nada queda a medias, empiece otra vez.',
    ],
  ),
  unavailable: form(
    'ERROR',
    503,
    'no',
    ['The service is unavailable', 'Try again after the time given, with the same idempotency key.'],
    [
      'El servicio no está disponible',
      'Inténtelo otra vez tras el tiempo indicado, con la misma clave de idempotencia.',
    ],
  ),
  shutting_down: form(
    'ERROR',
    503,
    'no',
    ['The server is stopping', 'Nothing was done: connect again and repeat the request.'],
    ['El servidor se está deteniendo', 'No se ha hecho nada: vuelva a conectar y repita la petición.'],
  ),

  // the transaction
  data_invalid: form(
    'ERROR',
    422,
    'input',
    [
      'The transfer cannot be read',
      'Send payer, payee and amount, separated by commas; a currency may follow.',
    ],
    [
      'La transferencia no se entiende',
      'Envíe ordenante, beneficiario e importe separados por comas; puede seguir la moneda.',
    ],
  ),
  account_invalid: form(
    'ERROR',
    422,
    'input',
    ['An account is not valid', 'Check payer and payee.'],
    ['Una cuenta no es válida', 'Compruebe el ordenante y el beneficiario.'],
  ),
  amount_invalid: form(
    'ERROR',
    422,
    'input',
    [
      'The amount is not valid',
      "Send a positive decimal with a point and no more decimals than the currency's.",
    ],
    [
      'El importe no es válido',
      'Envíe un decimal positivo, con punto y sin más decimales que los de la moneda.',
    ],
  ),
  currency_unknown: form(
    'ERROR',
    422,
    'input',
    ['The currency is unknown', 'Use an ISO 4217 code such as EUR.'],
    ['La moneda no se conoce', 'Use un código ISO 4217, como EUR.'],
  ),
  challenge_missing: form(
    'ERROR',
    422,
    'no',
    ['The transaction answers no challenge', 'Ask for a challenge first.'],
    ['La transacción no responde a ningún reto', 'Pida antes uno.'],
  ),
  challenge_unknown: form(
    'POSIBLE ATAQUE',
    403,
    'attempt',
    ['The challenge was not issued to this session', 'Refused. Ask for a new challenge.'],
    ['El reto no se emitió para esta sesión', 'Rechazada. Pida un reto nuevo.'],
  ),
  challenge_expired: form(
    'ERROR',
    410,
    'no',
    ['The challenge has expired', 'Ask for a new one.'],
    ['El reto ha caducado', 'Pida uno nuevo.'],
  ),
  challenge_spent: form(
    'POSIBLE ATAQUE',
    409,
    'attempt',
    ['The challenge was used before', 'Refused and recorded as a replay. Ask for a new challenge.'],
    ['El reto ya se usó', 'Rechazada y registrada como repetición. Pida un reto nuevo.'],
  ),
  mac_required: form(
    'ERROR',
    403,
    'no',
    ['This transaction needs a MAC', 'Send it with one.'],
    ['Esta transacción exige un MAC', 'Envíela con uno.'],
  ),
  mac_mismatch: form(
    'POSIBLE ATAQUE',
    403,
    'attempt',
    ['The MAC does not fit the transaction', 'Refused and recorded: someone may have changed it on the way.'],
    [
      'El MAC no corresponde a la transacción',
      'Rechazada y registrada: alguien pudo cambiarla en el camino.',
    ],
  ),
  code_required: form(
    'ERROR',
    403,
    'no',
    ['A code is needed', 'Send the one that the token shows.'],
    ['Hace falta un código', 'Envíe en codigo el que muestra su token.'],
  ),
  proof_required: form(
    'ERROR',
    401,
    'no',
    [
      'A fresh code or passkey is needed',
      'Show one in this session (POST /v1/sessions/current/proof), then ask again.',
    ],
    [
      'Hace falta un código o una llave de acceso recientes',
      'Muestre uno en esta sesión (POST /v1/sessions/current/proof) y repita la petición.',
    ],
  ),
  authenticator_required: form(
    'ERROR',
    403,
    'no',
    ['A token or a passkey is needed', 'Enrol one first: a password alone does not open this.'],
    ['Hace falta un token o una llave de acceso', 'Dé de alta uno antes: la contraseña sola no da paso.'],
  ),
  recovery_required: form(
    'ERROR',
    403,
    'no',
    [
      'This user has or had a token or passkey',
      'They show it themselves; if it is lost, two administrators recover the account, and wait.',
    ],
    [
      'Esta persona tiene o tuvo un token o una llave de acceso',
      'La muestra ella misma; si la perdió, dos administradores recuperan la cuenta, tras una espera.',
    ],
  ),
  recovery_pending: form(
    'ERROR',
    409,
    'no',
    ['A recovery is under way', 'Confirm it, cancel it, or wait for its time.'],
    ['Ya hay una recuperación en curso', 'Confírmela, cancélela o espere a su hora.'],
  ),
  recovery_unknown: form(
    'ERROR',
    404,
    'no',
    ['No recovery is under way', 'It may have been cancelled, used, or too old.'],
    ['No hay ninguna recuperación en curso', 'Quizá se canceló, ya se usó o caducó.'],
  ),
  recovery_unneeded: form(
    'ERROR',
    409,
    'no',
    ['This user needs no recovery', 'They have never had a token or passkey: invite a device.'],
    [
      'Esta persona no necesita recuperación',
      'Nunca tuvo un token ni una llave de acceso: invite un dispositivo.',
    ],
  ),
  second_administrator_required: form(
    'ERROR',
    403,
    'no',
    ['Another administrator must confirm it', 'Nobody confirms their own request.'],
    ['Debe confirmarla otro administrador', 'Nadie confirma lo que ha pedido.'],
  ),
  password_required: form(
    'ERROR',
    403,
    'no',
    [
      'The password of the account is needed',
      'An administrator made this invitation: give the password of its user as well.',
    ],
    [
      'Hace falta la contraseña de la cuenta',
      'La invitación es de un administrador: dé también la contraseña de su usuario.',
    ],
  ),
  reset_unknown: form(
    'ERROR',
    404,
    'attempt',
    [
      'There is no such password reset',
      'It may have been used, replaced, or have expired: ask an administrator for a new one.',
    ],
    [
      'No existe ese restablecimiento de contraseña',
      'Puede que se haya usado o sustituido, o que haya caducado: pida otro a un administrador.',
    ],
  ),
  bound_code_required: form(
    'ERROR',
    403,
    'no',
    ['This transaction needs a code bound to it', 'Let the token compute one over its payee and amount.'],
    [
      'Esta transacción exige un código ligado a ella',
      'Calcúlelo con su token sobre el beneficiario y el importe.',
    ],
  ),
  code_wrong: form(
    'ERROR',
    403,
    'attempt',
    [
      'The code is wrong',
      'Use the next code of the token; recovery codes and challenges serve once. For a transaction, check payee and amount.',
    ],
    [
      'El código no es correcto',
      'Use el código siguiente del token; los códigos de recuperación y los retos sirven una vez. En una transacción, compruebe beneficiario e importe.',
    ],
  ),
  code_spent: form(
    'ERROR',
    409,
    'attempt',
    ['The code was used before', 'Wait for the next one.'],
    ['El código ya se usó', 'Espere al siguiente.'],
  ),
  idempotency_mismatch: form(
    'ERROR',
    422,
    'no',
    ['The idempotency key belongs to another request', 'Use a new key for a new request.'],
    ['La clave de idempotencia pertenece a otra petición', 'Use una clave nueva para cada petición nueva.'],
  ),

  transaction_unknown: form(
    'ERROR',
    404,
    'no',
    ['There is no such transaction', 'Check its id.'],
    ['No existe esa transacción', 'Compruebe su identificador.'],
  ),
  transaction_decided: form(
    'ERROR',
    409,
    'no',
    ['The transaction has been decided', 'Ask for it to see how: nothing was changed.'],
    ['La transacción ya está decidida', 'Consúltela para ver cómo: nada ha cambiado.'],
  ),
  transactions_too_many: form(
    'ERROR',
    409,
    'no',
    ['Too many transactions wait for this user', 'Decide or cancel some first.'],
    ['Demasiadas transacciones esperan a este usuario', 'Decida o cancele antes alguna.'],
  ),
  receipt_unavailable: form(
    'ERROR',
    409,
    'no',
    ['There is no receipt of this transaction', 'Only what was approved has one.'],
    ['No hay recibo de esa transacción', 'Solo lo aprobado tiene recibo.'],
  ),
  not_sealed_yet: form(
    'ERROR',
    404,
    'no',
    ['The entry is not in the log yet', 'Ask again after the time given: entries are sealed each second.'],
    [
      'La entrada aún no está en el registro',
      'Vuelva a pedirla pasado el tiempo indicado: las entradas se sellan cada segundo.',
    ],
  ),

  // services
  service_unknown: form(
    'ERROR',
    404,
    'no',
    ['There is no such service', 'Check its name.'],
    ['No existe ese servicio', 'Compruebe su nombre.'],
  ),
  service_name_taken: form(
    'ERROR',
    409,
    'no',
    ['The name of the service is taken', 'Choose another.'],
    ['El nombre del servicio está ocupado', 'Elija otro.'],
  ),
  service_invalid: form(
    'ERROR',
    422,
    'no',
    ['The service cannot be made like this', 'See the detail.'],
    ['El servicio no puede crearse así', 'Vea el detalle.'],
  ),
  service_key_unknown: form(
    'ERROR',
    404,
    'no',
    ['The service has no such key', 'Check its id: it may have been revoked already.'],
    ['El servicio no tiene esa clave', 'Compruebe su identificador: puede que ya esté revocada.'],
  ),
  service_key_last: form(
    'ERROR',
    409,
    'no',
    ['It is the only key of the service', 'Make a new one first, or disable the service.'],
    ['Es la única clave del servicio', 'Cree antes una nueva, o desactive el servicio.'],
  ),
  scope_missing: form(
    'ERROR',
    403,
    'no',
    ['The service may not do this', 'Give it the scope that the detail names.'],
    ['El servicio no puede hacer esto', 'Dele el permiso que indica el detalle.'],
  ),

  // webhooks
  webhook_unknown: form(
    'ERROR',
    404,
    'no',
    ['There is no such webhook', 'Check its id: it may have been deleted.'],
    ['No existe ese webhook', 'Compruebe su identificador: puede que se haya borrado.'],
  ),
  webhook_invalid: form(
    'ERROR',
    422,
    'no',
    ['The webhook cannot be like this', 'See the detail.'],
    ['El webhook no puede ser así', 'Vea el detalle.'],
  ),
  webhook_address_refused: form(
    'ERROR',
    422,
    'no',
    [
      'Nothing is sent to that address',
      'Give a public https:// address, or name it in webhooks.private_addresses_allowed.',
    ],
    [
      'No se envía nada a esa dirección',
      'Dé una dirección https:// pública, o nómbrela en webhooks.private_addresses_allowed.',
    ],
  ),
  webhook_delivery_unknown: form(
    'ERROR',
    404,
    'no',
    ['There is no such delivery', 'The log keeps the latest ones alone.'],
    ['No existe ese envío', 'El registro solo guarda los últimos.'],
  ),
  webhooks_too_many: form(
    'ERROR',
    409,
    'no',
    ['There are too many webhooks, or too much is asked of this one', 'Delete one, or wait a moment.'],
    ['Hay demasiados webhooks, o se pide demasiado de este', 'Borre uno, o espere un momento.'],
  ),

  // web push
  push_off: form(
    'ERROR',
    409,
    'no',
    ['This server pushes no messages', 'Look at the token’s page for what waits.'],
    ['Este servidor no envía avisos', 'Vea en la página del token qué espera.'],
  ),
  push_subscription_invalid: form(
    'ERROR',
    422,
    'no',
    ['Messages cannot be pushed there', 'See the detail.'],
    ['No se pueden enviar avisos ahí', 'Vea el detalle.'],
  ),

  // tokens
  already_running: form(
    'ERROR',
    409,
    'no',
    ['It is running already', 'Wait until it ends.'],
    ['Ya está en marcha', 'Espere a que termine.'],
  ),
  tokens_too_many: form(
    'ERROR',
    409,
    'no',
    ['The user has too many tokens', 'Revoke one first.'],
    ['El usuario tiene demasiados tokens', 'Revoque uno antes.'],
  ),
  token_unknown: form(
    'ERROR',
    404,
    'attempt',
    ['There is no such token', 'Check its id.'],
    ['No existe ese token', 'Compruebe su identificador.'],
  ),
  token_not_pending: form(
    'ERROR',
    409,
    'no',
    ['The token does not wait for its first code', 'Enrol a new one if it is revoked.'],
    ['El token no espera su primer código', 'Dé de alta otro si está revocado.'],
  ),
  token_parameters_invalid: form(
    'ERROR',
    422,
    'input',
    ['The token cannot be of that kind', 'Check type, digits, period and algorithm.'],
    ['El token no puede ser así', 'Compruebe tipo, dígitos, periodo y algoritmo.'],
  ),
  token_parameters_ignored: form(
    'ERROR',
    422,
    'input',
    [
      'The app ignores the period, digits or algorithm of this token',
      'Its code is one of 6 digits, 30 seconds and SHA-1. Enrol again with those (period_s 30), or use an app that honours them. This try was not counted.',
    ],
    [
      'La aplicación no respeta el periodo, los dígitos o el algoritmo de este token',
      'Su código es de 6 dígitos, 30 segundos y SHA-1. Inscríbalo de nuevo así (period_s 30), o use una aplicación que los respete. Este intento no ha contado.',
    ],
  ),
  enrolment_unknown: form(
    'ERROR',
    404,
    'attempt',
    ['There is no such invitation', 'It may have been used or withdrawn: ask for a new one.'],
    ['No existe esa invitación', 'Puede que se haya usado o retirado: pida otra.'],
  ),
  enrolment_expired: form(
    'ERROR',
    409,
    'attempt',
    ['The invitation has expired', 'Ask for a new one.'],
    ['La invitación ha caducado', 'Pida otra.'],
  ),
  device_key_invalid: form(
    'ERROR',
    400,
    'input',
    ['The device key is not valid', 'Send a public key on P-256 as JWK.'],
    ['La clave del dispositivo no es válida', 'Envíe una clave pública en P-256 como JWK.'],
  ),
  dataset_unknown: form(
    'ERROR',
    404,
    'input',
    ['There is no such dataset or version', 'GET /v1/datasets lists them.'],
    ['No existe ese conjunto de datos o esa versión', 'GET /v1/datasets los enumera.'],
  ),
  dataset_exists: form(
    'ERROR',
    409,
    'input',
    ['There is a dataset of that name', 'Take another name, or make a new version of it.'],
    ['Ya hay un conjunto de datos con ese nombre', 'Elija otro nombre o cree una versión nueva.'],
  ),
  dataset_invalid: form(
    'ERROR',
    422,
    'input',
    ['The dataset cannot be like that', 'Correct what is named.'],
    ['El conjunto de datos no puede ser así', 'Corrija lo que se indica.'],
  ),
  dataset_destroyed: form(
    'ERROR',
    410,
    'no',
    [
      'The keys of this dataset or version were destroyed',
      'Nobody can make or reverse its surrogates again.',
    ],
    [
      'Las claves de este conjunto de datos o versión se destruyeron',
      'Nadie puede volver a crear ni revertir sus subrogados.',
    ],
  ),
  datasets_too_many: form(
    'ERROR',
    409,
    'no',
    ['There are as many datasets as there can be', 'Use domains within one dataset.'],
    ['Hay tantos conjuntos de datos como puede haber', 'Use dominios dentro de uno.'],
  ),
  dataset_versions_too_many: form(
    'ERROR',
    409,
    'no',
    ['The dataset has as many versions as it can have', 'Make a new dataset.'],
    ['El conjunto de datos tiene tantas versiones como puede tener', 'Cree otro conjunto de datos.'],
  ),
  domain_invalid: form(
    'ERROR',
    422,
    'input',
    [
      'The domain cannot be named like that',
      'Give 1 to 64 of A-Z, a-z, 0-9, dot, dash, underscore; the first a letter or digit.',
    ],
    [
      'El dominio no puede llamarse así',
      'De 1 a 64 de A-Z, a-z, 0-9, punto, guion y guion bajo; el primero, letra o cifra.',
    ],
  ),
  identifier_invalid: form(
    'ERROR',
    422,
    'input',
    [
      'An identifier cannot have a surrogate',
      'None was made. It is empty, no well-formed text, or not of the form that the mode needs.',
    ],
    [
      'Un identificador no puede tener subrogado',
      'No se ha creado ninguno. Está vacío, no es texto bien formado o no tiene la forma que exige el modo.',
    ],
  ),
  surrogate_invalid: form(
    'ERROR',
    422,
    'input',
    [
      'A surrogate does not authenticate',
      'None was turned back. It belongs to another dataset, version, domain or mode, or was changed.',
    ],
    [
      'Un subrogado no se autentica',
      'No se ha revertido ninguno. Es de otro conjunto de datos, versión, dominio o modo, o se alteró.',
    ],
  ),
  passkey_invalid: form(
    'ERROR',
    400,
    'attempt',
    ['The passkey could not be registered', 'Ask for new options and try again, on this site.'],
    ['No se pudo registrar la llave de acceso', 'Pida opciones nuevas e inténtelo otra vez, en este sitio.'],
  ),
  passkey_refused: form(
    'ERROR',
    401,
    'attempt',
    ['The passkey was not accepted', 'Try again, or log in with the password.'],
    ['No se aceptó la llave de acceso', 'Inténtelo otra vez, o inicie sesión con la contraseña.'],
  ),
  passkey_unknown: form(
    'ERROR',
    404,
    'attempt',
    ['There is no such passkey', 'Check its id.'],
    ['No existe esa llave de acceso', 'Compruebe su identificador.'],
  ),
  passkeys_too_many: form(
    'ERROR',
    409,
    'no',
    ['There are too many passkeys', 'Remove one.'],
    ['Hay demasiadas llaves de acceso', 'Elimine una.'],
  ),

  // identities and messages
  identity_unknown: form(
    'ERROR',
    404,
    'attempt',
    ['Nobody of that name has keys for messages', 'Check the name, or ask them to enrol their keys.'],
    [
      'Nadie con ese nombre tiene claves para mensajes',
      'Compruebe el nombre o pídale que dé de alta sus claves.',
    ],
  ),
  identity_key_invalid: form(
    'ERROR',
    422,
    'input',
    [
      'A key cannot be used',
      'Send two different public P-256 keys as JWK (RFC 7517), never the private part.',
    ],
    [
      'Una clave no se puede usar',
      'Envíe dos claves públicas P-256 distintas como JWK (RFC 7517), nunca la parte privada.',
    ],
  ),
  identity_key_taken: form(
    'ERROR',
    409,
    'attempt',
    ['A key is or was in use', 'Make new keys: each pair is enrolled once.'],
    ['Una clave está o estuvo en uso', 'Genere claves nuevas: cada par se da de alta una sola vez.'],
  ),
  identity_changed: form(
    'ERROR',
    409,
    'no',
    ['These are not the keys in force', 'Look at the keys in force and compare again.'],
    ['Estas no son las claves en vigor', 'Mire las claves en vigor y compare otra vez.'],
  ),
  vault_keys_unknown: form(
    'ERROR',
    409,
    'no',
    [
      'The vault holds no keys for messages of yours in force',
      'Have it make keys (POST /v1/identities/vault) and enrol them, or use the device that holds yours.',
    ],
    [
      'La bóveda no guarda claves para mensajes suyas en vigor',
      'Pídale que las genere (POST /v1/identities/vault) y delas de alta, o use el dispositivo que tiene las suyas.',
    ],
  ),
  message_unknown: form(
    'ERROR',
    404,
    'attempt',
    ['There is no such message to you', 'It may have expired or been deleted.'],
    ['No hay ningún mensaje así para usted', 'Puede haber caducado o haberse eliminado.'],
  ),
  message_form_invalid: form(
    'ERROR',
    422,
    'input',
    [
      'The message is not of the form that is relayed',
      'Seal it as docs/messages.md describes: one algorithm, no compression, no other headers.',
    ],
    [
      'El mensaje no tiene la forma que se transmite',
      'Séllelo como describe docs/messages.md: un solo algoritmo, sin compresión ni otras cabeceras.',
    ],
  ),
  message_repeated: form(
    'ERROR',
    409,
    'attempt',
    ['This message was sent before', 'It was not sent again. A new message has a jti of its own.'],
    ['Este mensaje ya se envió', 'No se ha enviado otra vez. Un mensaje nuevo lleva su propio jti.'],
  ),
  recipient_unknown: form(
    'ERROR',
    422,
    'attempt',
    [
      'A recipient’s key is not in the directory',
      'Look up their key again: it may have been replaced or revoked.',
    ],
    [
      'La clave de un destinatario no está en el directorio',
      'Búsquela de nuevo: puede haberse cambiado o revocado.',
    ],
  ),
  recipients_too_many: form(
    'ERROR',
    422,
    'input',
    ['There are too many recipients', 'Send the message to fewer people at a time.'],
    ['Hay demasiados destinatarios', 'Envíe el mensaje a menos personas cada vez.'],
  ),
  outbox_full: form(
    'ERROR',
    409,
    'no',
    ['Too many of your messages are kept', 'Wait until some expire.'],
    ['Se conservan demasiados mensajes suyos', 'Espere a que caduque alguno.'],
  ),
  inbox_full: form(
    'ERROR',
    409,
    'no',
    ['A recipient’s inbox has no room for it', 'Try again when they have read what waits there.'],
    ['El buzón de un destinatario no tiene sitio', 'Inténtelo otra vez cuando haya leído lo que le espera.'],
  ),
  delivery_receipt_invalid: form(
    'ERROR',
    422,
    'input',
    [
      'The receipt does not fit the message',
      'Sign it with your own key over this message, as docs/messages.md describes.',
    ],
    [
      'El acuse no corresponde al mensaje',
      'Fírmelo con su propia clave sobre este mensaje, como describe docs/messages.md.',
    ],
  ),
});
