import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import type { Device } from '../../account/devices.ts';
import { useReason } from '../../account/use-reason.ts';
import { Dialog } from '../../design/dialog.tsx';
import { shownTime } from '../../design/time.ts';
import { useLocale } from '../../i18n/texts.ts';
import { api } from '../../session/server.ts';
import { Reading } from '../../shell/reading.tsx';
import styles from './device-uses.module.css';

const USES_SHOWN_MAX = 30;

/** The latest codes of a device, accepted and refused. */
export function DeviceUses({
  device,
  name,
  opened,
  onClose,
}: {
  readonly device: Device;
  readonly name: string;
  readonly opened: boolean;
  readonly onClose: () => void;
}) {
  const { t } = useTranslation('console');
  const locale = useLocale();
  const reasonOf = useReason();
  const query = useQuery({
    queryKey: ['tokens', 'uses', ...device.tokenIds],
    queryFn: async ({ signal }) => {
      const pages = await Promise.all(
        device.tokenIds.map((id) =>
          api('GET /v1/tokens/{id}/uses', { path: { id }, query: { limit: USES_SHOWN_MAX } }, { signal }),
        ),
      );
      const uses = pages.flatMap((page) => page.uses).sort((a, b) => (a.at < b.at ? 1 : -1));
      // A wrong code belongs to no token, so the server lists it with each.
      const once = new Map(uses.map((use) => [`${use.at} ${use.for} ${use.accepted}`, use]));
      return [...once.values()].slice(0, USES_SHOWN_MAX);
    },
    enabled: opened,
  });
  return (
    <Dialog opened={opened} onClose={onClose} title={t('devices.uses_title', { name })}>
      <Reading query={query}>
        {(uses) =>
          uses.length === 0 ? (
            <p>{t('devices.uses_none')}</p>
          ) : (
            <ul className={styles.uses}>
              {uses.map(({ at, accepted, reason, for: purpose }) => (
                <li key={`${at} ${purpose} ${accepted}`}>
                  <span>
                    {t(`devices.use_${purpose}`)}:{' '}
                    {t(accepted ? 'devices.use_accepted' : 'devices.use_refused')}
                    {reason !== undefined && ` (${reasonOf(reason)})`}
                  </span>
                  <span className={`${styles.time} sello-figures`}>{shownTime(at, locale)}</span>
                </li>
              ))}
            </ul>
          )
        }
      </Reading>
    </Dialog>
  );
}
