import { useQuery } from '@tanstack/react-query';
import {
  BookIcon,
  FlaskIcon,
  KeyIcon,
  ListIcon,
  PlugIcon,
  PulseIcon,
  SettingsIcon,
  UsersIcon,
} from '../design/icons.tsx';
import { api } from '../session/server.ts';
import { useSession } from '../session/session-gate.tsx';
import type { NavigationItem } from '../shell/menu.ts';

const READERS = ['admin', 'auditor'] as const;
const ADMINISTRATORS = ['admin'] as const;

/** The operators' places in the console's menu; their names are in the console's texts, since the area is loaded later. */
export const OPERATOR_NAVIGATION: readonly NavigationItem[] = [
  { route: ['operator'], text: 'navigation.operator.overview', icon: PulseIcon, roles: READERS },
  { route: ['operator', 'users'], text: 'navigation.operator.users', icon: UsersIcon, roles: READERS },
  {
    route: ['operator', 'transactions'],
    text: 'navigation.operator.transactions',
    icon: ListIcon,
    roles: READERS,
  },
  { route: ['operator', 'journal'], text: 'navigation.operator.journal', icon: BookIcon, roles: READERS },
  {
    route: ['operator', 'services'],
    text: 'navigation.operator.services',
    icon: PlugIcon,
    roles: ADMINISTRATORS,
  },
  { route: ['operator', 'keys'], text: 'navigation.operator.keys', icon: KeyIcon, roles: READERS },
  {
    route: ['operator', 'configuration'],
    text: 'navigation.operator.configuration',
    icon: SettingsIcon,
    roles: READERS,
  },
];

const LAB: NavigationItem = {
  route: ['operator', 'lab'],
  text: 'navigation.operator.lab',
  icon: FlaskIcon,
  roles: ADMINISTRATORS,
};

/** The configuration in force; it changes with a restart alone. */
export function useConfiguration(enabled = true) {
  return useQuery({
    queryKey: ['operator', 'configuration'],
    queryFn: ({ signal }) => api('GET /v1/admin/configuration', {}, { signal }),
    select: ({ keys }) => keys,
    staleTime: 60_000,
    enabled,
  });
}

/** The operators' places that there are on this server: the lab where the configuration has it. */
export function useOperatorNavigation(): readonly NavigationItem[] {
  const { role } = useSession();
  const { data: keys = [] } = useConfiguration(role === 'admin');
  const on = (name: string) => keys.some(({ key, value }) => key === name && value === true);
  return on('lab_enabled') && on('lab_allowed') ? [...OPERATOR_NAVIGATION, LAB] : OPERATOR_NAVIGATION;
}
