import assert from 'node:assert/strict';
import type { Context } from '../../src/application/context.ts';
import { proven } from '../../src/application/sessions/session.ts';

/** Makes a user's sessions what they are just after a code or passkey was shown in them, without an authenticator. */
export async function proveSessions({ decider, store }: Context, username: string): Promise<void> {
  const { userId } = (await store.findUser(username)) ?? assert.fail(username);
  await decider.submit({
    userId,
    decide: (user, { at }) => {
      const rows = (user?.sessions ?? []).flatMap((session) => proven(session, at));
      const state = user?.state ?? {};
      return { result: undefined, draft: { type: 'code.accepted', state, rows } };
    },
  });
}
