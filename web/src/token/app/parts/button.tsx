import type { ButtonHTMLAttributes } from 'react';
import styles from './button.module.css';

export interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  readonly look?: 'primary' | 'soft' | 'quiet' | 'danger';
  readonly wide?: boolean;
}

export function Button({ look = 'soft', wide = false, type = 'button', className, ...rest }: ButtonProps) {
  const names = [styles.button, styles[look], wide ? styles.wide : '', className ?? ''];
  return <button type={type} className={names.filter(Boolean).join(' ')} {...rest} />;
}
