import { Button, NativeSelect, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { CURRENCIES, currencyDecimals } from '../../../../src/domain/money/currency.ts';
import { idempotencyKey } from '../../api/api.ts';
import { ProblemNote } from '../../design/problem-note.tsx';
import { goTo } from '../../routing/use-route.ts';
import { api } from '../../session/server.ts';
import { Card, Page } from '../../shell/page.tsx';
import { TokenCall } from '../devices/token-call.tsx';
import styles from './new-transaction-page.module.css';
import { faultsOf, type TransactionDraft, transactionOf } from './transaction-form.ts';
import { useTransactions } from './use-transactions.ts';

const SUGGESTIONS_MAX = 8;
const ACCOUNTS = ['payer', 'payee'] as const;

export function NewTransactionPage() {
  const { t, i18n } = useTranslation('console');
  const locale = i18n.language;
  const { data: known = [] } = useTransactions();
  const [draft, setDraft] = useState<TransactionDraft>({ payer: '', payee: '', amount: '', currency: 'EUR' });
  const [tried, setTried] = useState(false);
  // One idempotency key for each content: a second press, or a repeat after a lost answer, requests it once.
  const key = useRef({ key: idempotencyKey(), content: '' });
  const request = useMutation({
    mutationFn() {
      const body = transactionOf(draft, locale);
      const content = JSON.stringify(body);
      if (key.current.content !== content) key.current = { key: idempotencyKey(), content };
      return api('POST /v1/transactions', { body }, { idempotencyKey: key.current.key });
    },
    onSuccess: ({ id }) => goTo('transfers', id),
  });
  const faults = tried ? faultsOf(draft, locale) : {};
  const change = (member: keyof TransactionDraft) => (value: string) =>
    setDraft({ ...draft, [member]: value });
  const suggest = (member: 'payer' | 'payee') =>
    [...new Set(known.map((each) => each[member]))].slice(0, SUGGESTIONS_MAX);
  const said = (member: keyof TransactionDraft) => {
    const fault = faults[member];
    return fault && t(`transactions.${fault}`, { decimals: currencyDecimals(draft.currency) ?? 0 });
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    const [wrong] = Object.keys(faultsOf(draft, locale));
    if (wrong === undefined) {
      if (!request.isPending) request.mutate();
    } else document.getElementById(`transaction-${wrong}`)?.focus();
  };
  return (
    <Page title={t('transactions.new_title')} intro={t('transactions.new_intro')} back={['transfers']} narrow>
      <TokenCall />
      <Card>
        <form className={styles.form} onSubmit={submit} noValidate>
          <TextInput
            id="transaction-payer"
            label={t('transactions.payer')}
            description={t('transactions.payer_hint')}
            value={draft.payer}
            onChange={({ currentTarget }) => change('payer')(currentTarget.value)}
            list="known-payers"
            error={said('payer')}
            maxLength={64}
            spellCheck={false}
            autoComplete="off"
            required
          />
          <TextInput
            id="transaction-payee"
            label={t('transactions.payee')}
            description={t('transactions.payee_hint')}
            value={draft.payee}
            onChange={({ currentTarget }) => change('payee')(currentTarget.value)}
            list="known-payees"
            error={said('payee')}
            maxLength={64}
            spellCheck={false}
            autoComplete="off"
            required
          />
          <div className={styles.money}>
            <TextInput
              id="transaction-amount"
              label={t('transactions.amount')}
              description={t('transactions.amount_hint')}
              inputWrapperOrder={['label', 'input', 'error', 'description']}
              value={draft.amount}
              onChange={({ currentTarget }) => change('amount')(currentTarget.value)}
              error={said('amount')}
              inputMode="decimal"
              maxLength={32}
              autoComplete="off"
              required
              classNames={{ input: styles.amount ?? '' }}
            />
            <NativeSelect
              id="transaction-currency"
              label={t('transactions.currency')}
              value={draft.currency}
              onChange={({ currentTarget }) => change('currency')(currentTarget.value)}
              data={[...CURRENCIES]}
              error={said('currency')}
            />
          </div>
          {ACCOUNTS.map((member) => (
            <datalist key={member} id={`known-${member}s`}>
              {suggest(member).map((account) => (
                <option key={account} value={account} />
              ))}
            </datalist>
          ))}
          <ProblemNote error={request.error} />
          <Button type="submit" size="lg" loading={request.isPending}>
            {t('transactions.submit')}
          </Button>
        </form>
      </Card>
    </Page>
  );
}
