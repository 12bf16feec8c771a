import { NativeSelect } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useDuration } from '../../design/use-duration.ts';

const DAY_MS = 86_400_000;
const DAYS = [30, 90, 180, 365] as const;

/** Days until a key expires; undefined: it does not. */
export type KeyDays = (typeof DAYS)[number] | undefined;

/** The end of a key's life, for a request. Empty where it has none. */
export function expiryOf(days: KeyDays): { readonly expires_at?: string } {
  return days === undefined ? {} : { expires_at: new Date(Date.now() + days * DAY_MS).toISOString() };
}

/** Chooses when a key expires. */
export function ExpiryChoice({
  chosen,
  onChange,
}: {
  readonly chosen: KeyDays;
  readonly onChange: (days: KeyDays) => void;
}) {
  const { t } = useTranslation('operator');
  const duration = useDuration();
  return (
    <NativeSelect
      label={t('services.expiry')}
      description={t('services.expiry_hint')}
      value={`${chosen ?? ''}`}
      onChange={({ currentTarget }) => onChange(DAYS.find((days) => `${days}` === currentTarget.value))}
      data={[
        { value: '', label: t('services.expiry_never') },
        ...DAYS.map((days) => ({
          value: `${days}`,
          label: t('services.expiry_in', { time: duration(days * DAY_MS) }),
        })),
      ]}
    />
  );
}
