import { Badge } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Overview } from '../../api/operations.ts';
import { CheckIcon, CrossIcon, WarningIcon } from '../../design/icons.tsx';
import { useNumber } from '../use-number.ts';
import styles from './overview.module.css';

const LOOKS = {
  up: { color: 'pine', Icon: CheckIcon },
  degraded: { color: 'yellow', Icon: WarningIcon },
  down: { color: 'red', Icon: CrossIcon },
} as const;

const NAMES = ['store', 'vault', 'rate_limiter'] as const;

/** The state of each part of the server, and the custody of its keys. */
export function Parts({ overview }: { readonly overview: Overview }) {
  const { t } = useTranslation('operator');
  const number = useNumber();
  const { parts, custody, key_version: version } = overview;
  return (
    <dl className={styles.lines}>
      {parts.map(({ part, up, degraded, latency_ms: latencyMs }) => {
        const state = up ? (degraded ? 'degraded' : 'up') : 'down';
        const { color, Icon } = LOOKS[state];
        const known = NAMES.find((name) => name === part);
        return (
          <div key={part}>
            <dt>{known ? t(`overview.part_${known}`) : part}</dt>
            <dd className={styles.state}>
              <span className={`${styles.quiet} sello-figures`}>
                {t('overview.ms', { value: number(latencyMs, 1) })}
              </span>
              <Badge
                color={color}
                variant="light"
                tt="none"
                size="lg"
                fw={600}
                leftSection={<Icon size={13} />}
              >
                {t(`overview.${state}`)}
              </Badge>
            </dd>
          </div>
        );
      })}
      <div>
        <dt>{t('overview.custody')}</dt>
        <dd>{t(`overview.custody_${custody}`)}</dd>
      </div>
      <div>
        <dt>{t('overview.key_version')}</dt>
        <dd className="sello-figures">{version === null ? t('none') : number(version)}</dd>
      </div>
    </dl>
  );
}
