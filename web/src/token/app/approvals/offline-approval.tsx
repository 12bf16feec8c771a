import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { timeStep } from '../../../../../src/domain/otp/totp.ts';
import { amountParts } from '../../../design/amount.ts';
import { Dialog } from '../../../design/dialog.tsx';
import { useLanguage } from '../../../i18n/texts.ts';
import type { BoundTransaction } from '../../transaction/bound-transaction.ts';
import type { TypedTransaction } from '../../transaction/typed-transaction.ts';
import { CodeFace } from '../codes/code-face.tsx';
import { useDevice, useDeviceView, useServerNow } from '../device-context.tsx';
import { SmallPrint } from '../page.tsx';
import { Button } from '../parts/button.tsx';
import { CredentialForm } from '../parts/credential-form.tsx';
import fieldStyles from '../parts/field.module.css';
import { Labelled } from '../parts/field.tsx';
import { Heading } from '../parts/heading.tsx';
import { Notice } from '../parts/notice.tsx';
import { nameOf } from '../token-name.ts';
import { HoldButton } from './hold-button.tsx';
import { TransactionCard } from './transaction-card.tsx';

const MINUTE_MS = 60_000;

/** Shows an offline transaction and, after PIN or passkey, the code to type elsewhere. */
export function OfflineApproval({
  transaction,
  onAgain,
}: {
  readonly transaction: BoundTransaction | TypedTransaction;
  readonly onAgain: () => void;
}) {
  const { t } = useTranslation('token');
  const device = useDevice();
  const language = useLanguage();
  const tokens = useDeviceView().tokens.filter(({ approvals, status }) => approvals && status === 'active');
  const [tokenId, setTokenId] = useState(tokens[0]?.id);
  const token = tokens.find(({ id }) => id === tokenId);
  const [asking, setAsking] = useState(false);
  const [made, setMade] = useState<{ readonly code: string; readonly step: number }>();
  const { number: amount } = amountParts(transaction.amount, transaction.currency, language);

  if (!token) return <Notice kind="danger">{t('offline.no_token')}</Notice>;
  return (
    <>
      <Heading key={made ? 'code' : 'question'}>{made ? t('offline.code') : t('transaction.title')}</Heading>
      {made && <BoundCode name={nameOf(token)} {...made} onAnother={() => setAsking(true)} />}
      <TransactionCard transaction={transaction} />
      {!made && tokens.length > 1 && (
        <Labelled label={t('offline.token')}>
          {(ids) => (
            <select
              {...ids}
              className={fieldStyles.input}
              value={tokenId}
              onChange={(event) => setTokenId(event.target.value)}
            >
              {tokens.map((one) => (
                <option key={one.id} value={one.id}>
                  {nameOf(one)} · {one.username}
                </option>
              ))}
            </select>
          )}
        </Labelled>
      )}
      {!made && <HoldButton label={t('transaction.hold')} onHeld={() => setAsking(true)} />}
      <Button look="quiet" onClick={onAgain}>
        {t('offline.another')}
      </Button>
      {asking && (
        <Dialog
          look="sheet"
          title={t('transaction.pin_title', { amount, currency: transaction.currency })}
          onClose={() => setAsking(false)}
        >
          <CredentialForm
            submit={t('offline.show')}
            act={(credential) => device.codeFor(token, transaction, credential)}
            onDone={(code) => {
              setMade({ code, step: timeStep(device.serverNow(), 60) });
              setAsking(false);
            }}
          />
        </Dialog>
      )}
    </>
  );
}

function BoundCode({
  name,
  code,
  step,
  onAnother,
}: {
  readonly name: string;
  readonly code: string;
  readonly step: number;
  readonly onAnother: () => void;
}) {
  const { t } = useTranslation('token');
  const leftMs = (step + 1) * MINUTE_MS - useServerNow(250);
  const over = leftMs <= 0;
  useEffect(() => {
    scrollTo(0, 0);
  }, []);
  if (over)
    return (
      <Notice kind="warning" action={<Button onClick={onAnother}>{t('offline.show')}</Button>}>
        {t('offline.code_over')}
      </Notice>
    );
  return (
    <>
      <CodeFace name={name} code={code} leftMs={leftMs} periodMs={MINUTE_MS} />
      <SmallPrint>{t('offline.code_lead')}</SmallPrint>
    </>
  );
}
