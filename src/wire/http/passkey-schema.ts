import type { AuthenticationResponseJSON, RegistrationResponseJSON } from '@simplewebauthn/server';
import Type, { type Static } from 'typebox';
import { closed, named } from './schema.ts';

const Bytes = (maxLength: number) => Type.String({ pattern: '^[A-Za-z0-9_-]*$', maxLength });
const CredentialId = Type.String({ pattern: '^[A-Za-z0-9_-]+$', minLength: 1, maxLength: 1_364 });
const Extensions = Type.Record(Type.String(), Type.Unknown(), { maxProperties: 16 });
const Attachment = Type.Optional(Type.Enum(['platform', 'cross-platform']));

const envelope = {
  id: CredentialId,
  rawId: CredentialId,
  type: Type.Literal('public-key'),
  authenticatorAttachment: Attachment,
  clientExtensionResults: Extensions,
};

export const RegistrationResponse = named(
  'PasskeyRegistrationResponse',
  closed(
    {
      ...envelope,
      response: closed({
        clientDataJSON: Bytes(2_048),
        attestationObject: Bytes(8_192),
        authenticatorData: Type.Optional(Bytes(4_096)),
        publicKey: Type.Optional(Bytes(2_048)),
        publicKeyAlgorithm: Type.Optional(Type.Integer()),
        transports: Type.Optional(Type.Array(Type.String({ maxLength: 32 }), { maxItems: 8 })),
      }),
    },
    { description: 'RegistrationResponseJSON of WebAuthn section 5.1.' },
  ),
);

export const AuthenticationResponse = named(
  'PasskeyAuthenticationResponse',
  closed(
    {
      ...envelope,
      response: closed({
        clientDataJSON: Bytes(2_048),
        authenticatorData: Bytes(2_048),
        signature: Bytes(1_024),
        userHandle: Type.Optional(Bytes(128)),
      }),
    },
    { description: 'AuthenticationResponseJSON of WebAuthn section 5.1.' },
  ),
);

const CLIENT_DATA = Buffer.from(
  '{"type":"webauthn.get","challenge":"","origin":"https://sello.example"}',
).toString('base64url');

export const REGISTRATION_EXAMPLE = {
  ...{ id: 'c2VsbG8', rawId: 'c2VsbG8', type: 'public-key', clientExtensionResults: {} },
  response: { clientDataJSON: CLIENT_DATA, attestationObject: 'oGNmbXRkbm9uZQ', transports: ['internal'] },
};

export const AUTHENTICATION_EXAMPLE = {
  ...{ id: 'c2VsbG8', rawId: 'c2VsbG8', type: 'public-key', clientExtensionResults: {} },
  response: { clientDataJSON: CLIENT_DATA, authenticatorData: 'AA', signature: 'AA', userHandle: 'MQ' },
};

/** The members that the library needs and checks; leaves out extensions and transports. */
export function registrationOf(given: Static<typeof RegistrationResponse>): RegistrationResponseJSON {
  const { id, rawId, type, response } = given;
  const { clientDataJSON, attestationObject } = response;
  return { id, rawId, type, response: { clientDataJSON, attestationObject }, clientExtensionResults: {} };
}

export function authenticationOf(given: Static<typeof AuthenticationResponse>): AuthenticationResponseJSON {
  const { id, rawId, type, response } = given;
  const { clientDataJSON, authenticatorData, signature, userHandle } = response;
  return {
    ...{ id, rawId, type, clientExtensionResults: {} },
    response: {
      ...{ clientDataJSON, authenticatorData, signature },
      ...(userHandle === undefined ? {} : { userHandle }),
    },
  };
}
