import { Button, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type Correspondent, readCorrespondent } from '../../../../src/client/messages/identity-keys.ts';
import { LIMITS } from '../../../../src/limits.ts';
import { idempotencyKey } from '../../api/api.ts';
import type { Identity } from '../../api/operations.ts';
import { isProblem } from '../../api/problem.ts';
import { ProblemNote } from '../../design/problem-note.tsx';
import { api } from '../../session/server.ts';
import { Confirm } from '../../shell/confirm.tsx';
import { Card } from '../../shell/page.tsx';
import { Reading } from '../../shell/reading.tsx';
import { Facts } from '../table/facts.tsx';
import styles from './users.module.css';

interface Shown {
  readonly identity: Identity;
  /** With the thumbprints as this page computes them. */
  readonly keys: Correspondent;
}

/** @returns null where the user has no keys in force */
async function findShown(user: string, signal: AbortSignal): Promise<Shown | null> {
  try {
    const identity = await api('GET /v1/identities/{user}', { path: { user } }, { signal });
    const keys = await readCorrespondent(identity);
    if (!keys) throw new Error('the server shows no keys');
    return { identity, keys };
  } catch (error) {
    if (isProblem(error, 'identity_unknown')) return null;
    throw error;
  }
}

/** A user's keys for messages: their level and thumbprints; an administrator records what they saw, and revokes them. */
export function UserIdentity({ username, mayAct }: { readonly username: string; readonly mayAct: boolean }) {
  const { t } = useTranslation('operator');
  const query = useQuery({
    queryKey: ['operator', 'identity', username],
    queryFn: ({ signal }) => findShown(username, signal),
  });
  return (
    <Card title={t('identity.title')}>
      <Reading query={query}>
        {(shown) =>
          shown === null ? (
            <p className={styles.intro}>{t('identity.none')}</p>
          ) : (
            <>
              <Facts
                facts={[
                  [t('identity.level'), t(`identity.level_${shown.identity.level}`)],
                  [t('identity.custody'), t(`identity.custody_${shown.identity.custody}`)],
                  [t('identity.sign'), shown.keys.signKey],
                  [t('identity.seal'), shown.keys.sealKey],
                ]}
              />
              {mayAct && <Acts username={username} sign={shown.keys.signKey} key={shown.keys.signKey} />}
            </>
          )
        }
      </Reading>
    </Card>
  );
}

function Acts({ username, sign }: { readonly username: string; readonly sign: string }) {
  const { t } = useTranslation('operator');
  const queryClient = useQueryClient();
  const [seen, setSeen] = useState('');
  const [revoking, setRevoking] = useState(false);
  const onSuccess = () => queryClient.invalidateQueries({ queryKey: ['operator'] });
  const verify = useMutation({
    mutationFn: () =>
      api(
        'POST /v1/admin/identities/{user}/verification',
        { path: { user: username }, body: { sign, seen: seen.trim() } },
        { idempotencyKey: idempotencyKey() },
      ),
    onSuccess() {
      setSeen('');
      return onSuccess();
    },
  });
  const revoke = useMutation({
    mutationFn: () => api('DELETE /v1/admin/identities/{user}', { path: { user: username } }),
    onSuccess() {
      setRevoking(false);
      return onSuccess();
    },
  });
  function submit(event: FormEvent) {
    event.preventDefault();
    verify.mutate();
  }
  return (
    <>
      <form onSubmit={submit}>
        <TextInput
          mt="lg"
          label={t('identity.seen')}
          description={t('identity.seen_hint', { name: username })}
          value={seen}
          required
          maxLength={LIMITS.identitySeenBytesMax}
          autoComplete="off"
          onChange={({ currentTarget }) => setSeen(currentTarget.value)}
        />
        <ProblemNote error={verify.error} />
        <Button type="submit" mt="md" mr="sm" loading={verify.isPending} disabled={seen.trim() === ''}>
          {t('identity.verify')}
        </Button>
        <Button variant="light" color="red" mt="md" onClick={() => setRevoking(true)}>
          {t('identity.revoke')}
        </Button>
      </form>
      <p role="status" className={styles.done}>
        {verify.isSuccess && t('identity.verified')}
      </p>
      <Confirm
        opened={revoking}
        title={t('identity.revoke_title', { name: username })}
        text={t('identity.revoke_long', { name: username })}
        confirm={t('identity.revoke')}
        action={revoke}
        onClose={() => setRevoking(false)}
      />
    </>
  );
}
