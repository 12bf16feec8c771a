import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { CURRENCIES, currencyDecimals } from '../../../../../src/domain/money/currency.ts';
import type { BoundTransaction } from '../../transaction/bound-transaction.ts';
import { readOfflineTransaction } from '../../transaction/offline-transaction.ts';
import { type Typed, TypedTransaction } from '../../transaction/typed-transaction.ts';
import { Button } from '../parts/button.tsx';
import fieldStyles from '../parts/field.module.css';
import { Field, Labelled } from '../parts/field.tsx';
import form from '../parts/form.module.css';
import { Scanner } from '../parts/scanner.tsx';

/** Reads a transaction without a network: scanned, pasted or typed. Calls back with undefined if it is unreadable. */
export function OfflineEntry({
  onTransaction,
}: {
  readonly onTransaction: (transaction: BoundTransaction | TypedTransaction | undefined) => void;
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

/** Takes payee, amount and the number that stands for the challenge, as a person types them. */
function TypedForm({ onTransaction }: { readonly onTransaction: (transaction: TypedTransaction) => void }) {
  const { t, i18n } = useTranslation('token');
  const [typed, setTyped] = useState<Typed>({ payee: '', amount: '', currency: 'EUR', challenge: '' });
  const [wrong, setWrong] = useState<keyof Typed>();
  const element = useRef<HTMLFormElement>(null);
  const set = (name: keyof Typed) => (event: { readonly target: { readonly value: string } }) => {
    setTyped({ ...typed, [name]: event.target.value });
    setWrong(undefined);
  };
  const plain = { required: true, autoComplete: 'off', spellCheck: false, autoCapitalize: 'none' } as const;
  const errorOf = (name: keyof Typed) => (wrong === name ? t(`offline.wrong.${name}`) : undefined);
  return (
    <form
      ref={element}
      className={form.form}
      onSubmit={(event) => {
        event.preventDefault();
        const read = TypedTransaction.of(typed, currencyDecimals(typed.currency) ?? 0, i18n.language);
        if (typeof read !== 'string') return onTransaction(read);
        setWrong(read);
        element.current?.querySelector<HTMLInputElement>(`[name=${read}]`)?.focus();
      }}
    >
      <p>{t('offline.type_lead')}</p>
      <Field
        name="challenge"
        label={t('offline.number')}
        hint={t('offline.number_hint')}
        error={errorOf('challenge')}
        value={typed.challenge}
        inputMode="numeric"
        maxLength={20}
        onChange={set('challenge')}
        {...plain}
      />
      <Field
        name="payee"
        label={t('offline.payee')}
        error={errorOf('payee')}
        value={typed.payee}
        onChange={set('payee')}
        {...plain}
      />
      <Field
        name="amount"
        label={t('offline.amount')}
        hint={t('offline.amount_hint')}
        error={errorOf('amount')}
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
      <Button look="primary" wide type="submit">
        {t('offline.read')}
      </Button>
    </form>
  );
}
