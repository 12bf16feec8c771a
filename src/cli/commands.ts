import { text } from '../language/text.ts';
import type { CommandTable } from './shell/command-module.ts';

/** Every command: `sello NAME` is in the folder NAME. */
export const COMMANDS: CommandTable = {
  serve: {
    summary: text('run the server', 'arrancar el servidor'),
    load: () => import('./serve/command.ts'),
  },
  config: {
    summary: text(
      'show the configuration in force and where each value came from',
      'mostrar la configuración en vigor y el origen de cada valor',
    ),
    load: () => import('./config/command.ts'),
  },
  doctor: {
    summary: text(
      'check all parts, and say how to mend what is wrong',
      'revisar todas las partes y decir cómo arreglar lo que falla',
    ),
    load: () => import('./doctor/command.ts'),
  },
  user: {
    summary: text(
      'create, list, disable, enable, unlock, remove users; set their passwords',
      'crear, listar, desactivar, activar, desbloquear y eliminar usuarios; poner contraseñas',
    ),
    load: () => import('./user/command.ts'),
  },
  token: {
    summary: text(
      'enrol, revoke and resynchronise tokens; make recovery codes; show codes',
      'dar de alta, revocar y resincronizar tokens; generar códigos de recuperación; mostrar códigos',
    ),
    load: () => import('./token/command.ts'),
  },
  service: {
    summary: text('create services and rotate their keys', 'crear servicios y rotar sus claves'),
    load: () => import('./service/command.ts'),
  },
  identity: {
    summary: text(
      'make, enrol, show, verify and revoke the keys of messages',
      'generar, dar de alta, mostrar, verificar y revocar las claves de mensajes',
    ),
    load: () => import('./identity/command.ts'),
  },
  message: {
    summary: text(
      'seal, open, sign and verify messages, without a server',
      'sellar, abrir, firmar y comprobar mensajes, sin servidor',
    ),
    load: () => import('./message/command.ts'),
  },
  witness: {
    summary: text(
      'sign the checkpoints of logs, and refuse one that forks',
      'firmar los puntos de control de registros, y rechazar uno que se bifurca',
    ),
    load: () => import('./witness/command.ts'),
  },
  webhook: {
    summary: text(
      'send the journal’s entries to addresses, signed; their secrets and delivery logs',
      'enviar las entradas del diario a direcciones, firmadas; sus secretos y registros de envío',
    ),
    load: () => import('./webhook/command.ts'),
  },
  transaction: {
    summary: text('send a transaction over TCP', 'enviar una transacción por TCP'),
    load: () => import('./transaction/command.ts'),
  },
  keys: {
    summary: text(
      'list and rotate the keys of the vault, change its passphrase',
      'listar y rotar las claves del almacén, cambiar su contraseña',
    ),
    load: () => import('./keys/command.ts'),
  },
  vault: {
    summary: text(
      'certificates for a vault process and its callers',
      'certificados para un proceso de claves y quienes lo usan',
    ),
    load: () => import('./vault/command.ts'),
  },
  audit: {
    summary: text('export and verify the journal', 'exportar y verificar el diario'),
    load: () => import('./audit/command.ts'),
  },
  relay: {
    summary: text(
      'show how far each sink of events has come, and set where it begins',
      'mostrar hasta dónde ha llegado cada destino de eventos y fijar dónde empieza',
    ),
    load: () => import('./relay/command.ts'),
  },
  receipt: {
    summary: text('verify a receipt offline', 'verificar un recibo sin conexión'),
    load: () => import('./receipt/command.ts'),
  },
  surrogates: {
    summary: text(
      'replace the identifiers of data sets by surrogates, and turn them back',
      'sustituir los identificadores de conjuntos de datos por subrogados, y deshacerlo',
    ),
    load: () => import('./surrogates/command.ts'),
  },
  backup: {
    summary: text(
      'copy all data while the server runs, and verify the copy',
      'copiar todos los datos con el servidor en marcha y verificar la copia',
    ),
    load: () => import('./backup/command.ts'),
  },
  restore: {
    summary: text(
      'verify a backup and put it into the data folder',
      'verificar una copia y ponerla en la carpeta de datos',
    ),
    load: () => import('./restore/command.ts'),
  },
  health: {
    summary: text(
      'whether the server here answers, for a supervisor',
      'si el servidor de aquí responde, para un supervisor',
    ),
    load: () => import('./health/command.ts'),
  },
  deploy: {
    summary: text(
      'make the files of a deployment: HAProxy, systemd, compose',
      'generar los ficheros de un despliegue: HAProxy, systemd, compose',
    ),
    load: () => import('./deploy/command.ts'),
  },
  migrate: {
    summary: text(
      'make or update the tables in PostgreSQL while servers run, and give the server its rights',
      'crear o actualizar las tablas en PostgreSQL con servidores en marcha, y dar sus permisos al servidor',
    ),
    load: () => import('./migrate/command.ts'),
  },
  demo: {
    summary: text(
      'a tour on a throw-away server: pay, attack, verify; in under a minute',
      'un recorrido por un servidor de usar y tirar: pagar, atacar, verificar; en menos de un minuto',
    ),
    load: () => import('./demo/command.ts'),
  },
  lab: {
    summary: text('attack a running server on purpose', 'atacar a propósito un servidor en marcha'),
    load: () => import('./lab/command.ts'),
  },
  completion: {
    summary: text(
      'print the completion script of a shell',
      'mostrar el guion de autocompletado de un intérprete',
    ),
    load: async () => (await import('./completion/command.ts')).completionOf(COMMANDS),
  },
};
