import { Alert, Button } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { ConnectionLost, isProblem, ProblemError } from '../api/problem.ts';
import { hashOf } from '../routing/hash-route.ts';
import { InfoIcon, WarningIcon } from './icons.tsx';
import styles from './problem-note.module.css';
import { useDuration } from './use-duration.ts';
import { useNow } from './use-now.ts';

/**
 * Shows why an action failed: the server's title and detail, and a countdown if the request may be repeated later.
 * Screen readers announce it. Renders nothing without an error.
 */
export function ProblemNote({
  error,
  onRetry,
  ofTransaction = false,
}: {
  readonly error: unknown;
  /** Offered where asking again may help. */
  readonly onRetry?: () => void;
  /** Whether a code was over a transaction, which a wrong one may not have fitted. */
  readonly ofTransaction?: boolean;
}) {
  const { t } = useTranslation();
  const duration = useDuration();
  const retryAt = error instanceof ProblemError ? error.retryAt : undefined;
  const waiting = retryAt !== undefined && retryAt > Date.now();
  const now = useNow(1_000, waiting);
  if (error === null || error === undefined) return null;
  const leftMs = retryAt === undefined ? 0 : retryAt - now;
  const { title, detail, reference } = wordsOf(error, ofTransaction, t);
  const mayHelp = !(error instanceof ProblemError) || error.status >= 429 || retryAt !== undefined;
  const mild = error instanceof ConnectionLost || (error instanceof ProblemError && error.status >= 429);
  return (
    <Alert
      color={mild ? 'yellow' : 'red'}
      title={title}
      icon={mild ? <InfoIcon /> : <WarningIcon />}
      className={styles.note ?? ''}
    >
      {detail !== '' && <p className={styles.detail}>{detail}</p>}
      {leftMs > 0 && (
        <p className={styles.detail} aria-live="off">
          {t('retry_when', { time: duration(leftMs) })}
        </p>
      )}
      {isProblem(error, 'authenticator_required') && (
        <p className={styles.detail}>
          <a href={hashOf('devices', 'enrol')}>{t('error.set_up_token')}</a>
        </p>
      )}
      {reference !== '' && <p className={styles.reference}>{t('error.reference', { id: reference })}</p>}
      {onRetry && mayHelp && (
        <Button variant="default" size="sm" mt="xs" disabled={leftMs > 0} onClick={onRetry}>
          {leftMs > 0 ? t('retry_in', { time: duration(leftMs) }) : t('retry')}
        </Button>
      )}
    </Alert>
  );
}

/** The words of a refusal at a field: what is wrong, and the detail of it. */
export function problemText(error: ProblemError): string {
  return error.detail === '' ? error.title : `${error.title}. ${error.detail}`;
}

type Translate = ReturnType<typeof useTranslation<'common'>>['t'];

function wordsOf(error: unknown, ofTransaction: boolean, t: Translate) {
  if (error instanceof ConnectionLost) {
    return { title: t('error.network_title'), detail: t('error.network'), reference: '' };
  }
  if (error instanceof ProblemError) {
    if (error.code === 'unexpected') {
      return { title: t('error.title'), detail: t('error.unexpected'), reference: error.requestId };
    }
    if (error.code === 'code_wrong' && !ofTransaction) {
      return { title: error.title, detail: t('error.code_wrong'), reference: '' };
    }
    return {
      title: error.title,
      // The server's detail is for programs: it mentions idempotency keys.
      detail: error.code === 'unavailable' ? t('error.unavailable') : error.detail,
      reference: error.status >= 500 ? error.requestId : '',
    };
  }
  return { title: t('error.title'), detail: error instanceof Error ? error.message : '', reference: '' };
}
