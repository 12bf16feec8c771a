import { Badge } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { User } from '../../api/operations.ts';
import { CheckIcon, ClockIcon, CrossIcon } from '../../design/icons.tsx';

const LOOKS = {
  active: { color: 'pine', Icon: CheckIcon },
  disabled: { color: 'red', Icon: CrossIcon },
  locked: { color: 'yellow', Icon: ClockIcon },
} as const;

export function isLocked({
  password_locked_until: password,
  code_locked_until: code,
}: Pick<User, 'password_locked_until' | 'code_locked_until'>): boolean {
  return password !== null || code !== null;
}

/** The state of a user. Disabled outweighs locked: a disabled user stays out when the lock ends. */
export function UserState({ user }: { readonly user: User }) {
  const { t } = useTranslation('operator');
  const state = user.disabled ? 'disabled' : isLocked(user) ? 'locked' : 'active';
  const { color, Icon } = LOOKS[state];
  return (
    <Badge color={color} variant="light" tt="none" size="lg" fw={600} leftSection={<Icon size={13} />}>
      {t(`users.${state}`)}
    </Badge>
  );
}
