import { useTranslation } from 'react-i18next';
import { useReason } from '../../account/use-reason.ts';
import type { Overview } from '../../api/operations.ts';
import { useNumber } from '../use-number.ts';
import { filtered } from './figures.tsx';
import styles from './overview.module.css';

/** Reasons of refusals, most frequent first, with bars in proportion to the counts. */
export function Refusals({ refusals }: { readonly refusals: Overview['refusals'] }) {
  const { t } = useTranslation('operator');
  const reasonOf = useReason();
  const number = useNumber();
  const most = refusals[0]?.count ?? 1;
  if (refusals.length === 0) return <p className={styles.quiet}>{t('overview.refusals_none')}</p>;
  return (
    <>
      <p className={styles.quiet}>{t('overview.refusals_intro')}</p>
      <ol className={styles.reasons}>
        {refusals.map(({ reason, count }) => (
          <li key={reason}>
            <a
              className={styles.reason}
              title={reason}
              href={filtered('journal', { span: 'hour', type: '*.refused,*.locked', reason })}
            >
              {reasonOf(reason)}
            </a>
            <span className="sello-figures">{number(count)}</span>
            <span
              className={styles.bar}
              style={{ width: `${Math.max(1, (100 * count) / most)}%` }}
              aria-hidden="true"
            />
          </li>
        ))}
      </ol>
    </>
  );
}
