import { useTranslation } from 'react-i18next';
import type { User } from '../../api/operations.ts';
import { hashOf } from '../../routing/hash-route.ts';
import styles from './users.module.css';

/** As src/lab/throwaway-user.ts names them. */
const LAB_NAME = /^lab-[0-9a-f]{12}$/;

/** Whether a user was made by an attack of the lab, to be thrown away. */
export function isLabUser({ username }: Pick<User, 'username'>): boolean {
  return LAB_NAME.test(username);
}

/** The users that attacks of the lab made, apart from people. */
export function LabUsers({ users }: { readonly users: readonly User[] }) {
  const { t } = useTranslation('operator');
  if (users.length === 0) return null;
  return (
    <details className={styles.lab}>
      <summary>{t('users.lab', { count: users.length })}</summary>
      <p className={styles.intro}>{t('users.lab_intro')}</p>
      <ul>
        {users.map(({ id, username }) => (
          <li key={id}>
            <a href={hashOf('operator', 'users', username)}>{username}</a>
          </li>
        ))}
      </ul>
    </details>
  );
}
