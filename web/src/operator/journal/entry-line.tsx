import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import timeline from '../../account/timeline.module.css';
import { useReason } from '../../account/use-reason.ts';
import type { JournalEntry } from '../../api/operations.ts';
import { shownAmount } from '../../design/amount.ts';
import { RawText } from '../../design/raw-text.tsx';
import { shownTime } from '../../design/time.ts';
import { useLocale } from '../../i18n/texts.ts';
import { hashOf } from '../../routing/hash-route.ts';
import { useNumber } from '../use-number.ts';
import styles from './entry-line.module.css';
import { toneOf, wordOf } from './entry-types.ts';

/**
 * One journal entry: user, type, reason and time, and the whole body on request. With `hashes` it stands on the page
 * of its transaction and does not link there.
 */
export function EntryLine({ entry, hashes }: { readonly entry: JournalEntry; readonly hashes: boolean }) {
  const { t } = useTranslation('operator');
  const locale = useLocale();
  const number = useNumber();
  const reasonOf = useReason();
  const { body, hash, position } = entry;
  const { at, type, user, version, reason, detail, transaction } = body;
  const word = wordOf(type);
  const by = detail?.by === user ? undefined : detail?.by;
  const count = detail?.count;
  return (
    <li className={`${timeline.entry} ${styles.line}`} data-tone={toneOf(type)}>
      <p className={styles.what}>
        <span>{word ? t(`journal.types.${word}`) : type}</span>
        {!hashes && user !== '' && (
          <a className="sello-text" href={hashOf('operator', 'users', user)}>
            {user}
          </a>
        )}
        {!hashes && transaction && (
          <a
            className="sello-text sello-figures"
            href={hashOf('operator', 'transactions', user, transaction.id)}
          >
            {shownAmount(transaction.amount, transaction.currency, locale)} → {transaction.payee}
          </a>
        )}
      </p>
      {reason !== undefined && (
        <p className={styles.more}>
          {reasonOf(reason)} <code>{reason}</code>
        </p>
      )}
      {typeof count === 'number' && <p className={styles.more}>{t('journal.counted', { count })}</p>}
      {typeof by === 'string' && <p className={`${styles.more} sello-text`}>{t('journal.by', { by })}</p>}
      <p className={`${styles.time} sello-figures`}>
        <time dateTime={at}>{shownTime(at, locale)}</time> · {t('transactions.version', { version })}
        {position !== undefined && ` · ${t('transactions.position', { position: number(position) })}`}
      </p>
      {hashes && (
        <p className={styles.hash}>
          {t('transactions.hash')} <code>{hash}</code>
        </p>
      )}
      <Content entry={entry} withHash={!hashes} />
    </li>
  );
}

function Content({
  entry: { body, hash },
  withHash,
}: {
  readonly entry: JournalEntry;
  readonly withHash: boolean;
}) {
  const { t } = useTranslation('operator');
  const [open, setOpen] = useState(false);
  const { user, version } = body;
  const name = withHash ? 'journal.content' : 'journal.content_only';
  return (
    <details className={styles.content} onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary aria-label={t(`${name}_of`, { version, user })}>{t(name)}</summary>
      {open && (
        <>
          <RawText>{JSON.stringify(body, undefined, 2)}</RawText>
          {withHash && (
            <p className={styles.hash}>
              {t('transactions.hash')} <code>{hash}</code>
            </p>
          )}
        </>
      )}
    </details>
  );
}
