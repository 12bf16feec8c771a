import Type from 'typebox';
import { type RotatedKeys, rotateKeys } from '../../../application/keys/rotate-keys.ts';
import { runExclusively } from '../../../application/upkeep/exclusive-operation.ts';
import { isRefusal } from '../../../domain/errors.ts';
import { preferredLanguage } from '../../../language/language.ts';
import { replayed } from '../idempotent-answer.ts';
import { route } from '../route.ts';
import { closed } from '../schema.ts';
import { actOf } from './admin-users.ts';

export const adminConfigurationRoutes = [
  route({
    method: 'GET',
    path: '/v1/admin/configuration',
    tag: 'administration',
    summary: 'The configuration in force',
    description:
      'Every key with its value, its source and what it is, in the language of `Accept-Language`. Secret values are left out.',
    caller: 'auditor',
    responses: {
      200: {
        description: 'Every key.',
        schema: closed({
          keys: Type.Array(
            closed({
              key: Type.String(),
              value: Type.Unknown(),
              source: Type.String({ description: 'default, file, environment or flag.' }),
              secret: Type.Boolean({ description: 'The value is secret and left out.' }),
              description: Type.String(),
            }),
          ),
        }),
      },
    },
    refusals: [],
    handle({ headers }, { settingsInForce }) {
      const language = preferredLanguage(`${headers['accept-language'] ?? ''}`);
      const keys = settingsInForce.map((each) => ({ ...each, description: each.description[language] }));
      return { status: 200, body: { keys } };
    },
  }),
  route({
    method: 'POST',
    path: '/v1/admin/keys/rotation',
    tag: 'administration',
    summary: 'Rotate the keys of the vault',
    description:
      'A new key-encryption key and signing key; every seed and MAC key is wrapped again, then the old key-encryption keys are destroyed, unless `keep_old`.',
    caller: 'admin',
    repeatable: true,
    body: closed({ keep_old: Type.Optional(Type.Boolean()) }),
    bodyExample: { keep_old: true },
    responses: {
      200: {
        description: 'Rotated.',
        schema: closed({
          version: Type.Integer(),
          rewrapped: Type.Integer(),
          damaged: Type.Integer({
            description: 'How many keys could not be unwrapped. If any, the old keys are kept.',
          }),
          old_destroyed: Type.Boolean(),
        }),
      },
    },
    refusals: ['busy', 'operation_cancelled'],
    async handle({ caller, body, path, idempotencyKey }, { context }) {
      const act = actOf(caller, { method: 'POST', path, body, idempotencyKey });
      const rotated = await runExclusively<RotatedKeys>(context, 'keys.rotate', (signal) =>
        rotateKeys(context, { keepOld: body.keep_old ?? false, signal }, act),
      );
      if (isRefusal(rotated)) return rotated;
      const { version, rewrapped, damaged, oldDestroyed } = rotated;
      return {
        status: 200,
        headers: replayed(rotated.repeated),
        body: { version, rewrapped, damaged, old_destroyed: oldDestroyed },
      };
    },
  }),
];
