import { useTranslation } from 'react-i18next';
import { clientName } from '../../../../src/domain/client-name.ts';
import timeline from '../../account/timeline.module.css';
import { useReason } from '../../account/use-reason.ts';
import type { JournalEntry } from '../../api/operations.ts';
import { shownAmount } from '../../design/amount.ts';
import { shownTime } from '../../design/time.ts';
import { useLocale } from '../../i18n/texts.ts';
import { hashOf } from '../../routing/hash-route.ts';
import styles from './history-line.module.css';
import { sentenceOf } from './sentence.ts';

export function HistoryLine({ entry }: { readonly entry: JournalEntry }) {
  const { t } = useTranslation('console');
  const locale = useLocale();
  const reasonOf = useReason();
  const { at, version, type, detail, reason, transaction, user } = entry.body;
  const { name, tone, reasonTold } = sentenceOf(entry);
  const text = t(`history.events.${name}` as 'history.events.transaction_approved', {
    type,
    left: String(detail?.recovery_codes_left ?? ''),
    label: clientName(String(detail?.label ?? '')),
    amount: transaction ? shownAmount(transaction.amount, transaction.currency, locale) : '',
    payee: transaction?.payee ?? '',
  });
  const { count, by } = detail ?? {};
  const other = by === user ? undefined : by;
  return (
    <li className={timeline.entry} data-tone={tone}>
      <p className={`${styles.sentence} sello-text`}>
        {transaction && type.startsWith('transaction.') ? (
          <a href={hashOf('transfers', transaction.id)}>{text}</a>
        ) : (
          text
        )}
      </p>
      {reason !== undefined && !reasonTold && (
        <p className={styles.more}>{t('history.reason', { reason: reasonOf(reason) })}</p>
      )}
      {typeof count === 'number' && <p className={styles.more}>{t('history.count', { count })}</p>}
      {typeof other === 'string' && (
        <p className={`${styles.more} sello-text`}>{t('history.by', { by: other })}</p>
      )}
      <p className={`${styles.time} sello-figures`}>
        <time dateTime={at}>{shownTime(at, locale)}</time> · {t('history.entry', { version })}
      </p>
    </li>
  );
}
