import { Button, NativeSelect, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { CURRENCIES, currencyDecimals } from '../../../../src/domain/money/amount.ts';
import { idempotencyKey } from '../../api/api.ts';
import { ProblemNote } from '../../design/problem-note.tsx';
import { goTo } from '../../routing/use-route.ts';
import { api } from '../../session/server.ts';
import { Card, Page } from '../../shell/page.tsx';
import styles from './new-transfer-page.module.css';
import { faultsOf, type TransferDraft, transferOf } from './transfer-form.ts';
import { useTransactions } from './use-transactions.ts';

const SUGGESTIONS_MAX = 8;
const ACCOUNTS = ['payer', 'payee'] as const;

export function NewTransferPage() {
  const { t } = useTranslation('console');
  const { data: known = [] } = useTransactions();
  const [draft, setDraft] = useState<TransferDraft>({ payer: '', payee: '', amount: '', currency: 'EUR' });
  const [tried, setTried] = useState(false);
  // One key an attempt at this content: pressing twice, or again after a lost answer, asks once.
  const key = useRef({ key: idempotencyKey(), content: '' });
  const request = useMutation({
    mutationFn() {
      const body = transferOf(draft);
      const content = JSON.stringify(body);
      if (key.current.content !== content) key.current = { key: idempotencyKey(), content };
      return api('POST /v1/transactions', { body }, { idempotencyKey: key.current.key });
    },
    onSuccess: ({ id }) => goTo('transfers', id),
  });
  const faults = tried ? faultsOf(draft) : {};
  const change = (member: keyof TransferDraft) => (value: string) => setDraft({ ...draft, [member]: value });
  const suggest = (member: 'payer' | 'payee') =>
    [...new Set(known.map((each) => each[member]))].slice(0, SUGGESTIONS_MAX);
  const said = (member: keyof TransferDraft) => {
    const fault = faults[member];
    return fault && t(`transfers.${fault}`, { decimals: currencyDecimals(draft.currency) ?? 0 });
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    const [wrong] = Object.keys(faultsOf(draft));
    if (wrong === undefined) {
      if (!request.isPending) request.mutate();
    } else document.getElementById(`transfer-${wrong}`)?.focus();
  };
  return (
    <Page title={t('transfers.new_title')} intro={t('transfers.new_intro')} back={['transfers']} narrow>
      <Card>
        <form className={styles.form} onSubmit={submit} noValidate>
          <TextInput
            id="transfer-payer"
            label={t('transfers.payer')}
            description={t('transfers.payer_hint')}
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
            id="transfer-payee"
            label={t('transfers.payee')}
            description={t('transfers.payee_hint')}
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
              id="transfer-amount"
              label={t('transfers.amount')}
              description={t('transfers.amount_hint')}
              inputWrapperOrder={['label', 'input', 'error', 'description']}
              value={draft.amount}
              onChange={({ currentTarget }) => change('amount')(currentTarget.value.replace(',', '.'))}
              error={said('amount')}
              inputMode="decimal"
              maxLength={32}
              autoComplete="off"
              required
              classNames={{ input: styles.amount ?? '' }}
            />
            <NativeSelect
              id="transfer-currency"
              label={t('transfers.currency')}
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
            {t('transfers.submit')}
          </Button>
        </form>
      </Card>
    </Page>
  );
}
