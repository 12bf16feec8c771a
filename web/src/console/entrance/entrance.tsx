import { useTranslation } from 'react-i18next';
import type { Route } from '../../routing/hash-route.ts';
import { EntranceFrame } from './entrance-frame.tsx';
import { LogIn } from './log-in.tsx';
import { Register } from './register.tsx';

/** What whoever is not logged in sees. After the log-in the place in the address is shown, whatever it is. */
export function Entrance({ route }: { readonly route: Route }) {
  const { t } = useTranslation('console');
  const registering = route[0] === 'register';
  return (
    <EntranceFrame title={t(registering ? 'entrance.register_title' : 'entrance.log_in_title')}>
      {registering ? <Register /> : <LogIn />}
    </EntranceFrame>
  );
}
