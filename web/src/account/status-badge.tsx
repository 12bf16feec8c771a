import { Badge } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Transaction } from '../api/operations.ts';
import { CheckIcon, ClockIcon, CrossIcon } from '../design/icons.tsx';

const LOOKS = {
  pending: { color: 'yellow', Icon: ClockIcon },
  approved: { color: 'pine', Icon: CheckIcon },
  refused: { color: 'red', Icon: CrossIcon },
  expired: { color: 'gray', Icon: ClockIcon },
  cancelled: { color: 'gray', Icon: CrossIcon },
} as const;

/** The status of a transaction as a word and an icon, not by colour alone. */
export function StatusBadge({ status }: { readonly status: Transaction['status'] }) {
  const { t } = useTranslation('account');
  const { color, Icon } = LOOKS[status];
  return (
    <Badge color={color} variant="light" tt="none" size="lg" fw={600} leftSection={<Icon size={14} />}>
      {t(`status.${status}`)}
    </Badge>
  );
}
