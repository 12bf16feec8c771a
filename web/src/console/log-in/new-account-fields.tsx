import { PasswordInput } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { UsernameInput } from './username-input.tsx';

export interface NewPassword {
  readonly password: string;
  readonly again: string;
}

export interface NewAccount extends NewPassword {
  readonly username: string;
}

export const NO_ACCOUNT: NewAccount = { username: '', password: '', again: '' };

interface Fields<Value> {
  readonly value: Value;
  readonly onChange: (value: Value) => void;
  /** Shows that the two passwords differ. */
  readonly differ: boolean;
}

/** Fields for the name and password of a new account. The server decides whether it accepts them. */
export function NewAccountFields({ value, onChange, differ }: Fields<NewAccount>) {
  const { t } = useTranslation('console');
  return (
    <>
      <UsernameInput
        description={t('log_in.username_hint')}
        value={value.username}
        onChange={(username) => onChange({ ...value, username })}
      />
      <NewPasswordFields
        label={t('log_in.password')}
        value={value}
        onChange={(next) => onChange({ ...value, ...next })}
        differ={differ}
      />
    </>
  );
}

/** A new password, typed twice. */
export function NewPasswordFields({
  label,
  value,
  onChange,
  differ,
}: Fields<NewPassword> & { readonly label: string }) {
  const { t } = useTranslation('console');
  const { password, again } = value;
  const toggle = { 'aria-label': t('log_in.password_show') };
  return (
    <>
      <PasswordInput
        label={label}
        description={t('log_in.password_hint')}
        value={password}
        onChange={({ currentTarget }) => onChange({ password: currentTarget.value, again })}
        autoComplete="new-password"
        required
        maxLength={1024}
        visibilityToggleButtonProps={toggle}
      />
      <PasswordInput
        label={t('log_in.password_again')}
        value={again}
        onChange={({ currentTarget }) => onChange({ password, again: currentTarget.value })}
        autoComplete="new-password"
        required
        maxLength={1024}
        visibilityToggleButtonProps={toggle}
        error={differ ? t('log_in.passwords_differ') : undefined}
      />
    </>
  );
}
