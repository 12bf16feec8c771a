import { TextInput } from '@mantine/core';
import { useTranslation } from 'react-i18next';

const TYPES_LENGTH_MAX = 1_024;

/** Types apart by commas; none: all. */
export function TypesInput({
  value,
  onChange,
}: {
  readonly value: string;
  readonly onChange: (value: string) => void;
}) {
  const { t } = useTranslation('operator');
  return (
    <TextInput
      label={t('events.types')}
      description={t('events.types_hint')}
      placeholder="transaction.*, login.refused"
      value={value}
      onChange={({ currentTarget }) => onChange(currentTarget.value)}
      maxLength={TYPES_LENGTH_MAX}
      autoComplete="off"
      autoCapitalize="off"
      spellCheck={false}
    />
  );
}

export function typesOf(value: string): readonly string[] {
  return value.split(/[\s,]+/).filter((type) => type !== '');
}
