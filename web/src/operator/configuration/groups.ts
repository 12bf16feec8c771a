/** What a key is about. The texts name each (`configuration.group`). */
export const GROUPS = [
  'process',
  'network',
  'decisions',
  'accounts',
  'attempts',
  'store',
  'vault',
  'limits',
  'log',
  'events',
  'messages',
  'lab',
  'other',
] as const;
export type Group = (typeof GROUPS)[number];

/** The beginnings of keys. The first that fits decides, so `rate_limit_url` stands with `rate_limits`. */
const BEGINNINGS: readonly (readonly [beginning: RegExp, group: Group])[] = [
  [/^(role|profile|data_dir|language|log_level)$/, 'process'],
  [/^(tcp|http|tls|proxy|public|drain)_/, 'network'],
  [/^(policy|keys)\.|^currency_/, 'decisions'],
  [/^(password|registration|session|device_session|enrolment|token|proof|recovery|idempotency)_/, 'accounts'],
  [/^lockout\./, 'attempts'],
  [/^store_/, 'store'],
  [/^vault_/, 'vault'],
  [/^rate_limit/, 'limits'],
  [/^(log|witness)_|^archive\./, 'log'],
  [/^(events|webhooks|web_push|syslog|pulsar)\./, 'events'],
  [/^messages\./, 'messages'],
  [/^lab_/, 'lab'],
];

/** The group of a key; `other` for a key of a newer server. */
export function groupOf(key: string): Group {
  return BEGINNINGS.find(([beginning]) => beginning.test(key))?.[1] ?? 'other';
}
