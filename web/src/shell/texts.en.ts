export const shellTexts = {
  navigation: {
    label: 'Main menu',
    open: 'Open the menu',
    home: 'Overview',
    transactions: 'Transfers',
    receipts: 'Receipts',
    devices: 'Devices',
    security: 'Security',
    history: 'History',
    user_side: 'My account',
    operator_side: 'Operation',
    operator: {
      overview: 'Monitoring',
      users: 'Users',
      transactions: 'All transfers',
      journal: 'Journal',
      services: 'Services',
      keys: 'Keys',
      configuration: 'Configuration',
      lab: 'Attack lab',
    },
  },
  account_menu: {
    menu: 'Account of {{username}}',
    role_user: 'User',
    role_admin: 'Administrator',
    role_auditor: 'Auditor',
    log_out: 'Log out',
    leaving: 'Logging out…',
  },
  not_found: {
    title: 'There is nothing here',
    text: 'The address may be mistyped.',
    home: 'To the overview',
  },
  recovery: {
    title: 'Administrators are giving your account to a new device',
    asked: '{{by}} asked for it. If this was not your wish, cancel it.',
    ready:
      '{{by}} asked for it, and it is confirmed: a device may be invited from {{time}}. If this was not your wish, cancel it.',
    cancel: 'Cancel the recovery',
  },
} as const;
