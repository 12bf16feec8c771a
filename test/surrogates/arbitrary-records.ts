import fc from 'fast-check';

type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

const id = fc.oneof(
  fc.uuid(),
  fc.uuid().map((text) => text.toUpperCase()),
  fc.stringMatching(/^[A-Za-z0-9.-]{1,70}$/),
  fc.stringMatching(/^[ -~]{0,50}$/),
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.constantFrom('', '1', 'é', '\ud800', 'a'.repeat(1024), 'a'.repeat(1025), 'é'.repeat(513)),
);

const type = fc.constantFrom(
  'Patient',
  'Observation',
  'Encounter',
  'Group',
  'Paciente',
  'patient',
  'MedicationAdministration',
);
const reference = fc
  .tuple(
    fc.constantFrom(
      '',
      '',
      'http://h.example/fhir/',
      'https://h/',
      'http://',
      'ftp://h/',
      'http://u@h/',
      'a/',
      'http://h/a b/',
      'urn:uuid:',
      'urn:oid:',
      '#',
      'urn:x:',
      '/',
    ),
    type,
    fc.constantFrom('/', '/', '/', '?', '?identifier=', '', '//', '#'),
    id,
    fc.constantFrom(
      '',
      '',
      '/_history/2',
      '/_history/12345678901',
      '/_history/',
      '/_history/x',
      '/_history/2#x',
      '#',
      '#x',
      '?a=b',
      '#a#b',
    ),
  )
  .map((parts) => parts.join(''));

const scalar: fc.Arbitrary<Json> = fc.oneof(
  id,
  reference,
  fc.constantFrom<Json>(null, true, false, 0, -1.5, 1e21, 12345678901),
  fc.constantFrom('2024-02-29', '2024', '2024-05', 'x'),
);

const NAMES = [
  ...[
    'id',
    'resourceType',
    'name',
    'family',
    'given',
    '_given',
    'birthDate',
    '_birthDate',
    'identifier',
    'value',
    'extension',
  ],
  ...[
    'valueString',
    'valueReference',
    'reference',
    'subject',
    'telecom',
    'address',
    'contained',
    'entry',
    'fullUrl',
    'resource',
  ],
  ...[
    'managingOrganization',
    'code',
    'coding',
    'unknown',
    'meta',
    'versionId',
    'medicinalProductPharmaceutical',
    '',
    'modifierExtension',
  ],
];

const { value } = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    scalar,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...NAMES), tie('value'), { maxKeys: 5 }),
    fc
      .tuple(type, fc.dictionary(fc.constantFrom(...NAMES), tie('value'), { maxKeys: 4 }))
      .map(([resourceType, members]) => ({ resourceType, ...members })),
  ),
}));

const oneOrMany = (item: fc.Arbitrary<Json>): fc.Arbitrary<Json> =>
  fc.oneof(item, fc.array(item, { minLength: 1, maxLength: 3 }));
const element = (members: Record<string, fc.Arbitrary<Json>>): fc.Arbitrary<Json> =>
  fc.record(members, { requiredKeys: [] }) as fc.Arbitrary<Json>;
const extension = element({
  url: id,
  valueString: id,
  valueReference: element({ reference }),
  extension: value,
});

const patient = element({
  id,
  identifier: oneOrMany(element({ system: id, value: scalar, extension: oneOrMany(extension) })),
  name: oneOrMany(
    element({ family: scalar, given: oneOrMany(scalar), _given: oneOrMany(element({ extension })) }),
  ),
  birthDate: scalar,
  _birthDate: element({ id, extension: oneOrMany(extension) }),
  telecom: value,
  address: value,
  extension: oneOrMany(extension),
  managingOrganization: element({ reference: oneOrMany(reference), display: id }),
  contained: oneOrMany(element({ resourceType: type, id })),
  unknown: value,
});

/** Records that are like FHIR, and others. */
export const resource: fc.Arbitrary<Json> = fc.oneof(
  fc.tuple(type, patient).map(([resourceType, members]) => ({ resourceType, ...(members as object) })),
  fc.tuple(type, patient).map(([resourceType, members]) => ({ ...(members as object), resourceType })),
  patient.map((members) => ({
    resourceType: 'Bundle',
    entry: [{ fullUrl: 'urn:uuid:1', resource: { resourceType: 'Patient', ...(members as object) } }],
  })),
  value,
);

/** A value's JSON, with whitespace and escapes here and there, and now and then a member twice. */
export function jsonText(json: Json): fc.Arbitrary<string> {
  return fc
    .tuple(fc.constantFrom('', '', ' ', '\r\n\t '), fc.constantFrom(0, 0, 5, 2), fc.constantFrom(0, 0, 4))
    .map(([space, escapes, twice]) => {
      let count = 0;
      const text = (string: string): string => {
        const quoted = JSON.stringify(string);
        if (escapes === 0 || ++count % escapes !== 0) return quoted;
        return `"${Array.from({ length: string.length }, (_, i) => `\\u${string.charCodeAt(i).toString(16).padStart(4, '0')}`).join('')}"`;
      };
      const write = (item: Json): string => {
        if (typeof item === 'string') return text(item);
        if (typeof item !== 'object' || item === null) return String(item);
        if (Array.isArray(item)) return `[${space}${item.map(write).join(`${space},`)}]`;
        const members = Object.entries(item).map(
          ([name, member]) => `${text(name)}${space}:${space}${write(member)}`,
        );
        if (twice !== 0 && members.length > 0 && ++count % twice === 0) members.push(members[0] ?? '');
        return `{${space}${members.join(`,${space}`)}${space}}`;
      };
      return `${space}${write(json)}${space}`;
    });
}
