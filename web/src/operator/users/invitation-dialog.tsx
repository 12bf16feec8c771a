import { Button, Group, Loader } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import styles from '../../account/invitation.module.css';
import { idempotencyKey } from '../../api/api.ts';
import type { EnrolmentInvitation, User } from '../../api/operations.ts';
import { isProblem } from '../../api/problem.ts';
import { CopyButton } from '../../design/copy-button.tsx';
import { Dialog } from '../../design/dialog.tsx';
import { ProblemNote } from '../../design/problem-note.tsx';
import { QrCode } from '../../design/qr-code.tsx';
import { useDuration } from '../../design/use-duration.ts';
import { useNow } from '../../design/use-now.ts';
import { api } from '../../session/server.ts';
import { RecoverUser } from './recover-user.tsx';
import { userDevices } from './user-devices.ts';

/** How often the page looks whether the invitation was used (ms). */
const LOOK_PERIOD_MS = 2_000;

/** Creates an invitation when it opens, and shows it until it is used or expires. */
export function InvitationDialog({ user, onClose }: { readonly user: User; readonly onClose: () => void }) {
  const { t } = useTranslation('operator');
  const common = useTranslation().t;
  const { id, username } = user;
  const invite = useMutation({
    mutationFn: () =>
      api('POST /v1/admin/users/{id}/enrolments', { path: { id } }, { idempotencyKey: idempotencyKey() }),
  });
  const { mutate } = invite;
  const devices = useQuery({
    ...userDevices(user),
    refetchInterval: invite.data ? LOOK_PERIOD_MS : false,
  }).data;
  // The devices at the opening: one more was set up by the invitation.
  const before = useRef<ReadonlySet<string>>(undefined);
  if (devices) before.current ??= new Set(devices.map((device) => device.id));
  const made = invite.data && devices?.find((device) => !before.current?.has(device.id));
  const begun = useRef(false);
  useEffect(() => {
    if (begun.current) return;
    begun.current = true;
    mutate();
  }, [mutate]);
  return (
    <Dialog opened onClose={onClose} title={t('users.invite_title', { name: username })}>
      <ProblemNote error={invite.error} onRetry={() => mutate()} />
      {isProblem(invite.error, 'recovery_required') && <RecoverUser id={id} />}
      {invite.isPending && <Loader aria-label={common('loading')} />}
      {made ? (
        <p role="status">
          {t(made.status === 'active' ? 'users.invite_done' : 'users.invite_received', { name: username })}
        </p>
      ) : (
        invite.data && <Shown invitation={invite.data} onAgain={() => mutate()} />
      )}
      <Group justify="flex-end" mt="lg">
        <Button variant="default" onClick={onClose}>
          {common('close')}
        </Button>
      </Group>
    </Dialog>
  );
}

function Shown({
  invitation: { code, link, expires_at: expiresAt },
  onAgain,
}: {
  readonly invitation: EnrolmentInvitation;
  readonly onAgain: () => void;
}) {
  const { t } = useTranslation('operator');
  const duration = useDuration();
  const leftMs = Date.parse(expiresAt) - useNow();
  if (leftMs <= 0) {
    return (
      <>
        <p role="status">{t('users.invite_expired')}</p>
        <Button onClick={onAgain}>{t('users.invite_again')}</Button>
      </>
    );
  }
  return (
    <div className={styles.invitation}>
      <p>{t('users.invite_intro')}</p>
      <QrCode text={link} label={t('users.invite_qr')} />
      <code className={styles.code}>{code}</code>
      <Group justify="center">
        <CopyButton text={link} label={t('users.copy_link')} />
        <CopyButton text={code} label={t('users.copy_code')} />
      </Group>
      <p className="sello-figures" aria-live="off">
        {t('users.invite_left', { time: duration(leftMs) })}
      </p>
    </div>
  );
}
