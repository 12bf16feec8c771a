import type { ParseKeys } from 'i18next';
import type { ComponentType } from 'react';
import type { BrowserSession } from '../api/operations.ts';
import {
  HistoryIcon,
  HomeIcon,
  type IconProps,
  PhoneIcon,
  ReceiptIcon,
  ShieldIcon,
  TransferIcon,
} from '../design/icons.tsx';
import type { Route } from '../routing/hash-route.ts';

export interface NavigationItem {
  readonly route: Route;
  /** A key of the console's texts. */
  readonly text: ParseKeys<'console'>;
  readonly icon: ComponentType<IconProps>;
  /** To whom the menu shows it; whether they may, the server decides. */
  readonly roles: readonly BrowserSession['role'][];
}

const EVERYBODY = ['user', 'admin', 'auditor'] as const;

export const USER_NAVIGATION: readonly NavigationItem[] = [
  { route: [], text: 'navigation.home', icon: HomeIcon, roles: EVERYBODY },
  { route: ['transfers'], text: 'navigation.transfers', icon: TransferIcon, roles: EVERYBODY },
  { route: ['receipts'], text: 'navigation.receipts', icon: ReceiptIcon, roles: EVERYBODY },
  { route: ['devices'], text: 'navigation.devices', icon: PhoneIcon, roles: EVERYBODY },
  { route: ['security'], text: 'navigation.security', icon: ShieldIcon, roles: EVERYBODY },
  { route: ['history'], text: 'navigation.history', icon: HistoryIcon, roles: EVERYBODY },
];
