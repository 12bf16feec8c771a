import { revokeIdentity } from '../../application/identities/revoke-identity.ts';
import { verifyIdentity } from '../../application/identities/verify-identity.ts';
import { refuse } from '../../domain/errors.ts';
import { operation, parameters } from './operation.ts';

const text = { type: 'string', minLength: 1 } as const;

/** The operator's name in the journal: whoever can run the command has the data folder. */
const OPERATOR = 'operator';

export const identityVerify = operation(
  parameters({ username: text, sign: text, seen: text }),
  async ({ application }, given) => {
    const { username } = given;
    return (await verifyIdentity(application.context, { ...given, by: OPERATOR })) ?? { username };
  },
);

export const identityRevoke = operation(
  parameters({ username: text }),
  async ({ application }, { username }) => {
    const { context } = application;
    const found = await context.store.findIdentity(username);
    if (!found) return refuse('identity_unknown');
    return (await revokeIdentity(context, found.userId)) ?? { username };
  },
);
