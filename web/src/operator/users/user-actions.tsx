import { Button } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { idempotencyKey } from '../../api/api.ts';
import type { User } from '../../api/operations.ts';
import { ProblemNote } from '../../design/problem-note.tsx';
import { api } from '../../session/server.ts';
import { useSession } from '../../session/session-gate.tsx';
import { Confirm } from '../../shell/confirm.tsx';
import { Card } from '../../shell/page.tsx';
import { InvitationDialog } from './invitation-dialog.tsx';
import { ResetDialog } from './reset-dialog.tsx';
import styles from './users.module.css';

const ACTS = {
  unlock: 'POST /v1/admin/users/{id}/unlock',
  disable: 'POST /v1/admin/users/{id}/disable',
  enable: 'POST /v1/admin/users/{id}/enable',
  erase: 'POST /v1/admin/users/{id}/erase',
} as const;
const DONE = {
  unlock: 'unlocked',
  disable: 'disabled_done',
  enable: 'enabled_done',
  erase: 'erased_done',
} as const;

type Act = keyof typeof ACTS;

/** An administrator's actions on a user. */
export function UserActions({ user }: { readonly user: User }) {
  const { t } = useTranslation('operator');
  const { username: own } = useSession();
  const queryClient = useQueryClient();
  const [asking, setAsking] = useState<'disable' | 'erase'>();
  const [inviting, setInviting] = useState(false);
  const [resetting, setResetting] = useState(false);
  const { id, username, disabled } = user;
  const act = useMutation({
    mutationFn: (name: Act) => api(ACTS[name], { path: { id } }, { idempotencyKey: idempotencyKey() }),
    onSuccess() {
      setAsking(undefined);
      return queryClient.invalidateQueries({ queryKey: ['operator'] });
    },
  });
  const pending = (name: Act) => act.isPending && act.variables === name;
  return (
    <Card title={t('users.actions')}>
      <p className={styles.intro}>{t('users.actions_intro')}</p>
      <ul className={styles.acts}>
        <Line text={t('users.invite_text')}>
          <Button variant="default" onClick={() => setInviting(true)} disabled={disabled}>
            {t('users.invite')}
          </Button>
        </Line>
        {username !== own && (
          <Line text={t('users.reset_text')}>
            <Button variant="default" onClick={() => setResetting(true)} disabled={disabled}>
              {t('users.reset')}
            </Button>
          </Line>
        )}
        <Line text={t('users.unlock_text')}>
          <Button variant="default" loading={pending('unlock')} onClick={() => act.mutate('unlock')}>
            {t('users.unlock')}
          </Button>
        </Line>
        {disabled ? (
          <Line text={t('users.enable_text')}>
            <Button variant="default" loading={pending('enable')} onClick={() => act.mutate('enable')}>
              {t('users.enable')}
            </Button>
          </Line>
        ) : (
          <Line text={t('users.disable_text')}>
            <Button variant="light" color="red" onClick={() => setAsking('disable')}>
              {t('users.disable')}
            </Button>
          </Line>
        )}
        {username !== own && (
          <Line text={t('users.erase_text')}>
            <Button variant="light" color="red" onClick={() => setAsking('erase')}>
              {t('users.erase')}
            </Button>
          </Line>
        )}
      </ul>
      <p role="status" className={styles.done}>
        {act.isSuccess && t(`users.${DONE[act.variables]}`)}
      </p>
      {!asking && <ProblemNote error={act.error} />}
      <Confirm
        opened={asking === 'disable'}
        title={t('users.disable_title', { name: username })}
        text={t('users.disable_long', { name: username })}
        confirm={t('users.disable_confirm')}
        action={{ ...act, mutate: () => act.mutate('disable') }}
        onClose={() => setAsking(undefined)}
      >
        {username === own && <p className={styles.warning}>{t('users.disable_self')}</p>}
      </Confirm>
      <Confirm
        opened={asking === 'erase'}
        title={t('users.erase_title', { name: username })}
        text={t('users.erase_long', { name: username })}
        confirm={t('users.erase_confirm')}
        action={{ ...act, mutate: () => act.mutate('erase') }}
        onClose={() => setAsking(undefined)}
      />
      {inviting && <InvitationDialog user={user} onClose={() => setInviting(false)} />}
      {resetting && <ResetDialog user={user} onClose={() => setResetting(false)} />}
    </Card>
  );
}

function Line({ text, children }: { readonly text: string; readonly children: ReactNode }) {
  return (
    <li>
      <span>{text}</span>
      {children}
    </li>
  );
}
