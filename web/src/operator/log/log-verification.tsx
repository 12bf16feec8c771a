import { Button, Group, Progress } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { CheckIcon, CrossIcon } from '../../design/icons.tsx';
import { ProblemNote } from '../../design/problem-note.tsx';
import { ownLog } from '../../log/fetch-log.ts';
import { type LogVerdict, verifyLog } from '../../log/verify-log.ts';
import { Card } from '../../shell/page.tsx';
import { useNumber } from '../use-number.ts';
import styles from './log-page.module.css';

interface Run {
  readonly done: number;
  readonly size: number;
  readonly verdict?: LogVerdict;
  readonly error?: unknown;
}

/** Verifies the whole log in the browser, with progress. */
export function LogVerification() {
  const { t } = useTranslation('operator');
  const number = useNumber();
  const [run, setRun] = useState<Run>();
  const [stopping, setStopping] = useState<AbortController>();
  const current = useRef<AbortController>(undefined);
  useEffect(() => {
    return () => {
      current.current?.abort();
    };
  }, []);

  const start = async () => {
    const controller = new AbortController();
    current.current = controller;
    setStopping(controller);
    setRun({ done: 0, size: 0 });
    const { signal } = controller;
    const progress = (done: number, size: number) => setRun({ done, size });
    try {
      const verdict = await verifyLog(ownLog(signal), { signal, progress });
      setRun((before) => ({ done: 0, size: 0, ...before, verdict }));
    } catch (error) {
      setRun(signal.aborted ? undefined : { done: 0, size: 0, error });
    }
    setStopping(undefined);
  };
  const isRunning = stopping !== undefined;
  return (
    <Card title={t('log.verify_title')}>
      <p className={styles.quiet}>{t('log.verify_intro')}</p>
      {run && isRunning && (
        <div className={styles.progress}>
          <Progress
            value={run.size === 0 ? 0 : (100 * run.done) / run.size}
            aria-label={t('log.verify_title')}
          />
          <p className="sello-figures">
            {t('log.progress', { done: number(run.done), size: number(run.size) })}
          </p>
        </div>
      )}
      <div role="status">{run?.verdict && <Verdict verdict={run.verdict} />}</div>
      <ProblemNote error={run?.error} />
      <Group mt="md">
        <Button loading={isRunning} onClick={() => void start()}>
          {t(run?.verdict ? 'log.verify_again' : 'log.verify')}
        </Button>
        {isRunning && (
          <Button variant="default" onClick={() => stopping.abort()}>
            {t('log.stop')}
          </Button>
        )}
      </Group>
    </Card>
  );
}

function Verdict({ verdict }: { readonly verdict: LogVerdict }) {
  const { t } = useTranslation('operator');
  const number = useNumber();
  const Icon = verdict.valid ? CheckIcon : CrossIcon;
  return (
    <div className={styles.verdict} data-valid={verdict.valid}>
      <Icon />
      <p>
        {verdict.valid ? t('log.verified', { size: number(verdict.size) }) : t(`log.false_${verdict.why}`)}
        {!verdict.valid && verdict.tile !== undefined && <code> {verdict.tile}</code>}
      </p>
    </div>
  );
}
