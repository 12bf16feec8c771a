/**
 * Writes the sample of docs/surrogates.md, a small hospital that never was: `node scripts/surrogates-sample.ts [FOLDER]`.
 * Equal on every machine: all is drawn from SHA-256 of a counter.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = process.argv[2] ?? fileURLToPath(new URL('../examples/surrogates/data', import.meta.url));
const PATIENTS = 12;
const OBSERVATIONS_EACH = 4;

let count = 0;
const bytes = (): Buffer => createHash('sha256').update(`sample ${count++}`).digest();
const number = (below: number): number => bytes().readUInt32BE() % below;
const pick = <Item>(items: readonly [Item, ...Item[]]): Item => items[number(items.length)] ?? items[0];
const uuid = (): string =>
  bytes()
    .toString('hex')
    .replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*/, '$1-$2-4$3-8$4-$5');
const date = (year: number): string =>
  new Date(Date.UTC(year, number(12), 1 + number(28))).toISOString().slice(0, 10);

const organization = {
  resourceType: 'Organization',
  id: uuid(),
  name: 'Hospital San Telmo',
};
const patients = Array.from({ length: PATIENTS }, (_, i) => ({
  resourceType: 'Patient',
  id: i === 0 ? 'alma' : uuid(),
  identifier: [{ system: 'urn:oid:1.2.36.146.595.217.0.1', value: `MRN-${100_000 + number(900_000)}` }],
  name: [
    {
      family: pick(['García', 'Moreau', 'Okafor', 'Ito', 'Novák']),
      given: [pick(['Ana', 'Luc', 'Chi', 'Ren', 'Eva'])],
    },
  ],
  gender: pick(['female', 'male', 'other', 'unknown']),
  birthDate: date(1930 + number(80)),
  address: [{ city: 'Cádiz', postalCode: `1100${number(10)}`, country: 'ES' }],
  telecom: [{ system: 'phone', value: `+34 600 ${100 + number(900)} ${100 + number(900)}` }],
  managingOrganization: { reference: `Organization/${organization.id}` },
}));
const encounters = patients.map((patient) => ({
  resourceType: 'Encounter',
  id: uuid(),
  status: 'finished',
  class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'AMB' },
  subject: { reference: `Patient/${patient.id}` },
  period: { start: `${date(2025)}T09:30:00+01:00` },
}));
const observations = patients.flatMap((patient, i) =>
  Array.from({ length: OBSERVATIONS_EACH }, () => ({
    resourceType: 'Observation',
    id: uuid(),
    status: 'final',
    code: {
      coding: [{ system: 'http://loinc.org', code: '2339-0', display: 'Glucose [Mass/volume] in Blood' }],
    },
    subject: { reference: `Patient/${patient.id}/_history/${1 + number(3)}` },
    encounter: { reference: `Encounter/${encounters[i]?.id}` },
    effectiveDateTime: `${date(2025)}T10:00:00+01:00`,
    valueQuantity: {
      value: 70 + number(600) / 10,
      unit: 'mg/dL',
      system: 'http://unitsofmeasure.org',
      code: 'mg/dL',
    },
  })),
);
const visits = [
  'patient,mrn,visited,ward,note',
  ...patients.map(
    ({ id, identifier }) =>
      `${id},${identifier[0]?.value},${date(2025)},${pick(['A', 'B'])},"seen, and well"`,
  ),
];

mkdirSync(folder, { recursive: true });
const lines = (records: readonly object[]): string =>
  records.map((record) => `${JSON.stringify(record)}\n`).join('');
writeFileSync(`${folder}/Organization.ndjson`, lines([organization]));
writeFileSync(`${folder}/Patient.ndjson`, lines(patients));
writeFileSync(`${folder}/Encounter.ndjson`, lines(encounters));
writeFileSync(`${folder}/Observation.ndjson`, lines(observations));
writeFileSync(`${folder}/visits.csv`, `${visits.join('\n')}\n`);
