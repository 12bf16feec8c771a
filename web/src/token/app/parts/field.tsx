import { type InputHTMLAttributes, type ReactNode, type Ref, useId } from 'react';
import styles from './field.module.css';

interface FieldProps {
  readonly ref?: Ref<HTMLInputElement>;
  readonly label: string;
  readonly hint?: string | undefined;
  readonly error?: string | undefined;
}

export function Field({
  label,
  hint,
  error,
  big = false,
  ...input
}: FieldProps & { readonly big?: boolean } & InputHTMLAttributes<HTMLInputElement>) {
  return (
    <Labelled {...{ label, hint, error }}>
      {(ids) => <input className={`${styles.input} ${big ? styles.big : ''}`} {...ids} {...input} />}
    </Labelled>
  );
}

export function Labelled({
  label,
  hint,
  error,
  children,
}: Omit<FieldProps, 'ref'> & {
  readonly children: (ids: {
    readonly id: string;
    readonly 'aria-describedby': string | undefined;
    readonly 'aria-invalid': boolean | undefined;
  }) => ReactNode;
}) {
  const id = useId();
  const told = error ?? hint;
  const ids = {
    id,
    'aria-describedby': told === undefined ? undefined : `${id}-told`,
    'aria-invalid': error === undefined ? undefined : true,
  };
  return (
    <div className={styles.field}>
      <label htmlFor={id}>{label}</label>
      {children(ids)}
      {told !== undefined && (
        <div id={`${id}-told`} className={error === undefined ? styles.hint : styles.error}>
          {told}
        </div>
      )}
    </div>
  );
}

/** A PIN field, masked. Password managers are told to ignore it, because a PIN is no password. */
export function PinField(props: FieldProps & InputHTMLAttributes<HTMLInputElement>) {
  return (
    <Field
      big
      type="password"
      inputMode="numeric"
      autoComplete="off"
      maxLength={12}
      spellCheck={false}
      data-1p-ignore=""
      data-lpignore="true"
      {...props}
    />
  );
}
