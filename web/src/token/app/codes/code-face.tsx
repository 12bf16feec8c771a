import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { CheckIcon, CopyIcon } from '../../../design/icons.tsx';
import { groupedCode } from '../../otp/shown-code.ts';
import { Button } from '../parts/button.tsx';
import { Spoken } from '../parts/spoken.tsx';
import styles from './code-face.module.css';
import { CodeRing } from './code-ring.tsx';

const SAID_MS = 2_500;

/** A code in its ring, to be read, copied, or spoken on demand. */
export function CodeFace({
  name,
  code,
  leftMs,
  periodMs,
  next,
}: {
  readonly name: string;
  readonly code: string;
  readonly leftMs: number;
  readonly periodMs: number;
  readonly next?: string | undefined;
}) {
  const { t } = useTranslation('token');
  const [copied, setCopied] = useState<'yes' | 'failed'>();
  const [said, setSaid] = useState('');
  const seconds = Math.ceil(leftMs / 1000);

  useEffect(() => {
    if (copied === undefined && said === '') return;
    const timer = setTimeout(() => {
      setCopied(undefined);
      setSaid('');
    }, SAID_MS);
    return () => clearTimeout(timer);
  }, [copied, said]);

  async function copy() {
    try {
      await navigator.clipboard.writeText(code);
      setCopied('yes');
    } catch {
      setCopied('failed');
    }
  }

  const spoken = copied === 'yes' ? t('codes.copied') : copied === 'failed' ? t('codes.copy_failed') : said;
  return (
    <div className={styles.face}>
      <CodeRing leftMs={leftMs} periodMs={periodMs}>
        <span
          className={styles.code}
          style={{ '--length': `${groupedCode(code).length}` }}
          role="img"
          aria-label={`${t('codes.current', { name })}: ${spelt(code)}`}
        >
          {groupedCode(code)}
        </span>
        <span className={styles.left} role="timer">
          {t('codes.left', { count: seconds })}
        </span>
      </CodeRing>
      <p className={styles.next} aria-hidden={next === undefined}>
        {next !== undefined && (
          <>
            {t('codes.next')} <strong>{groupedCode(next)}</strong>
          </>
        )}
      </p>
      <div className={styles.actions}>
        <Button look="primary" onClick={() => void copy()}>
          {copied === 'yes' ? <CheckIcon /> : <CopyIcon />}
          {copied === 'yes' ? t('codes.copied') : t('codes.copy')}
        </Button>
        <Button
          look="quiet"
          className={styles.announce}
          onClick={() => setSaid(t('codes.announcement', { code: spelt(code), count: seconds }))}
        >
          {t('codes.announce')}
        </Button>
      </div>
      {copied === 'failed' && <p className={styles.failed}>{t('codes.copy_failed')}</p>}
      <Spoken live>{spoken}</Spoken>
    </div>
  );
}

/** Separates the digits, so that a voice does not read them as one number. */
function spelt(code: string): string {
  return [...code].join(' ');
}
