import type { ParseKeys } from 'i18next';
import type { ComponentType } from 'react';
import type { BrowserSession } from '../api/operations.ts';
import {
  BookIcon,
  FlaskIcon,
  HistoryIcon,
  HomeIcon,
  type IconProps,
  KeyIcon,
  ListIcon,
  OutboxIcon,
  PhoneIcon,
  PlugIcon,
  PulseIcon,
  ReceiptIcon,
  SettingsIcon,
  ShieldIcon,
  TransactionIcon,
  UsersIcon,
} from '../design/icons.tsx';
import type { Route } from '../routing/hash-route.ts';
import { useSession } from '../session/session-gate.tsx';
import { useConfiguration } from './use-configuration.ts';

export interface MenuItem {
  readonly route: Route;
  readonly text: ParseKeys<'shell'>;
  readonly icon: ComponentType<IconProps>;
  /** Roles that see the item in the menu. The server alone decides what a role may do. */
  readonly roles: readonly BrowserSession['role'][];
}

const EVERYBODY = ['user', 'admin', 'auditor'] as const;
const READERS = ['admin', 'auditor'] as const;
const ADMINISTRATORS = ['admin'] as const;

export const USER_MENU: readonly MenuItem[] = [
  { route: [], text: 'navigation.home', icon: HomeIcon, roles: EVERYBODY },
  { route: ['transfers'], text: 'navigation.transactions', icon: TransactionIcon, roles: EVERYBODY },
  { route: ['receipts'], text: 'navigation.receipts', icon: ReceiptIcon, roles: EVERYBODY },
  { route: ['devices'], text: 'navigation.devices', icon: PhoneIcon, roles: EVERYBODY },
  { route: ['security'], text: 'navigation.security', icon: ShieldIcon, roles: EVERYBODY },
  { route: ['history'], text: 'navigation.history', icon: HistoryIcon, roles: EVERYBODY },
];

const OPERATOR_MENU: readonly MenuItem[] = [
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
  { route: ['operator', 'log'], text: 'navigation.operator.log', icon: ShieldIcon, roles: READERS },
  { route: ['operator', 'events'], text: 'navigation.operator.events', icon: OutboxIcon, roles: READERS },
  { route: ['operator', 'keys'], text: 'navigation.operator.keys', icon: KeyIcon, roles: READERS },
  {
    route: ['operator', 'configuration'],
    text: 'navigation.operator.configuration',
    icon: SettingsIcon,
    roles: READERS,
  },
];

const LAB: MenuItem = {
  route: ['operator', 'lab'],
  text: 'navigation.operator.lab',
  icon: FlaskIcon,
  roles: ADMINISTRATORS,
};

/** Returns the operators' menu of this server: with the lab if the configuration enables it. */
export function useOperatorMenu(): readonly MenuItem[] {
  const { role } = useSession();
  const { data: keys = [] } = useConfiguration(role === 'admin');
  const on = (name: string) => keys.some(({ key, value }) => key === name && value === true);
  return on('lab_enabled') && on('lab_allowed') ? [...OPERATOR_MENU, LAB] : OPERATOR_MENU;
}
