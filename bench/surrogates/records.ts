import { createHash } from 'node:crypto';
import { closeSync, openSync, writeSync } from 'node:fs';

const SYSTEM = 'http://unitsofmeasure.org';
let drawn = 0;

/** A UUID of a counter, so that each run measures the same bytes. */
function uuid(): string {
  const hex = createHash('sha256').update(`${drawn++}`).digest('hex');
  return hex.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*/, '$1-$2-4$3-8$4-$5');
}

/** An observation with as many identifiers, and as long as their density asks. */
function observation(identifiers: number, bytes: number): string {
  const references = ['Patient', 'Encounter', 'Practitioner'].map((type) => ({
    reference: `${type}/${uuid()}`,
  }));
  const record: Record<string, unknown> = {
    resourceType: 'Observation',
    id: uuid(),
    meta: { versionId: '1', lastUpdated: '2025-01-02T03:04:05Z' },
    status: 'final',
    category: [
      {
        coding: [
          { system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: 'laboratory' },
        ],
      },
    ],
    code: {
      coding: [{ system: 'http://loinc.org', code: '2339-0', display: 'Glucose [Mass/volume] in Blood' }],
    },
    effectiveDateTime: '2025-01-02T03:04:05+01:00',
    valueQuantity: { value: 95.4, unit: 'mg/dL', system: SYSTEM, code: 'mg/dL' },
  };
  if (identifiers >= 4) [record.subject, record.encounter, record.device] = references;
  if (identifiers > 4)
    record.derivedFrom = Array.from({ length: identifiers - 4 }, () => ({
      reference: `Observation/${uuid()}`,
    }));
  const components: object[] = [];
  const component = {
    code: { coding: [{ system: 'http://loinc.org', code: '8480-6', display: 'Systolic blood pressure' }] },
    valueQuantity: { value: 120, unit: 'mm[Hg]', system: SYSTEM, code: 'mm[Hg]' },
  };
  const each = JSON.stringify(component).length + 1;
  for (let length = JSON.stringify(record).length; length < bytes - each / 2; length += each)
    components.push(component);
  return `${JSON.stringify(components.length > 0 ? { ...record, component: components } : record)}\n`;
}

/** Writes NDJSON of a density of identifiers (UUIDs). */
export function writeRecords(path: string, megabytes: number, perKilobyte: number): void {
  const identifiers = perKilobyte >= 16 ? 22 : perKilobyte >= 4 ? 4 : 1;
  const file = openSync(path, 'w');
  for (let written = 0; written < megabytes * 1e6; ) {
    const part = Array.from({ length: 500 }, () =>
      observation(identifiers, (identifiers / perKilobyte) * 1_000),
    ).join('');
    written += writeSync(file, part);
  }
  closeSync(file);
}
