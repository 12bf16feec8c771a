import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import type { User } from '../../api/operations.ts';
import { UsersIcon } from '../../design/icons.tsx';
import { shownTime } from '../../design/time.ts';
import { useDuration } from '../../design/use-duration.ts';
import { useNow } from '../../design/use-now.ts';
import { useLocale } from '../../i18n/texts.ts';
import { hashOf } from '../../routing/hash-route.ts';
import { useSession } from '../../session/session-gate.tsx';
import { Card, Empty, Page } from '../../shell/page.tsx';
import { Reading } from '../../shell/reading.tsx';
import { withFilters } from '../filters/hash-filters.ts';
import { Facts } from '../table/facts.tsx';
import { useNumber } from '../use-number.ts';
import { findUser } from './find-user.ts';
import { UserActions } from './user-actions.tsx';
import { UserHistory } from './user-history.tsx';
import { UserIdentity } from './user-identity.tsx';
import { UserState } from './user-state.tsx';
import { UserTokens } from './user-tokens.tsx';

export const userKey = (username: string) => ['operator', 'user', username] as const;

export function UserPage({ username }: { readonly username: string }) {
  const { t } = useTranslation('operator');
  const { role } = useSession();
  const query = useQuery({
    queryKey: userKey(username),
    queryFn: ({ signal }) => findUser(username, signal),
  });
  return (
    <Page title={username} back={['operator', 'users']}>
      <Reading query={query}>
        {(user) =>
          user === null ? (
            <Card>
              <Empty
                icon={<UsersIcon size={26} />}
                title={t('users.unknown_title')}
                text={t('users.unknown')}
              />
            </Card>
          ) : (
            <>
              <UserCard user={user} />
              <UserTokens user={user} />
              <UserIdentity username={username} mayAct={role === 'admin'} />
              {role === 'admin' && <UserActions user={user} />}
              <UserHistory username={username} />
            </>
          )
        }
      </Reading>
    </Page>
  );
}

function UserCard({ user }: { readonly user: User }) {
  const { t } = useTranslation('operator');
  const locale = useLocale();
  const number = useNumber();
  const { username, role, id, sessions, pending_transactions: pending, created_at: createdAt } = user;
  return (
    <Card>
      <Facts
        facts={[
          [t('users.state'), <UserState key="state" user={user} />],
          [t('users.role'), t(`users.role_${role}`)],
          [t('users.locks'), <Locks key="locks" user={user} />],
          [t('users.sessions'), number(sessions)],
          [t('users.pending'), number(pending)],
          [t('users.registered'), shownTime(createdAt, locale)],
          [t('users.id'), id],
        ]}
      />
      <Button
        component="a"
        variant="default"
        mt="lg"
        href={withFilters(hashOf('operator', 'transactions'), { user: username })}
      >
        {t('users.transactions')}
      </Button>
    </Card>
  );
}

function Locks({ user }: { readonly user: User }) {
  const { t } = useTranslation('operator');
  const duration = useDuration();
  const { password_locked_until: password, code_locked_until: code } = user;
  const now = useNow(1_000, password !== null || code !== null);
  const left = (until: string | null) => (until === null ? 0 : Date.parse(until) - now);
  const lines = [
    left(password) > 0 ? t('users.password_lock', { time: duration(left(password)) }) : undefined,
    left(code) > 0 ? t('users.code_lock', { time: duration(left(code)) }) : undefined,
  ].filter((line) => line !== undefined);
  return lines.length === 0 ? t('users.no_lock') : lines.map((line) => <div key={line}>{line}</div>);
}
