import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { CURRENCIES } from '../../../../../src/domain/money/currency.ts';
import { BoundTransaction } from '../../transaction/bound-transaction.ts';
import { readOfflineTransaction } from '../../transaction/offline-transaction.ts';
import { Button } from '../parts/button.tsx';
import fieldStyles from '../parts/field.module.css';
import { Field, Labelled } from '../parts/field.tsx';
import form from '../parts/form.module.css';
import { Scanner } from '../parts/scanner.tsx';

/** Reads a transaction without a network: scanned, pasted or typed. Calls back with undefined if it is unreadable. */
export function OfflineEntry({
  onTransaction,
}: {
  readonly onTransaction: (transaction: BoundTransaction | undefined) => void;
}) {
  const { t } = useTranslation('token');
  const [way, setWay] = useState<'scan' | 'paste' | 'type'>('paste');
  const [text, setText] = useState('');
  return (
    <>
      <div className={form.actions}>
        {(['scan', 'paste', 'type'] as const).map((one) => (
          <Button
            key={one}
            look={way === one ? 'primary' : 'soft'}
            aria-pressed={way === one}
            onClick={() => setWay(one)}
          >
            {t(`offline.${one}`)}
          </Button>
        ))}
      </div>
      {way === 'scan' && (
        <Scanner
          onClose={() => setWay('paste')}
          onText={(found) => {
            setWay('paste');
            setText(found);
            onTransaction(readOfflineTransaction(found));
          }}
        />
      )}
      {way === 'type' ? (
        <TypedForm onTransaction={onTransaction} />
      ) : (
        <form
          className={form.form}
          onSubmit={(event) => {
            event.preventDefault();
            onTransaction(readOfflineTransaction(text));
          }}
        >
          <Labelled label={t('offline.text')}>
            {(ids) => (
              <textarea
                {...ids}
                className={fieldStyles.input}
                value={text}
                required
                spellCheck={false}
                onChange={(event) => setText(event.target.value)}
              />
            )}
          </Labelled>
          <Button look="primary" wide type="submit">
            {t('offline.read')}
          </Button>
        </form>
      )}
    </>
  );
}

function TypedForm({
  onTransaction,
}: {
  readonly onTransaction: (transaction: BoundTransaction | undefined) => void;
}) {
  const { t } = useTranslation('token');
  const [typed, setTyped] = useState({ payee: '', payer: '', amount: '', currency: 'EUR', challenge: '' });
  const set = (name: keyof typeof typed) => (event: { readonly target: { readonly value: string } }) =>
    setTyped({ ...typed, [name]: event.target.value });
  const plain = { required: true, autoComplete: 'off', spellCheck: false, autoCapitalize: 'none' } as const;
  return (
    <form
      className={form.form}
      onSubmit={(event) => {
        event.preventDefault();
        onTransaction(BoundTransaction.of({ ...typed, challenge: typed.challenge.replaceAll(/\s/g, '') }));
      }}
    >
      <Field label={t('offline.payee')} value={typed.payee} onChange={set('payee')} {...plain} />
      <Field label={t('offline.payer')} value={typed.payer} onChange={set('payer')} {...plain} />
      <Field
        label={t('offline.amount')}
        hint={t('offline.amount_hint')}
        value={typed.amount}
        inputMode="decimal"
        onChange={set('amount')}
        {...plain}
      />
      <Labelled label={t('offline.currency')}>
        {(ids) => (
          <select {...ids} className={fieldStyles.input} value={typed.currency} onChange={set('currency')}>
            {CURRENCIES.map((currency) => (
              <option key={currency}>{currency}</option>
            ))}
          </select>
        )}
      </Labelled>
      <Field
        label={t('offline.challenge')}
        hint={t('offline.challenge_hint')}
        value={typed.challenge}
        onChange={set('challenge')}
        {...plain}
      />
      <Button look="primary" wide type="submit">
        {t('offline.read')}
      </Button>
    </form>
  );
}
