import { TextInput, type TextInputProps } from '@mantine/core';

const LENGTH_MAX = 16;

/** An input for a code of a token, which people type in groups. `withoutBlanks` makes one code of them. */
export function CodeInput({
  value,
  onChange,
  ...rest
}: Omit<TextInputProps, 'value' | 'onChange'> & {
  readonly value: string;
  readonly onChange: (value: string) => void;
}) {
  return (
    <TextInput
      value={value}
      onChange={({ currentTarget }) => onChange(currentTarget.value)}
      inputMode="numeric"
      autoComplete="one-time-code"
      maxLength={LENGTH_MAX}
      {...rest}
    />
  );
}
