import type { ReactNode } from 'react';
import styles from './facts.module.css';

/** A list of names with values. */
export function Facts({ facts }: { readonly facts: readonly (readonly [name: string, value: ReactNode])[] }) {
  return (
    <dl className={styles.facts}>
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd className="sello-text sello-figures">{value}</dd>
        </div>
      ))}
    </dl>
  );
}
