import { useTranslation } from 'react-i18next';
import { ConnectionLost, ProblemError } from '../../../api/problem.ts';
import { useDuration } from '../../../design/use-duration.ts';
import { useNow } from '../../../design/use-now.ts';
import { ClaimUnreadable } from '../../enrolment/enrolment.ts';
import { PasskeyCancelled, PasskeyUnfit } from '../../keyring/passkey.ts';
import { Notice } from './notice.tsx';

/** Shows any error in the reader's language; a refusal in the server's words, with the time to wait. */
export function ProblemText({ error }: { readonly error: unknown }) {
  const { t } = useTranslation('token');
  if (error instanceof ProblemError) return <Refused problem={error} />;
  if (error instanceof ConnectionLost) return <Notice kind="warning">{t('problem.lost')}</Notice>;
  if (error instanceof PasskeyCancelled)
    return <Notice kind="warning">{t('unlock.passkey_cancelled')}</Notice>;
  if (error instanceof PasskeyUnfit) return <Notice kind="danger">{t('unlock.passkey_unfit')}</Notice>;
  if (error instanceof ClaimUnreadable) return <Notice kind="danger">{t('enrol.unopened')}</Notice>;
  return <Notice kind="danger">{t('problem.unexpected')}</Notice>;
}

function Refused({ problem }: { readonly problem: ProblemError }) {
  const { t } = useTranslation('token');
  const duration = useDuration();
  const now = useNow(1_000, problem.retryAt !== undefined);
  const waitMs = (problem.retryAt ?? 0) - now;
  return (
    <Notice kind="danger">
      <strong>{problem.title || t('problem.unexpected')}</strong> {problem.detail}
      {waitMs > 0 && <> {t('problem.retry', { time: duration(waitMs) })}</>}
    </Notice>
  );
}
