import { Button } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { withoutBlanks } from '../../../../src/domain/otp/typed-code.ts';
import { encodeTransaction } from '../../../../src/domain/transaction/canonical-transaction.ts';
import { idempotencyKey } from '../../api/api.ts';
import type { Transaction } from '../../api/operations.ts';
import { isProblem } from '../../api/problem.ts';
import { ProblemNote } from '../../design/problem-note.tsx';
import { QrCode } from '../../design/qr-code.tsx';
import { RawText } from '../../design/raw-text.tsx';
import { approvalLink } from '../../routing/approval-link.ts';
import { api } from '../../session/server.ts';
import { Confirm } from '../../shell/confirm.tsx';
import { CodeInput } from '../code-input.tsx';
import styles from './transaction-page.module.css';

/** Actions on a pending transaction: approve by the code of an offline token, or refuse. */
export function PendingTransactionActions({ transaction }: { readonly transaction: Transaction }) {
  const { t } = useTranslation('console');
  const queryClient = useQueryClient();
  const { id, challenge } = transaction;
  const [refusing, setRefusing] = useState(false);
  const again = () => queryClient.invalidateQueries({ queryKey: ['transaction', id] });
  const refuse = useMutation({
    mutationFn: () => api('POST /v1/transactions/{id}/refusal', { path: { id } }),
    async onSuccess() {
      setRefusing(false);
      await again();
    },
    onError: (error) => {
      if (isProblem(error, 'transaction_decided')) void again();
    },
  });
  return (
    <div className={styles.pending}>
      {challenge !== undefined && (
        <details>
          <summary>{t('transaction.no_connection')}</summary>
          <Offline transaction={transaction} challenge={challenge} />
        </details>
      )}
      <div>
        <Button variant="subtle" color="red" onClick={() => setRefusing(true)}>
          {t('transaction.refuse')}
        </Button>
      </div>
      <Confirm
        opened={refusing}
        title={t('transaction.refuse_title')}
        text={t('transaction.refuse_text')}
        confirm={t('transaction.refuse_confirm')}
        action={refuse}
        onClose={() => setRefusing(false)}
      />
    </div>
  );
}

function Offline({
  transaction,
  challenge,
}: {
  readonly transaction: Transaction;
  readonly challenge: string;
}) {
  const { t } = useTranslation('console');
  const queryClient = useQueryClient();
  const { id, payer, payee, amount, currency, challenge_short: number } = transaction;
  // Which of the two forms of the transaction the token was given.
  const [isShort, setShort] = useState(false);
  const [code, setCode] = useState('');
  const key = useRef({ key: '', code: '' });
  const approve = useMutation({
    mutationFn() {
      const content = `${isShort} ${code}`;
      if (key.current.code !== content) key.current = { key: idempotencyKey(), code: content };
      return api(
        'POST /v1/transactions/{id}/approval',
        { path: { id }, body: { code: withoutBlanks(code), ...(isShort ? { form: 'short' } : {}) } },
        { idempotencyKey: key.current.key },
      );
    },
    onSettled: () => queryClient.invalidateQueries({ queryKey: ['transaction', id] }),
  });
  const canonical = { amount, challenge, currency, payee, payer, v: 1 } as const;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!approve.isPending) approve.mutate();
  };
  return (
    <div className={styles.offline}>
      <p>{t('transaction.offline')}</p>
      <QrCode
        text={approvalLink(location.origin, canonical)}
        label={t('transaction.offline_qr')}
        correction="low"
      />
      <details>
        <summary>{t('transaction.offline_text')}</summary>
        <RawText>{encodeTransaction(canonical)}</RawText>
      </details>
      {number !== undefined && (
        <details onToggle={({ currentTarget }) => setShort(currentTarget.open)}>
          <summary>{t('transaction.offline_number')}</summary>
          <p>{t('transaction.offline_number_text')}</p>
          <p className={styles.number}>{number.match(/.{1,4}/g)?.join(' ')}</p>
        </details>
      )}
      <form onSubmit={submit}>
        <CodeInput
          label={t('transaction.offline_code')}
          value={code}
          onChange={setCode}
          refusal={approve.error}
          autoComplete="off"
          required
        />
        <Button type="submit" loading={approve.isPending}>
          {t('transaction.offline_submit')}
        </Button>
      </form>
      <ProblemNote error={approve.error} ofTransaction />
    </div>
  );
}
