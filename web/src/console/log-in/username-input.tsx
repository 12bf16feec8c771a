import { TextInput } from '@mantine/core';
import { useTranslation } from 'react-i18next';

const LENGTH_MAX = 128;

export function UsernameInput({
  description,
  value,
  onChange,
}: {
  readonly description?: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
}) {
  const { t } = useTranslation('console');
  return (
    <TextInput
      label={t('log_in.username')}
      description={description}
      value={value}
      onChange={({ currentTarget }) => onChange(currentTarget.value)}
      autoComplete="username"
      autoCapitalize="none"
      spellCheck={false}
      required
      maxLength={LENGTH_MAX}
    />
  );
}
