import { Anchor, TextInput, type TextInputProps } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { withoutBlanks } from '../../../src/domain/otp/typed-code.ts';
import { useRefusedFocus } from '../design/use-refused-focus.ts';
import { CodeInput } from './code-input.tsx';

/** What a user types where a recovery code stands for a code. */
export interface TypedCode {
  readonly text: string;
  readonly recovery: boolean;
}

export const NO_CODE: TypedCode = { text: '', recovery: false };

/** An input for a code of a token or, on request, for a recovery code. @see shownCode */
export function CodeOrRecoveryInput({
  value,
  onChange,
  refusal,
  ...rest
}: Omit<TextInputProps, 'value' | 'onChange'> & {
  readonly value: TypedCode;
  readonly onChange: (value: TypedCode) => void;
  /** As for `CodeInput`. */
  readonly refusal?: unknown;
}) {
  const { t } = useTranslation('console');
  const recoveryInput = useRefusedFocus(refusal);
  const { text, recovery } = value;
  return (
    <div>
      {recovery ? (
        <TextInput
          {...rest}
          ref={recoveryInput}
          label={t('recovery_codes.one')}
          description={t('recovery_codes.one_hint')}
          value={text}
          onChange={({ currentTarget }) => onChange({ text: currentTarget.value, recovery })}
          autoComplete="off"
          autoCapitalize="characters"
          spellCheck={false}
          maxLength={64}
        />
      ) : (
        <CodeInput
          {...rest}
          refusal={refusal}
          value={text}
          onChange={(typed) => onChange({ text: typed, recovery })}
        />
      )}
      <Anchor
        component="button"
        type="button"
        mt="xs"
        onClick={() => onChange({ text: '', recovery: !recovery })}
      >
        {t(recovery ? 'recovery_codes.use_token' : 'recovery_codes.lost')}
      </Anchor>
    </div>
  );
}

/** The members of a request for what was typed. */
export function shownCode({ text, recovery }: TypedCode): { code?: string; recovery_code?: string } {
  const code = withoutBlanks(text);
  if (code === '') return {};
  return recovery ? { recovery_code: code } : { code };
}
