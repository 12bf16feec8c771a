import { TextInput, type TextInputProps } from '@mantine/core';
import { useRefusedFocus } from '../design/use-refused-focus.ts';

const LENGTH_MAX = 16;

/** An input for a code of a token, which people type in groups. `withoutBlanks` makes one code of them. */
export function CodeInput({
  value,
  onChange,
  refusal,
  ...rest
}: Omit<TextInputProps, 'value' | 'onChange'> & {
  readonly value: string;
  readonly onChange: (value: string) => void;
  /** Why the last attempt failed, which brings the focus back. */
  readonly refusal?: unknown;
}) {
  return (
    <TextInput
      ref={useRefusedFocus(refusal)}
      value={value}
      onChange={({ currentTarget }) => onChange(currentTarget.value)}
      inputMode="numeric"
      autoComplete="one-time-code"
      maxLength={LENGTH_MAX}
      {...rest}
    />
  );
}
