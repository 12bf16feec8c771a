import { Alert, Button, Group } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { hashOf, type Route } from '../../routing/hash-route.ts';
import { useSession } from '../../session/session-gate.tsx';
import { usePasskeys } from '../security/use-passkeys.ts';
import { useTokens } from './use-tokens.ts';

/** Whether the user is an administrator without token and passkey, who changes nothing until they have one. */
export function useLooksOnly(): boolean {
  const isAdmin = useSession().role === 'admin';
  const tokens = useTokens(isAdmin).data;
  const passkeys = usePasskeys(isAdmin).data;
  if (!isAdmin || !tokens || !passkeys) return false;
  return passkeys.length === 0 && !tokens.some(({ status }) => status === 'active');
}

/** Tells such an administrator so on every page but the one where a token is set up. */
export function LooksOnlyBanner({ route }: { readonly route: Route }) {
  const { t } = useTranslation('console');
  const looksOnly = useLooksOnly();
  if (!looksOnly || (route[0] === 'devices' && route[1] === 'enrol')) return null;
  return (
    <Alert color="yellow" title={t('looks_only.title')} mb="lg">
      {t('looks_only.text')}
      <Group mt="sm">
        <Button component="a" href={hashOf('devices', 'enrol')}>
          {t('home.no_token_action')}
        </Button>
        <Button component="a" variant="default" href={hashOf('security')}>
          {t('security.passkey_add')}
        </Button>
      </Group>
    </Alert>
  );
}
