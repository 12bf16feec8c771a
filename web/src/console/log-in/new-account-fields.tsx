import { PasswordInput } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { UsernameInput } from './username-input.tsx';

export interface NewAccount {
  readonly username: string;
  readonly password: string;
  readonly again: string;
}

export const NO_ACCOUNT: NewAccount = { username: '', password: '', again: '' };

/** Fields for the name and password of a new account. The server decides whether it accepts them. */
export function NewAccountFields({
  value,
  onChange,
  differ,
}: {
  readonly value: NewAccount;
  readonly onChange: (value: NewAccount) => void;
  /** Shows that the two passwords differ. */
  readonly differ: boolean;
}) {
  const { t } = useTranslation('console');
  const toggle = { 'aria-label': t('log_in.password_show') };
  return (
    <>
      <UsernameInput
        description={t('log_in.username_hint')}
        value={value.username}
        onChange={(username) => onChange({ ...value, username })}
      />
      <PasswordInput
        label={t('log_in.password')}
        description={t('log_in.password_hint')}
        value={value.password}
        onChange={({ currentTarget }) => onChange({ ...value, password: currentTarget.value })}
        autoComplete="new-password"
        required
        maxLength={1024}
        visibilityToggleButtonProps={toggle}
      />
      <PasswordInput
        label={t('log_in.password_again')}
        value={value.again}
        onChange={({ currentTarget }) => onChange({ ...value, again: currentTarget.value })}
        autoComplete="new-password"
        required
        maxLength={1024}
        visibilityToggleButtonProps={toggle}
        error={differ ? t('log_in.passwords_differ') : undefined}
      />
    </>
  );
}
