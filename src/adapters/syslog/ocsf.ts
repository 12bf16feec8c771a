import type { EventFields } from './fields.ts';

const SCHEMA_VERSION = '1.3.0';
const STATUS = { unknown: 0, success: 1, failure: 2 } as const;
/** Informational 1, low 2, medium 3. */
const OCSF_SEVERITY = { 4: 3, 5: 2, 6: 1 } as const;
const OTHER = 99;

interface OcsfClass {
  readonly class_uid: 3001 | 3002 | 6003;
  readonly class_name: string;
  readonly category_uid: 3 | 6;
  readonly category_name: string;
  readonly activity_id: number;
  readonly activity_name: string;
}

const IDENTITY = { category_uid: 3, category_name: 'Identity & Access Management' } as const;
const AUTHENTICATION = { class_uid: 3002 as const, class_name: 'Authentication', ...IDENTITY };
const ACCOUNT_CHANGE = { class_uid: 3001 as const, class_name: 'Account Change', ...IDENTITY };
const API_ACTIVITY = {
  class_uid: 6003 as const,
  class_name: 'API Activity',
  category_uid: 6 as const,
  category_name: 'Application Activity',
};

/** Exact types first, then by the first part. Everything else is API activity. */
function classOf(type: string): OcsfClass {
  if (type.startsWith('login.')) return { ...AUTHENTICATION, activity_id: 1, activity_name: 'Logon' };
  if (type === 'session.ended') return { ...AUTHENTICATION, activity_id: 2, activity_name: 'Logoff' };
  if (type.startsWith('code.')) return { ...AUTHENTICATION, activity_id: OTHER, activity_name: 'Code' };
  if (type === 'user.registered') return { ...ACCOUNT_CHANGE, activity_id: 1, activity_name: 'Create' };
  const verb = /(requested|enrolled|created|made|invited|asked)$/.test(type)
    ? ({ activity_id: 1, activity_name: 'Create' } as const)
    : /(revoked|removed|deleted|cancelled)$/.test(type)
      ? ({ activity_id: 4, activity_name: 'Delete' } as const)
      : ({ activity_id: 3, activity_name: 'Update' } as const);
  return { ...API_ACTIVITY, ...verb };
}

/**
 * The event in the Open Cybersecurity Schema Framework (https://schema.ocsf.io/1.3.0): Authentication (3002), Account Change
 * (3001) or API Activity (6003). What the schema has no attribute for stands in `unmapped`.
 */
export function ocsf(fields: EventFields, source: string, productVersion: string): string {
  const { index, type, user, at, hash, reason, transaction, detail, severity, outcome } = fields;
  const by = typeof detail.by === 'string' ? detail.by : user;
  const kind = classOf(type);
  const person = { name: user };
  return JSON.stringify({
    ...kind,
    type_uid: kind.class_uid * 100 + kind.activity_id,
    type_name: `${kind.class_name}: ${kind.activity_name}`,
    time: at,
    severity_id: OCSF_SEVERITY[severity],
    status_id: STATUS[outcome],
    ...(reason === undefined ? {} : { status_detail: reason }),
    metadata: {
      version: SCHEMA_VERSION,
      product: { name: 'Sello', vendor_name: 'Sello', version: productVersion },
      ...{ uid: `${index}`, sequence: index, event_code: type, log_name: source },
    },
    ...(kind.class_uid === 6003
      ? {
          actor: { user: { name: by } },
          api: { operation: type, service: { name: source } },
          src_endpoint: { name: source },
        }
      : { user: person, actor: { user: { name: by } }, service: { name: source } }),
    unmapped: { hash, user, transaction, detail },
  });
}
