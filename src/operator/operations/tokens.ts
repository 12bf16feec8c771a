import { renewRecoveryCodes } from '../../application/codes/renew-recovery-codes.ts';
import { activateToken } from '../../application/tokens/activate-token.ts';
import { enrolToken } from '../../application/tokens/enrol-token.ts';
import { resynchroniseToken } from '../../application/tokens/resynchronise-token.ts';
import { enrolmentView, tokenView } from '../../application/tokens/token-view.ts';
import { revokeToken } from '../../application/users/administer-user.ts';
import { isRefusal, refuse } from '../../domain/errors.ts';
import { longestLockMs } from '../../domain/failed-attempts.ts';
import { decodeState } from '../../domain/user-state.ts';
import type { UserId } from '../../ports/store.ts';
import { done, type OperationTarget, operation, parameters, withUser } from './operation.ts';

const username = { type: 'string', minLength: 1 } as const;
const id = { type: 'string', minLength: 1, maxLength: 64 } as const;

export const tokenEnrol = operation(
  parameters(
    {
      username,
      type: { enum: ['totp', 'hotp', 'ocra'] },
      digits: { type: 'integer' },
      period_s: { type: 'integer' },
      algorithm: { enum: ['sha1', 'sha256', 'sha512'] },
      label: { type: 'string' },
    },
    ['digits', 'period_s', 'algorithm', 'label'],
  ),
  (target, given) =>
    withUser(target, given.username, async (userId) => {
      const { type, digits, period_s: periodS, algorithm, label } = given;
      const enrolled = await enrolToken(target.application.context, {
        userId,
        type,
        ...(digits === undefined ? {} : { digits }),
        ...(periodS === undefined ? {} : { periodS }),
        ...(algorithm === undefined ? {} : { algorithm }),
        ...(label === undefined ? {} : { label }),
      });
      if (isRefusal(enrolled)) return enrolled;
      const { tokenIssuer } = target.application.context.settings;
      return enrolmentView(enrolled.token, enrolled.seed, given.username, tokenIssuer);
    }),
);

export const tokenActivate = operation(
  parameters({ username, id, code: { type: 'string', minLength: 1, maxLength: 64 } }, ['id']),
  (target, given) =>
    withUser(target, given.username, async (userId) => {
      const { username, id: tokenId, code } = given;
      const token = await activateToken(target.application.context, {
        ...{ userId, code },
        ...(tokenId === undefined ? {} : { tokenId }),
      });
      return isRefusal(token) ? token : { username, id: token.tokenId, status: token.status };
    }),
);

async function tokensOf({ store, clock }: OperationTarget['application']['context'], userId: UserId) {
  const [record] = await store.load([userId], clock.now());
  return { rows: record?.tokens ?? [], state: record ? decodeState(record.state) : {} };
}

export const tokenList = operation(parameters({ username }), (target, given) =>
  withUser(target, given.username, async (userId) => {
    const { context } = target.application;
    const { rows, state } = await tokensOf(context, userId);
    const at = context.clock.now();
    const lockedMs = longestLockMs(state, 'code', at, context.settings.lockout);
    const tokens = rows.map((token) => tokenView(token, state, at, lockedMs));
    return { username: given.username, tokens };
  }),
);

export const tokenRevoke = operation(parameters({ username, id }), (target, given) =>
  withUser(target, given.username, (userId) =>
    done(given.username, revokeToken(target.application.context, userId, given.id)),
  ),
);

export const tokenRecoveryCodes = operation(parameters({ username }), (target, given) =>
  withUser(target, given.username, async (userId) => {
    const made = await renewRecoveryCodes(target.application.context, { userId });
    return isRefusal(made) ? made : { username: given.username, codes: made.codes };
  }),
);

export const tokenResync = operation(
  parameters(
    {
      username,
      id,
      first: { type: 'string', minLength: 1, maxLength: 64 },
      second: { type: 'string', minLength: 1, maxLength: 64 },
    },
    ['id'],
  ),
  (target, given) =>
    withUser(target, given.username, async (userId) => {
      const { context } = target.application;
      const counting = (await tokensOf(context, userId)).rows.filter(
        ({ type, status }) => type === 'hotp' && status === 'active',
      );
      const tokenId = given.id ?? (counting.length === 1 ? counting[0]?.tokenId : undefined);
      if (tokenId === undefined) {
        const ids = counting.map(({ tokenId }) => tokenId).join(', ');
        return refuse('token_unknown', counting.length === 0 ? {} : { detail: `one of ${ids}` });
      }
      const codes = [given.first, given.second] as const;
      const done = await resynchroniseToken(context, { userId, tokenId, codes });
      return isRefusal(done) ? done : { username: given.username, id: tokenId, ahead: done.ahead };
    }),
);
