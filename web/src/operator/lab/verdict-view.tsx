import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import type { AttackVerdict } from '../../api/operations.ts';
import { CrossIcon, ShieldIcon } from '../../design/icons.tsx';
import { useDuration } from '../../design/use-duration.ts';
import { Card } from '../../shell/page.tsx';
import { Facts } from '../table/facts.tsx';
import { useNumber } from '../use-number.ts';
import { AttackStep } from './attack-step.tsx';
import styles from './lab.module.css';

/** The verdict on an attack, step by step. */
export function VerdictView({ verdict }: { readonly verdict: AttackVerdict }) {
  const { t } = useTranslation('operator');
  const duration = useDuration();
  const number = useNumber();
  const place = useRef<HTMLDivElement>(null);
  const { name, held, steps, skipped, figures, took_ms: tookMs } = verdict;
  // biome-ignore lint/correctness/useExhaustiveDependencies: at each new verdict
  useEffect(() => {
    place.current?.focus({ preventScroll: true });
    place.current?.scrollIntoView({ block: 'start' });
  }, [verdict]);
  const count = held ? steps.length : steps.filter((step) => !step.held).length;
  const measured = Object.entries(figures);
  return (
    <>
      <div ref={place} tabIndex={-1} className={styles.verdict} data-held={held}>
        <span className={styles.verdictIcon}>
          {held ? <ShieldIcon size={30} /> : <CrossIcon size={30} />}
        </span>
        <div>
          <p className={styles.verdictWord}>{t(held ? 'lab.held' : 'lab.broken')}</p>
          <p>
            {t(held ? 'lab.held_text' : 'lab.broken_text', { count, name })}{' '}
            {t('lab.took', { time: duration(tookMs) })}
          </p>
        </div>
      </div>
      <Card title={t('lab.steps')}>
        <ol className={styles.steps}>
          {steps.map((step) => (
            <AttackStep key={step.id} step={step} />
          ))}
        </ol>
      </Card>
      {skipped.length > 0 && (
        <Card title={t('lab.skipped')}>
          <ul className={styles.skipped}>
            {skipped.map(({ id, what, why }) => (
              <li key={id}>
                <span>{what}</span>: {why}
              </li>
            ))}
          </ul>
        </Card>
      )}
      {measured.length > 0 && (
        <Card title={t('lab.figures')}>
          <Facts facts={measured.map(([figure, value]) => [figure.replaceAll('_', ' '), number(value, 2)])} />
        </Card>
      )}
    </>
  );
}
