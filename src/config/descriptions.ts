import { type Text, text } from '../language/text.ts';
import type { ConfigKey } from './keys.ts';

/**
 * What each key of the configuration is, in Spanish; the English stands in the schema. A test compares the keys, and the
 * names in backticks, of both.
 */
const SPANISH_DESCRIPTIONS: Readonly<Record<string, string>> = {
  role: 'Qué es este proceso: `all` (TCP, REST, consola y el envío de eventos); `vault`: el único proceso que abre las claves de `vault_url`, para los servidores que lo nombran como suyo; `relay`: envía los eventos de un almacén PostgreSQL a sus destinos (a webhooks, donde los procesos comparten `vault_url`) y solo responde a `/healthz`, `/readyz` y `/metrics`; o `sealer`: sella el registro de una base de datos que comparten varios servidores y no escucha en ninguna parte.',
  profile:
    'Valores y respuestas para un uso. `psd2`: lo que las normas técnicas de autenticación reforzada de clientes (UE 2018/389, artículo 4) piden de los inicios de sesión: `session_idle_ms` es 300000 si no se indica, y uno rechazado no dice a nadie cuál de nombre, contraseña y código era incorrecto; cada uno cuenta como un intento.',
  data_dir:
    'La carpeta de todo lo que guarda este servidor: base de datos, claves selladas, socket. Se crea con modo 0700.',
  tcp_host: 'La dirección en la que escucha el protocolo TCP.',
  drain_delay_ms:
    'Cuánto tiempo sigue atendiendo un servidor al que se le pide parar, mientras `/readyz` dice que no, para que los balanceadores no le envíen nada nuevo. Detrás de HAProxy, como lo configura `sello deploy haproxy`: 1000.',
  tcp_port: 'El puerto del protocolo TCP; 0 toma uno libre.',
  http_host: 'La dirección en la que escucha HTTP.',
  http_port: 'El puerto de HTTP; 0 toma uno libre.',
  store_url:
    'Dónde se guardan las decisiones: `sqlite:` (en la carpeta de datos), `sqlite:PATH` o `postgres://USER:PASSWORD@HOST:PORT[,HOST:PORT…]/DATABASE[?sslmode=…]`, entre cuyas máquinas se busca la que acepta escrituras. Fuera de esta máquina `sslmode` es `verify-full` si no se indica otro.',
  store_password_file:
    'Un archivo con la contraseña del usuario de `store_url`; se descarta un fin de línea al final.',
  store_owner_url:
    'La base de datos como dueño de sus tablas, solo para `sello migrate`: entonces el usuario de `store_url` no puede borrar ninguna entrada del diario ni cambiar su hash o su lugar.',
  store_connections_max: 'Cuántas conexiones con PostgreSQL abre este servidor como máximo.',
  vault_url:
    'Dónde se guardan las claves: `file:` (selladas, en la carpeta de datos), `file:PATH`, `https://…` (un proceso de claves) o un HSM: `pkcs11:token=LABEL?module-path=LIBRARY` (RFC 7512; `serial=` si dos ranuras tienen la misma etiqueta, `object=` para el comienzo de las etiquetas de las claves, `x-unwrap-length=true` para el firmware de Luna que lo necesita).',
  vault_passphrase:
    'Abre el archivo sellado de claves. Si no se dan ni ella ni su archivo, se crea una en el primer inicio y se guarda en la carpeta de datos: sirve para probar Sello, no para producción.',
  vault_passphrase_file: 'Un archivo con `vault_passphrase`; se descarta un fin de línea al final.',
  vault_pin:
    'Con un almacén de claves `pkcs11:`: el PIN de la ranura del HSM. Se prueba una vez; uno equivocado no se vuelve a probar.',
  vault_pin_file: 'Un archivo con `vault_pin`; se descarta un fin de línea al final.',
  vault_custody:
    'Con un almacén de claves `pkcs11:`: `hsm` calcula cada MAC dentro del HSM, donde se desenvuelven y se quedan las claves de los usuarios; `cached` las desenvuelve en este proceso durante unos minutos, que es más rápido.',
  rate_limit_url:
    'Dónde cuentan los límites de frecuencia: `memory:` (cada servidor por su cuenta), `redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE]` o `rediss://…` (TLS), compartidos por todos los servidores. Mientras no se puede preguntar a Redis, cada servidor cuenta por su cuenta.',
  rate_limit_ca_file:
    'Quién firmó el certificado de un servidor `rediss://` (PEM), si no es ninguna de las autoridades del sistema.',
  vault_ca_file:
    'Con un almacén de claves `https://`: las autoridades (PEM) de su certificado. Este archivo y los dos siguientes se vuelven a leer con SIGHUP.',
  vault_cert_file: 'El certificado (PEM) por el que el proceso de claves conoce a este servidor.',
  vault_key_file: 'La clave privada (PEM) de ese certificado.',
  vault_host: 'Con `role: vault`: la dirección en la que escucha.',
  vault_port: 'Con `role: vault`: el puerto en el que escucha; 0 toma uno libre.',
  vault_tls_ca_file:
    'Con `role: vault`: las autoridades (PEM) de los certificados de quienes lo llaman. Este archivo y los dos siguientes se vuelven a leer con SIGHUP.',
  vault_tls_cert_file: 'Con `role: vault`: el certificado (PEM) que muestra a quienes lo llaman.',
  vault_tls_key_file: 'La clave privada (PEM) de ese certificado.',
  vault_callers:
    'Con `role: vault`: los nombres (DNS en el SAN o, si no hay, el CN) de los certificados cuyos portadores pueden usar las claves. Nadie más puede.',
  vault_key_managers:
    'Con `role: vault`: los nombres de quienes además pueden crear claves, volver a envolver con ellas y destruirlas, como hace una rotación.',
  currency_default: 'La moneda (ISO 4217) de una transacción que no nombra ninguna.',
  password_length_min: 'El mínimo de caracteres de una contraseña.',
  registration_open:
    'Puede registrarse cualquiera que pueda conectarse. Si no: solo `sello user create` crea usuarios.',
  session_ttl_ms: 'Cuánto dura una sesión.',
  session_idle_ms:
    'Cuánto puede estar sin uso una sesión antes de terminar; 0: todo lo que dura. Lo que una página pide por sí misma no es uso. Con `profile: psd2`: 300000 si no se indica.',
  idempotency_ttl_ms: 'Cuánto se guarda una respuesta para una clave de idempotencia repetida.',
  device_session_ttl_ms: 'Cuánto puede seguir en uso un token virtual sin darse de alta de nuevo.',
  enrolment_ttl_ms: 'Cuánto tiempo se puede usar una invitación para dar de alta un token.',
  token_issuer:
    'Quién emite los tokens, como lo muestran las aplicaciones de autenticación: el nombre por el que le conocen los usuarios.',
  enrolment_code_required:
    'Quien ha revocado todos sus tokens y llaves de acceso necesita una invitación de un administrador para dar de alta otro. Si no: eso vale para las sesiones que no han mostrado ninguno. Junto a un token o una llave que existe, cada uno nuevo pide siempre un código o una llave.',
  proof_ttl_ms:
    'Cuánto vale un código o una llave que mostró una sesión para lo que pide uno reciente: lo que cambian los administradores y la revocación de tokens.',
  recovery_wait_ms:
    'Cuánto después de confirmarla un segundo administrador permite una recuperación invitar un dispositivo, para un usuario que tenía un token o una llave de acceso. Se avisa al usuario, que puede anularla.',
  'lockout.attempts_max':
    'Intentos equivocados con la contraseña de un usuario, o con códigos de un mismo fin, hasta que se bloquean para quien los hizo: todos los desconocidos juntos, desde cualquier dirección; cada servicio; cada dispositivo o sesión conocidos.',
  'lockout.lock_ms':
    'El primer bloqueo; cada intento equivocado más lo duplica. La cuenta se reduce a la mitad cada dos horas sin ninguno (o cada `lock_ms_max`, si es más largo).',
  'lockout.lock_ms_max': 'El bloqueo más largo.',
  'keys.rotation_ms': 'Cada cuánto cambia la clave de los desafíos.',
  'keys.challenge_ttl_ms': 'Cuánto tiempo se puede responder a un desafío.',
  'policy.rules':
    'Qué pruebas necesita una transacción: la primera regla que encaja. `when` puede nombrar `payer`, `payee`, `amount_max`, `currency`, `user`, `role` (un texto o una lista); `amount_max` sin `currency` es de `currency_default` y no encaja con otra moneda. `require` enumera `session`, `mac`, `code`, `bound_code`, entre ellos `mac` o `bound_code`. Lo que no encaja en ninguna regla necesita un código ligado. Una transacción que espera se aprueba con un código ligado, sea cual sea su regla.',
  'policy.velocity':
    'Lo que puede mover un usuario en cualquier `window_ms`: `count_max` transacciones o `amount_max` en cada moneda de `currency` (de entrada `currency_default`). Más allá, y en cualquier otra moneda, se aplica además la última regla. Null: sin límite.',
  'policy.unbound_proofs_allowed':
    'Las reglas pueden no pedir ni `mac` ni `bound_code`. Entonces una sesión o un código simple aprueban cualquier beneficiario e importe que encaje, como los cambie quien esté en medio. Si no: una regla así impide el inicio.',
  'rate_limits.registrations.count_max': 'Cuántos registros puede hacer una dirección en `window_ms`.',
  'rate_limits.registrations.window_ms': 'La ventana para los registros de una dirección.',
  'rate_limits.log_ins.count_max': 'Cuántos inicios de sesión puede hacer una dirección en `window_ms`.',
  'rate_limits.log_ins.window_ms': 'La ventana para los inicios de sesión de una dirección.',
  'rate_limits.errors.count_max':
    'Cuántas peticiones que acaban en error puede hacer una dirección en `window_ms`.',
  'rate_limits.errors.window_ms': 'La ventana para las peticiones de una dirección que acaban en error.',
  'rate_limits.reversals.count_max':
    'Cuántas peticiones de un servicio que devuelven seudónimos a su valor puede hacer una dirección en `window_ms`.',
  'rate_limits.reversals.window_ms':
    'La ventana para las peticiones de un servicio, desde una dirección, que devuelven seudónimos a su valor.',
  'rate_limits.user_entries.count_max':
    'Cuántas entradas del diario que no son aprobaciones puede causar un usuario de una vez; se recuperan por igual a lo largo de `window_ms`. Más allá, las peticiones se rechazan y se cuentan.',
  'rate_limits.user_entries.window_ms': 'La ventana para las entradas de un usuario.',
  'rate_limits.address_entries.count_max':
    'Cuántas entradas del diario que no son aprobaciones puede causar una dirección de una vez; se recuperan por igual a lo largo de `window_ms`. Más allá, las peticiones se rechazan y se cuentan.',
  'rate_limits.address_entries.window_ms': 'La ventana para las entradas de una dirección.',
  'rate_limits.service_entries.count_max':
    'Cuántas entradas del diario que no son aprobaciones puede causar un servicio de una vez; se recuperan por igual a lo largo de `window_ms`. Más allá, las peticiones se rechazan y se cuentan.',
  'rate_limits.service_entries.window_ms': 'La ventana para las entradas de un servicio.',
  'messages.ttl_ms':
    'Cuánto se guarda un mensaje para sus destinatarios. Después se borra su contenido; queda constancia de que se envió.',
  'messages.inbox_count_max':
    'Cuántos mensajes pueden esperar en un buzón, de un mismo remitente la cuarta parte; y cuántos se guardan de un remitente.',
  'messages.inbox_bytes_max':
    'Los bytes de los mensajes que esperan en un buzón, y de los que se guardan de un remitente.',
  'webhooks.private_addresses_allowed':
    'Direcciones (o bloques CIDR) a las que se pueden enviar webhooks aunque no sean públicas, y sin TLS. Cualquier otra que sea loopback, privada, de enlace local, multicast o reservada se rechaza, lleve allí el nombre que lleve.',
  'webhooks.ca_file': 'Autoridades (PEM) de los certificados de los destinos, además de las públicas.',
  tcp_log_in_code_required:
    'Un inicio de sesión por TCP muestra un código (`codigo`) si el usuario tiene un token `totp` o `hotp` activo, como por REST. Si no, para los clientes de la primera versión: la contraseña sola abre esas sesiones, solo por TCP.',
  tcp_plaintext_allowed: 'TCP sin TLS en una dirección que no es loopback. Si no: allí se rechaza el inicio.',
  http_plaintext_allowed:
    'HTTP sin TLS en una dirección que no es loopback. Si no: allí se rechaza el inicio.',
  http_metrics_public: '`/metrics` es para cualquiera. Si no: solo para esta máquina y los administradores.',
  public_url:
    'Dónde encuentran los navegadores este servidor: los enlaces de alta y las llaves de acceso son solo para este origen. De entrada `http://localhost` (con TLS `https://localhost`) y `http_port`.',
  log_origin:
    'El nombre del registro de transparencia en sus puntos de control y en su clave de verificación. De entrada, el que tiene el registro; en uno nuevo, la máquina de `public_url`, o `localhost`. Otro nombre es otro registro para los testigos y para quien guarde un punto de control.',
  witness_urls:
    'Testigos (C2SP tlog-witness) que firman también cada punto de control del registro. Con su clave de verificación, cada firma se comprueba antes de guardarla; sin ella, se guarda como llegó. Un testigo que falla se reintenta y no retrasa nada.',
  'web_push.enabled':
    'Si se avisa a los navegadores cuyos usuarios lo piden de las transacciones que esperan, mientras la página del token está cerrada: por Web Push (RFC 8030, 8291, 8292), a través del servicio que eligió el navegador. Un aviso contiene el identificador de la transacción, ni beneficiario ni importe, y va cifrado para el navegador; el servicio sabe cuándo alguien tiene algo que aprobar.',
  'web_push.contact':
    'A quién puede avisar un servicio de problemas con estos mensajes (RFC 8292). Si no se indica, `public_url`, cuando es https.',
  'web_push.hosts':
    'Los servicios a los que se pueden enviar mensajes; `*.` vale por todo lo que hay debajo de un nombre. Si no se indica, los de Chromium, Firefox, Safari y Edge.',
  'web_push.private_addresses_allowed':
    'Direcciones (o bloques CIDR) que puede tener un servicio aunque no sean públicas, y sin TLS: para uno propio.',
  'archive.after_days':
    'Las entradas selladas más antiguas pasan de la base de datos a archivos comprimidos; sus hashes se quedan y todo sigue siendo demostrable. 0: ninguna, salvo que se ejecute `sello audit archive`.',
  'archive.folder':
    'La carpeta de esos archivos, de entrada `archive` en la carpeta de datos. De varios servidores archiva uno: deles una carpeta compartida, porque una entrada cuyo archivo falta se muestra sin su contenido.',
  log_public:
    'Las teselas, los puntos de control y las pruebas del registro son para cualquiera; solo contienen hashes. Si no: para administradores y auditores.',
  http_cors_origins:
    'Sitios cuyas páginas pueden llamar a la API REST desde un navegador. Vacío: solo el propio.',
  tls_cert_file: 'La cadena de certificados (PEM) del protocolo TCP y de HTTPS; se vuelve a leer con SIGHUP.',
  tls_key_file: 'La clave privada (PEM) de ese certificado.',
  proxy_trusted:
    'Proxies (direcciones o bloques CIDR) que dicen la dirección del cliente: por TCP con el protocolo PROXY v2, por HTTP con X-Forwarded-For.',
  'events.types':
    'Qué entradas del diario salen como eventos: tipos, `transaction.*` para todos los que empiezan así, `*` para todos. En Pulsar, una marca con índice y hash ocupa el lugar de las demás, para que no falte ningún índice.',
  'events.fields_omitted':
    'Miembros de `transaction` y `detail` que se dejan fuera de los eventos, como los números de cuenta: `["payer", "payee"]`. El hash de un evento sigue siendo el de la entrada entera.',
  'syslog.address':
    'Un servidor de registros al que se envía cada evento (RFC 5424 sobre TLS, RFC 5425), como `tls://logs.example:6514`. `tcp://` es lo mismo sin TLS, para loopback. Null: ninguno.',
  'syslog.format':
    'Qué contiene un mensaje: datos `structured` con un texto breve, el Common Event Format, u OCSF 1.3 como JSON.',
  'syslog.ca_file':
    'Quién firmó el certificado del servidor de registros (PEM), si no es ninguna de las autoridades del sistema; se vuelve a leer en cada conexión.',
  'syslog.enterprise_number':
    'El número de empresa privada en el nombre de los datos estructurados, `sello@32473`: de entrada, el de la RFC 5612 para ejemplos. Indique el suyo de la IANA.',
  'pulsar.service_url':
    'El servicio web de un clúster de Apache Pulsar, en cuyo tema se publica cada evento. Null: ninguno. Su servicio WebSocket debe estar activado, como lo está en un broker independiente.',
  'pulsar.topic':
    'El tema. Tiene una partición y deduplicación, y se crea con una donde no existe. El nombre puede acabar en la partición: `…-partition-0`.',
  'pulsar.token_file':
    'Un archivo con el token (JWT) que pide el clúster; se vuelve a leer en cada conexión. Se descarta un fin de línea al final.',
  'pulsar.ca_file':
    'Quién firmó el certificado del clúster (PEM), si no es ninguna de las autoridades del sistema; se vuelve a leer en cada conexión.',
  log_level: 'La línea de registro menos grave que se escribe (en stderr, JSON).',
  language: 'El idioma de lo que muestran las órdenes; de entrada, el de `LC_ALL`, `LC_MESSAGES` o `LANG`.',
  lab_enabled:
    'Los administradores pueden ejecutar los ataques del laboratorio desde la consola, con usuarios de usar y tirar. Necesita `lab_allowed`.',
  lab_allowed: 'Los ataques de `sello lab` se pueden ejecutar contra este servidor, en loopback.',
};

/** What a key is, in every language. */
export function descriptionOf({ key, schema }: ConfigKey): Text {
  return text(schema.description, SPANISH_DESCRIPTIONS[key] ?? schema.description);
}
