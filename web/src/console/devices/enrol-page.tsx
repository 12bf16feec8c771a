import { Button } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Device } from '../../account/devices.ts';
import { idempotencyKey } from '../../api/api.ts';
import { isProblem } from '../../api/problem.ts';
import { CheckIcon, ClockIcon } from '../../design/icons.tsx';
import { ProblemNote } from '../../design/problem-note.tsx';
import { hashOf } from '../../routing/hash-route.ts';
import { api } from '../../session/server.ts';
import { Card, Empty, Page } from '../../shell/page.tsx';
import { Reading } from '../../shell/reading.tsx';
import { CodeOrRecoveryInput, NO_CODE, shownCode } from '../code-or-recovery-input.tsx';
import styles from './enrol-page.module.css';
import { InvitationCard } from './invitation-card.tsx';
import { useTokens } from './use-tokens.ts';

/** Invites a phone to become a token, and follows the enrolment to its end. */
export function EnrolPage() {
  const { t } = useTranslation('console');
  const tokens = useTokens();
  return (
    <Page title={t('enrol.title')} back={['devices']} narrow>
      <Reading query={tokens}>{(devices) => <Invite devices={devices} />}</Reading>
    </Page>
  );
}

function Invite({ devices }: { readonly devices: readonly Device[] }) {
  const { t } = useTranslation('console');
  const account = useTranslation('account').t;
  const [code, setCode] = useState(NO_CODE);
  const [coded, setCoded] = useState(() => devices.some(({ status }) => status === 'active'));
  const [expired, setExpired] = useState(false);
  // A device that is not in this set was enrolled by the invitation.
  const before = useRef<ReadonlySet<string>>(new Set());
  const invite = useMutation({
    mutationFn() {
      before.current = new Set(devices.map(({ id }) => id));
      return api('POST /v1/enrolments', { body: shownCode(code) }, { idempotencyKey: idempotencyKey() });
    },
    onSuccess: () => setExpired(false),
    onError: (error) => {
      if (isProblem(error, 'code_required')) setCoded(true);
      setCode({ ...code, text: '' });
    },
  });
  const { mutate } = invite;
  const begun = useRef(false);
  useEffect(() => {
    if (coded || begun.current) return;
    begun.current = true;
    mutate();
  }, [coded, mutate]);

  const made = invite.data && devices.find(({ id }) => !before.current.has(id));
  if (made?.status === 'active')
    return <Ready name={made.label === '' ? account('device.unnamed') : made.label} />;
  if (invite.data && !expired) {
    return (
      <InvitationCard
        invitation={invite.data}
        received={made !== undefined}
        onExpired={() => setExpired(made === undefined)}
      />
    );
  }
  const lost = coded && !devices.some(({ status }) => status === 'active');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!invite.isPending) invite.mutate();
  };
  return (
    <Card>
      {expired && (
        <Empty icon={<ClockIcon size={26} />} title={t('enrol.expired_title')} text={t('enrol.expired')} />
      )}
      <form className={styles.form} onSubmit={submit}>
        {coded && (
          <>
            {lost ? (
              <Empty title={t('enrol.invited_title')} text={t('enrol.invited')} />
            ) : (
              <p>{t('enrol.code_needed')}</p>
            )}
            <CodeOrRecoveryInput
              label={t('log_in.code')}
              description={t('log_in.code_hint')}
              value={code}
              onChange={setCode}
              refusal={invite.error}
              required
            />
          </>
        )}
        <ProblemNote error={isProblem(invite.error, 'code_required') ? null : invite.error} />
        <Button type="submit" loading={invite.isPending}>
          {t(expired ? 'enrol.again' : 'enrol.begin')}
        </Button>
      </form>
    </Card>
  );
}

function Ready({ name }: { readonly name: string }) {
  const { t } = useTranslation('console');
  return (
    <Card>
      <div role="status">
        <Empty
          icon={<CheckIcon size={26} />}
          title={t('enrol.done_title')}
          text={t('enrol.done', { name })}
          action={
            <Button component="a" href={hashOf('transfers', 'new')}>
              {t('enrol.done_action')}
            </Button>
          }
        />
      </div>
      <p>
        {t('recovery_codes.offer')} <a href={hashOf('security')}>{t('recovery_codes.offer_action')}</a>
      </p>
    </Card>
  );
}
