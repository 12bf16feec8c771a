import { Alert, Button, Group } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Transaction } from '../api/operations.ts';
import { CheckIcon, CrossIcon, DownloadIcon, ShieldIcon } from '../design/icons.tsx';
import { ProblemNote } from '../design/problem-note.tsx';
import { api } from '../session/server.ts';
import { verifyReceipt } from './verify-receipt.ts';

export function ReceiptActions({
  transaction,
  jws,
  children,
}: {
  readonly transaction: Transaction;
  readonly jws: string;
  /** Further buttons. */
  readonly children?: ReactNode;
}) {
  const { t } = useTranslation('account');
  const verify = useMutation({
    async mutationFn() {
      const { keys } = await api('GET /.well-known/jwks.json');
      return verifyReceipt(jws, keys, transaction);
    },
  });
  const verdict = verify.data;
  return (
    <>
      <Group>
        <Button leftSection={<ShieldIcon />} loading={verify.isPending} onClick={() => verify.mutate()}>
          {t(verify.isPending ? 'receipt.verifying' : 'receipt.verify')}
        </Button>
        <Button
          variant="default"
          leftSection={<DownloadIcon />}
          onClick={() => download(`${jws}\n`, `sello-receipt-${transaction.id}.jws`, 'application/jose')}
        >
          {t('receipt.download')}
        </Button>
        {children}
      </Group>
      <div role="status">
        {verdict?.genuine === true && (
          <Alert color="pine" title={t('receipt.genuine_title')} icon={<CheckIcon />} mt="md">
            <span className="sello-text">{t('receipt.genuine', { key: verdict.keyId })}</span>
          </Alert>
        )}
        {verdict?.genuine === false && (
          <Alert color="red" title={t('receipt.false_title')} icon={<CrossIcon />} mt="md">
            {t(`receipt.false_${verdict.why}`)}
          </Alert>
        )}
      </div>
      <ProblemNote error={verify.error} />
    </>
  );
}

/** Saves what is in this page as a file, without asking the server for it. */
export function download(content: BlobPart, name: string, type: string): void {
  const address = URL.createObjectURL(new Blob([content], { type }));
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
