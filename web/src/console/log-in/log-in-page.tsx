import { useTranslation } from 'react-i18next';
import type { Route } from '../../routing/hash-route.ts';
import { LogInForm } from './log-in-form.tsx';
import { LogInFrame } from './log-in-frame.tsx';
import { RegisterForm } from './register-form.tsx';

/** The page of a visitor who is not logged in. After the log-in the place in the address is shown. */
export function LogInPage({ route }: { readonly route: Route }) {
  const { t } = useTranslation('console');
  const registering = route[0] === 'register';
  return (
    <LogInFrame title={t(registering ? 'log_in.register_title' : 'log_in.log_in_title')}>
      {registering ? <RegisterForm /> : <LogInForm />}
    </LogInFrame>
  );
}
