import { useTranslation } from 'react-i18next';
import type { Overview } from '../../api/operations.ts';
import { useNumber } from '../use-number.ts';
import { filtered } from './figures.tsx';
import styles from './overview.module.css';

const QUEUES = [
  'decisions_waiting',
  'passwords_waiting',
  'requests_waiting',
  'event_streams',
  'http_connections',
  'tcp_connections',
] as const;

export function Queues({ overview: { queues, users } }: { readonly overview: Overview }) {
  const { t } = useTranslation('operator');
  const number = useNumber();
  const lines = [
    ...QUEUES.map((name) => [t(`overview.${name}`), queues[name]] as const),
    [t('overview.users_cached'), users.cached] as const,
  ];
  return (
    <dl className={styles.lines}>
      <div>
        <dt>{t('overview.users_locked')}</dt>
        <dd className="sello-figures">
          <a href={filtered('users', { state: 'locked' })}>{number(users.locked)}</a>
        </dd>
      </div>
      {lines.map(([name, count]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd className="sello-figures">{number(count)}</dd>
        </div>
      ))}
    </dl>
  );
}
