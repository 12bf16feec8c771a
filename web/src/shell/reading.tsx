import { Skeleton } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { ProblemNote } from '../design/problem-note.tsx';
import styles from './reading.module.css';

/** Keys of the placeholder lines, which bound their number. */
const LINES = ['first', 'second', 'third', 'fourth', 'fifth', 'sixth'] as const;

/** The members of a query that are used here. */
interface Read<Data> {
  readonly data: Data | undefined;
  readonly error: unknown;
  readonly refetch: () => unknown;
}

/**
 * Shows the state of a query: loading, failed, or its data. When a later read fails, the earlier data stays, below the
 * problem.
 */
export function Reading<Data>({
  query,
  lines = 3,
  children,
}: {
  readonly query: Read<Data>;
  readonly lines?: number;
  readonly children: (data: Data) => ReactNode;
}) {
  const { t } = useTranslation();
  const { data, error, refetch } = query;
  return (
    <>
      {error !== null && (
        <div className={styles.problem}>
          <ProblemNote error={error} onRetry={() => void refetch()} />
        </div>
      )}
      {data === undefined && error === null && (
        <div className={styles.lines} role="status">
          <span className="sello-spoken">{t('loading')}</span>
          {LINES.slice(0, lines).map((line) => (
            <Skeleton key={line} height={44} radius="md" />
          ))}
        </div>
      )}
      {data !== undefined && children(data)}
    </>
  );
}
