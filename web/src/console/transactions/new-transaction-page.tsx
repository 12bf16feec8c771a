import { Alert, Button, NativeSelect, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { CURRENCIES, currencyDecimals } from '../../../../src/domain/money/currency.ts';
import { idempotencyKey } from '../../api/api.ts';
import { WarningIcon } from '../../design/icons.tsx';
import { ProblemNote } from '../../design/problem-note.tsx';
import { goTo } from '../../routing/use-route.ts';
import { api } from '../../session/server.ts';
import { Card, Page } from '../../shell/page.tsx';
import { Reading } from '../../shell/reading.tsx';
import { TokenCall } from '../devices/token-call.tsx';
import { ibanDoubt } from './iban.ts';
import styles from './new-transaction-page.module.css';
import { draftOf, faultsOf, type TransactionDraft, transactionOf } from './transaction-form.ts';
import { useTransaction } from './use-transaction.ts';
import { useTransactions } from './use-transactions.ts';

const SUGGESTIONS_MAX = 8;
const ACCOUNTS = ['payer', 'payee'] as const;

const EMPTY: TransactionDraft = { payer: '', payee: '', amount: '', currency: 'EUR' };

/** @param again id of a transaction whose content the form begins with */
export function NewTransactionPage({ again }: { readonly again?: string | undefined }) {
  const { t } = useTranslation('console');
  return (
    <Page title={t('transactions.new_title')} intro={t('transactions.new_intro')} back={['transfers']} narrow>
      <TokenCall />
      {again === undefined ? <NewTransaction begin={EMPTY} /> : <AskAgain id={again} />}
    </Page>
  );
}

function AskAgain({ id }: { readonly id: string }) {
  const locale = useTranslation().i18n.language;
  const query = useTransaction(id);
  return <Reading query={query}>{(before) => <NewTransaction begin={draftOf(before, locale)} />}</Reading>;
}

function NewTransaction({ begin }: { readonly begin: TransactionDraft }) {
  const { t, i18n } = useTranslation('console');
  const locale = i18n.language;
  const { data: known = [] } = useTransactions();
  const [draft, setDraft] = useState(begin);
  const [tried, setTried] = useState(false);
  const [left, setLeft] = useState({ payer: false, payee: false });
  // The accounts that stand although they look like mistyped IBANs.
  const [kept, setKept] = useState<readonly string[]>([]);
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
  const doubtOf = (member: 'payer' | 'payee') => {
    const doubt = ibanDoubt(draft[member]);
    if (!doubt || said(member)) return undefined;
    if (doubt.kind === 'check_digits') return t('transactions.iban_check_digits');
    const country = new Intl.DisplayNames([locale], { type: 'region' }).of(doubt.country) ?? doubt.country;
    return t('transactions.iban_length', { ...doubt, country });
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    const [wrong] = Object.keys(faultsOf(draft, locale));
    const doubtful = ACCOUNTS.filter((member) => ibanDoubt(draft[member]) && !kept.includes(draft[member]));
    setKept([...kept, ...doubtful.map((member) => draft[member])]);
    const first = wrong ?? doubtful[0];
    if (first !== undefined) document.getElementById(`transaction-${first}`)?.focus();
    else if (!request.isPending) request.mutate();
  };
  return (
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
          onBlur={() => setLeft({ ...left, payer: true })}
          required
        />
        <IbanDoubtNote text={(tried || left.payer) && doubtOf('payer')} kept={kept.includes(draft.payer)} />
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
          onBlur={() => setLeft({ ...left, payee: true })}
          required
        />
        <IbanDoubtNote text={(tried || left.payee) && doubtOf('payee')} kept={kept.includes(draft.payee)} />
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
  );
}

/** Says what is wrong with an account that looks like an IBAN. It forbids nothing: the account may be something else. */
function IbanDoubtNote({
  text,
  kept,
}: {
  readonly text: string | false | undefined;
  /** Whether "Continue" has been pressed with it once. */
  readonly kept: boolean;
}) {
  const { t } = useTranslation('console');
  if (!text) return null;
  return (
    <Alert color="yellow" icon={<WarningIcon />} role="status">
      {text} {kept && t('transactions.iban_kept')}
    </Alert>
  );
}
