import { Button, Textarea } from '@mantine/core';
import { useCallback, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ShieldIcon } from '../design/icons.tsx';
import { Preferences } from '../design/preferences.tsx';
import { Seal } from '../design/seal.tsx';
import { type Checked, checkReceipt } from './check-receipt.ts';
import { CheckResult } from './check-result.tsx';
import styles from './verify.module.css';

const PROOF = 'c2sp.org/tlog-proof@v1';
const FILE_BYTES_MAX = 262_144;

/**
 * Checks a receipt without a log-in: from the address (`/verify#JWS`), pasted, or out of a file. The part behind # is not sent to
 * any server.
 */
export function VerifyPage() {
  const { t } = useTranslation('verify');
  const [receipt, setReceipt] = useState(() => location.hash.slice(1));
  const [proof, setProof] = useState('');
  const [checking, setChecking] = useState(false);
  const [result, setResult] = useState<{ readonly checked?: Checked; readonly error?: unknown }>();
  const turn = useRef(0);
  const title = t('title');
  useEffect(() => {
    document.title = `${title} · Sello`;
  }, [title]);

  const check = useCallback(async (jws: string, given: string) => {
    const own = ++turn.current;
    setChecking(true);
    setResult(undefined);
    const next = await checkReceipt(jws.trim(), given.trim() === '' ? '' : `${given.trim()}\n`).then(
      (checked) => ({ checked }),
      (error: unknown) => ({ error }),
    );
    if (own !== turn.current) return;
    setResult(next);
    setChecking(false);
  }, []);
  // Once: for the receipt that the address has.
  const first = useRef(receipt);
  useEffect(() => {
    if (first.current !== '') void check(first.current, '');
    const follow = () => {
      const jws = location.hash.slice(1);
      setReceipt(jws);
      setProof('');
      if (jws !== '') void check(jws, '');
    };
    addEventListener('hashchange', follow);
    return () => removeEventListener('hashchange', follow);
  }, [check]);

  const take = async (files: FileList | null) => {
    for (const file of files ?? []) {
      if (file.size > FILE_BYTES_MAX) continue;
      const text = await file.text();
      if (text.startsWith(PROOF)) setProof(text);
      else setReceipt(text.trim());
    }
  };

  return (
    <div className={styles.page}>
      <header className={styles.header}>
        <a className={styles.brand} href="/">
          <Seal size={32} />
          Sello
        </a>
        <Preferences />
      </header>
      <main className={styles.main}>
        <h1 className={styles.title}>{title}</h1>
        <p className={styles.intro}>{t('intro')}</p>
        <form
          className={styles.card}
          onSubmit={(event) => {
            event.preventDefault();
            void check(receipt, proof);
          }}
        >
          <Textarea
            label={t('receipt')}
            description={t('receipt_about')}
            value={receipt}
            onChange={({ currentTarget }) => setReceipt(currentTarget.value)}
            rows={4}
            spellCheck={false}
            classNames={{ input: styles.raw ?? '' }}
            required
          />
          <details open={proof !== ''}>
            <summary>{t('proof')}</summary>
            <Textarea
              aria-label={t('proof')}
              description={t('proof_about')}
              value={proof}
              onChange={({ currentTarget }) => setProof(currentTarget.value)}
              rows={4}
              spellCheck={false}
              classNames={{ input: styles.raw ?? '' }}
            />
          </details>
          <div className={styles.acts}>
            <Button
              type="submit"
              loading={checking}
              leftSection={<ShieldIcon />}
              disabled={receipt.trim() === ''}
            >
              {t('check')}
            </Button>
            <label className={styles.file}>
              {t('file')}
              <input type="file" multiple onChange={({ currentTarget }) => void take(currentTarget.files)} />
            </label>
          </div>
        </form>
        <div role="status" className={styles.results}>
          {result && <CheckResult {...result} />}
        </div>
        <section className={styles.limits} aria-labelledby="limits">
          <h2 id="limits">{t('limits_title')}</h2>
          <ul>
            <li>{t('limit_server')}</li>
            <li>{t('limit_money')}</li>
            <li>{t('limit_tools')}</li>
          </ul>
        </section>
      </main>
    </div>
  );
}
