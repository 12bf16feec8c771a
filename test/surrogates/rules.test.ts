/*
 * Goal: a rules file does what it says, redacts the rest, and is refused by name where it cannot be compiled.
 * Method: rules on small records, through the reference and the scanner, which must agree.
 */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { domainKey } from '../../src/domain/surrogates/data-key.ts';
import { surrogatesOf } from '../../src/domain/surrogates/modes.ts';
import { compilePlan } from '../../src/surrogates/rules/plan.ts';
import { readRules } from '../../src/surrogates/rules/read-rules.ts';
import { ReferenceTransformer } from '../../src/surrogates/scan/reference.ts';
import { Scanner } from '../../src/surrogates/scan/scanner.ts';
import { dataKey } from './run-fixture.ts';

/** What rules make of a record: `undefined` where nothing is kept. */
function apply(fhirPathRules: readonly object[], record: object, more: object = {}) {
  const rules = readRules(JSON.stringify({ fhirPathRules, ...more }));
  assert.ok(!('problems' in rules), JSON.stringify(rules));
  const plan = compilePlan(rules);
  const context = { dataKey, file: 'folder/a.ndjson' };
  const input = Buffer.from(JSON.stringify(record), 'utf8');
  const scanner = new Scanner(plan, context);
  scanner.resize(input.length, input.length * 8 + 65_536);
  scanner.input(input.length).set(input);
  const { error } = scanner.record(0, input.length, true);
  const made = Buffer.from(scanner.output()).toString('utf8');
  const expected = new ReferenceTransformer(plan, context).record(input);
  if (expected === undefined) assert.equal(made, '');
  else if ('text' in expected) assert.equal(made, Buffer.from(expected.text).toString('utf8'));
  else assert.equal(error, expected.error);
  if (error !== undefined) return error;
  return made === '' ? undefined : JSON.parse(made);
}

function problems(file: unknown): string {
  const rules = readRules(typeof file === 'string' ? file : JSON.stringify(file));
  assert.ok('problems' in rules);
  return rules.problems.join('\n');
}

const token = (domain: string, id: string): string => {
  const made = surrogatesOf(dataKey, domain, { mode: 'siv' }).make([id]);
  return 'texts' in made ? (made.texts[0] ?? '') : '';
};

const PATIENT = {
  resourceType: 'Patient',
  id: 'p1',
  active: true,
  name: [
    {
      family: 'García',
      given: ['Ana', 'Eva'],
      _given: [null, { extension: [{ url: 'u', valueString: 'x' }] }],
    },
  ],
  birthDate: '1950-03-01',
  _birthDate: { extension: [{ url: 'time', valueDateTime: '1950-03-01T10:00:00Z' }] },
  extension: [{ url: 'race', valueString: 'x', extension: [{ url: 'in', valueCode: 'y' }] }],
  deceasedDateTime: '2024-05-06T07:08:09+02:00',
};

test('what no rule names is redacted, with all that is left empty by it', () => {
  assert.deepEqual(apply([{ path: 'Patient.active', method: 'keep' }], PATIENT), {
    resourceType: 'Patient',
    active: true,
  });
  assert.equal(apply([{ path: 'Patient.gender', method: 'keep' }], PATIENT), undefined);
  assert.equal(apply([{ path: 'Observation', method: 'keep' }], PATIENT), undefined);
  const odd = {
    resourceType: 'Patient',
    active: true,
    invented: { family: 'García' },
    name: [{ nick: 'Ana' }],
  };
  assert.deepEqual(apply([{ path: 'Patient', method: 'keep' }], odd), {
    resourceType: 'Patient',
    active: true,
  });
  assert.equal(
    apply([{ path: 'Patient', method: 'keep' }], { resourceType: 'Paciente' }),
    'resource_type_unknown',
  );
  assert.equal(apply([{ path: 'Patient', method: 'keep' }], { id: 'a' }), 'resource_type_missing');
});

test('the first rule that covers an element or something around it decides', () => {
  const family = { path: 'Patient.name.family', method: 'substitute', replaceWith: 'Doe' };
  const name = { path: "nodesByType('HumanName')", method: 'keep' };
  assert.equal(apply([family, name], PATIENT).name[0].family, 'Doe');
  assert.equal(apply([name, family], PATIENT).name[0].family, 'García');
  const all = { path: 'Resource', method: 'keep' };
  assert.deepEqual(apply([{ path: 'Patient.name', method: 'redact' }, all], PATIENT).name, undefined);
});

test('extensions are reached by rules that name them alone', () => {
  const all = { path: 'Resource', method: 'keep' };
  for (const rules of [
    [all],
    [{ path: "nodesByType('string') | nodesByType('code') | nodesByType('dateTime')", method: 'keep' }, all],
    [{ path: 'Patient.descendants()', method: 'keep' }],
    [{ path: "nodesByName('valueString')", method: 'keep' }, all],
    [{ path: "nodesByType('Extension')", method: 'redact' }, all],
  ]) {
    const text = JSON.stringify(apply(rules, PATIENT));
    assert.doesNotMatch(text, /extension|race|time/, text);
  }
  const race = { path: 'Patient.extension', method: 'keep' };
  assert.deepEqual(apply([race, all], PATIENT).extension, PATIENT.extension);
  assert.deepEqual(apply([{ path: 'Patient.extension.value', method: 'keep' }], PATIENT), {
    resourceType: 'Patient',
    extension: [{ valueString: 'x' }],
  });
  const anywhere = apply([{ path: "nodesByType('Extension')", method: 'keep' }, all], PATIENT);
  assert.deepEqual(anywhere._birthDate, PATIENT._birthDate);
  assert.deepEqual(anywhere.name[0]._given, PATIENT.name[0]?._given);
});

test('a resource within another is judged by the rules of its own type', () => {
  const rules = [
    { path: 'Resource.id', method: 'tokenize', domain: 'fhir' },
    { path: "nodesByType('Reference').reference", method: 'tokenize', domain: 'fhir' },
    { path: 'Observation.status', method: 'keep' },
  ];
  const made = apply(rules, {
    resourceType: 'Observation',
    status: 'final',
    contained: [
      { resourceType: 'Patient', id: 'x', name: [{ family: 'García' }] },
      { id: 'y', resourceType: 'Observation', status: 'draft' },
    ],
    subject: { reference: '#x' },
  });
  assert.deepEqual(made, {
    resourceType: 'Observation',
    status: 'final',
    contained: [
      { resourceType: 'Patient', id: token('contained', 'x') },
      { id: token('contained', 'y'), resourceType: 'Observation', status: 'draft' },
    ],
    subject: { reference: `#${token('contained', 'x')}` },
  });
  const bundle = {
    resourceType: 'Bundle',
    type: 'batch',
    entry: [{ resource: { resourceType: 'Patient', id: 'p1' } }],
  };
  assert.deepEqual(apply(rules, bundle), {
    resourceType: 'Bundle',
    entry: [{ resource: { resourceType: 'Patient', id: token('fhir', 'p1') } }],
  });
});

test('references keep what names nobody, and join with ids', () => {
  const rules = [
    {
      path: "nodesByType('Reference').reference",
      method: 'tokenize',
      domains: { Patient: 'patient', '*': 'other' },
    },
  ];
  const uuid = '0b8ddb12-7a8f-4a4e-9c5e-1f9d3c2b1a00';
  const patient = (id: string) => token('patient', id);
  const other = (id: string) => token('other', id);
  const cases: [string, string][] = [
    ['Patient/1', `Patient/${patient('1')}`],
    [`Patient/${uuid}`, `Patient/${patient(uuid)}`],
    [`Group/${uuid.toUpperCase()}`, `Group/${other(uuid.toUpperCase())}`],
    ['Patient/1/_history/2#x', `Patient/${patient('1')}/_history/2#${token('contained', 'x')}`],
    ['http://h.example:8080/fhir/Patient/1', `http://h.example:8080/fhir/Patient/${patient('1')}`],
    [`https://h/Patient/${uuid}/_history/3`, `https://h/Patient/${patient(uuid)}/_history/3`],
    [`urn:uuid:${uuid}`, `urn:uuid:${other(uuid)}`],
    ['urn:oid:1.2.3', `urn:oid:${other('1.2.3')}`],
    ['Patient?identifier=urn:x|12 3', `Patient?${patient('identifier=urn:x|12 3')}`],
    ['#x', `#${token('contained', 'x')}`],
    ['#', '#'],
    ['Juan/1', other('Juan/1')],
    ['Patient/1/2', other('Patient/1/2')],
    ['http://juan@h/Patient/1', other('http://juan@h/Patient/1')],
    ['Patient/1/_history/juan', other('Patient/1/_history/juan')],
    ['Juan Pérez', other('Juan Pérez')],
  ];
  for (const [reference, expected] of cases) {
    const made = apply(rules, { resourceType: 'Observation', subject: { reference } });
    assert.equal(made.subject.reference, expected, reference);
  }
});

test('identifiers: numbers become texts, escapes are read, empty ones and null are dropped', () => {
  const rules = [
    { path: 'Resource.id', method: 'tokenize', domain: 'd' },
    { path: 'Patient.active', method: 'keep' },
  ];
  const id = (json: string) => {
    const rulesFile = readRules(JSON.stringify({ fhirPathRules: rules }));
    assert.ok(!('problems' in rulesFile));
    const scanner = new Scanner(compilePlan(rulesFile), { dataKey, file: '' });
    const input = Buffer.from(`{"resourceType":"Patient","active":true,"id":${json}}`);
    scanner.resize(input.length, 65_536);
    scanner.input(input.length).set(input);
    const { error } = scanner.record(0, input.length, true);
    return error ?? JSON.parse(Buffer.from(scanner.output()).toString('utf8')).id;
  };
  assert.equal(id('1'), token('d', '1'));
  assert.equal(id('"1"'), token('d', '1'));
  assert.equal(id('true'), token('d', 'true'));
  assert.equal(id('"\\u0041\\u00f1\\ud83d\\ude00\\/"'), token('d', 'Añ😀/'));
  assert.equal(id('"\\ud83d"'), 'identifier_invalid');
  assert.equal(id(`"${'a'.repeat(1025)}"`), 'identifier_too_long');
  for (const json of ['""', 'null', '{}', '[]', '[null]']) assert.equal(id(json), undefined, json);
});

test('cryptoHash, encrypt and hmac', () => {
  const hash = createHmac('sha256', 'k').update('p1').digest('hex');
  assert.equal(
    apply([{ path: 'Patient.id', method: 'cryptoHash' }], PATIENT, { parameters: { cryptoHashKey: 'k' } }).id,
    hash,
  );
  const derived = createHmac('sha256', domainKey(dataKey, 'cryptoHash', 'hmac-sha256', 32))
    .update('p1')
    .digest('hex');
  assert.equal(apply([{ path: 'Patient.id', method: 'cryptoHash' }], PATIENT).id, derived);
  const reference = { path: "nodesByType('Reference').reference", method: 'cryptoHash' };
  const made = apply([reference], {
    resourceType: 'Observation',
    subject: { reference: 'Patient/p1/_history/4' },
  });
  assert.equal(made.subject.reference, `Patient/${derived}/_history/4`);
  assert.equal(apply([{ path: 'Patient.id', method: 'encrypt' }], PATIENT).id, token('encrypt', 'p1'));
  const hmac = surrogatesOf(dataKey, 'n', { mode: 'hmac' }).make(['Ana', 'Eva']);
  const given = apply(
    [{ path: 'Patient.name.given', method: 'tokenize', domain: 'n', mode: 'hmac' }],
    PATIENT,
  ).name[0].given;
  assert.deepEqual({ texts: given }, hmac);
});

test('dateShift: one shift a scope, midnight, and the year of what is partial', () => {
  const rules = [{ path: "nodesByType('date') | nodesByType('dateTime')", method: 'dateShift' }];
  const made = apply(rules, PATIENT);
  const days = (a: string, b: string) =>
    (Date.parse(b.slice(0, 10)) - Date.parse(a.slice(0, 10))) / 86_400_000;
  const shift = days(PATIENT.birthDate, made.birthDate);
  assert.ok(Math.abs(shift) <= 50);
  assert.equal(days(PATIENT.deceasedDateTime, made.deceasedDateTime), shift);
  assert.match(made.deceasedDateTime, /T00:00:00\+02:00$/);
  const file = { parameters: { dateShiftScope: 'file', enablePartialDatesForRedact: true } };
  const ids = ['a', 'b'].map((id) => apply(rules, { ...PATIENT, id }, file).birthDate);
  assert.equal(ids[0], ids[1]);
  assert.equal(apply(rules, { resourceType: 'Patient', birthDate: '1950-03' }, file).birthDate, '1950');
  for (const birthDate of ['1950-03', '1950-02-30', '9999-99-99', 'March'])
    assert.equal(apply(rules, { resourceType: 'Patient', birthDate }), undefined);
  // The id may stand behind the dates.
  const { id, ...rest } = PATIENT;
  assert.equal(apply(rules, { ...rest, id }).birthDate, made.birthDate);
});

test('redact: the year, ages up to 89, three digits of a ZIP code', () => {
  const rules = [{ path: 'Resource', method: 'redact' }];
  const parameters = {
    enablePartialDatesForRedact: true,
    enablePartialAgesForRedact: true,
    enablePartialZipCodesForRedact: true,
    restrictedZipCodeTabulationAreas: ['036'],
  };
  const made = apply(
    rules,
    { ...PATIENT, address: [{ postalCode: '98052' }, { postalCode: '03601-1' }] },
    { parameters },
  );
  assert.deepEqual(made, {
    resourceType: 'Patient',
    birthDate: '1950',
    deceasedDateTime: '2024',
    address: [{ postalCode: '98000' }, { postalCode: '00000' }],
  });
  const condition = (value: number) => ({ resourceType: 'Condition', onsetAge: { value, unit: 'a' } });
  assert.deepEqual(apply(rules, condition(89), { parameters }).onsetAge, { value: 89 });
  assert.equal(apply(rules, condition(90), { parameters }), undefined);
});

test('generalize and perturb', () => {
  const observation = (value: number) => ({
    resourceType: 'Observation',
    id: 'o',
    valueQuantity: { value, unit: 'a' },
  });
  const rules = [
    {
      path: '(Observation.value as Quantity).value',
      method: 'generalize',
      cases: { '$this >= 0 and $this < 20': '10', '$this = 50 or $this in (60 | 70)': '$this' },
    },
  ];
  assert.equal(apply(rules, observation(19.5)).valueQuantity.value, 10);
  assert.equal(apply(rules, observation(60)).valueQuantity.value, 60);
  assert.equal(apply(rules, observation(20)), undefined);
  const birth = [
    {
      path: 'Patient.birthDate',
      method: 'generalize',
      cases: { '$this < @1960-01-01': '$this.substring(0, 4)' },
    },
  ];
  assert.equal(apply(birth, PATIENT).birthDate, '1950');
  const noise = [{ path: 'Observation.value.value', method: 'perturb', span: 10, roundTo: 1 }];
  const made = apply(noise, observation(100)).valueQuantity.value;
  assert.ok(Math.abs(made - 100) <= 5);
  assert.equal(apply(noise, observation(100)).valueQuantity.value, made);
  const proportional = [{ ...noise[0], span: 0.1, rangeType: 'proportional' }];
  assert.ok(Math.abs(apply(proportional, observation(100)).valueQuantity.value - 100) <= 5);
});

test('what cannot be compiled is refused by its name', () => {
  const rule = (more: object) =>
    problems({ fhirPathRules: [{ path: 'Patient.id', method: 'keep', ...more }] });
  for (const [file, pattern] of [
    [
      rule({ path: "Patient.identifier.where(system='x').value" }),
      /\[0\].*where\(system='x'\).*cannot be compiled/,
    ],
    [rule({ path: 'Patient.name[0]' }), /name\[0\]/],
    [rule({ path: 'Patient.nombre' }), /nombre, which FHIR R4 does not have there/],
    [rule({ path: 'Pacient.name' }), /Pacient, which is no resource/],
    [rule({ path: 'HumanName.family' }), /nodesByType\('HumanName'\)/],
    [rule({ path: "nodesByType('Nombre')" }), /the type Nombre/],
    [rule({ path: "nodesByName('nombre')" }), /the element nombre/],
    [rule({ path: 'Bundle.entry.resource.id' }), /another resource/],
    [rule({ path: 'Observation.value as HumanName' }), /value as HumanName/],
    [rule({ path: '' }), /has no path/],
    [rule({ method: 'mask' }), /the method mask cannot be compiled/],
    [rule({ method: 'tokenize' }), /domain is missing/],
    [rule({ method: 'tokenize', domain: 'a|b' }), /a\|b cannot name a domain/],
    [rule({ method: 'tokenize', domain: 'a', mode: 'ff3' }), /ff3 was withdrawn/],
    [rule({ method: 'tokenize', domain: 'a', mode: 'FF3-1' }), /withdrawn/],
    [rule({ method: 'tokenize', domain: 'a', mode: 'vault' }), /look-up/],
    [rule({ method: 'tokenize', domain: 'a', mode: 'ff1', alphabet: 'aa' }), /alphabet/],
    [
      rule({ method: 'generalize', cases: { "$this.matches('x')": '1' } }),
      /the case “\$this.matches\('x'\)”/,
    ],
    [rule({ method: 'perturb', span: 'x' }), /span/],
    [rule({ method: 'substitute' }), /replaceWith is missing/],
    [rule({ extra: 1 }), /extra is not known with keep/],
    [problems({ fhirPathRules: [], other: 1 }), /other: unknown/],
    [problems({ fhirVersion: 'Stu3', fhirPathRules: [] }), /Stu3 cannot be compiled/],
    [problems({ processingErrors: 'keep', fhirPathRules: [] }), /processingErrors: keep/],
    [problems({ parameters: { dateShiftScope: 'patient' } }), /dateShiftScope/],
    [
      problems({
        csvRules: [
          { column: 'a', method: 'keep' },
          { column: 'a', method: 'redact' },
        ],
      }),
      /two rules/,
    ],
    [problems({}), /no rules/],
    [problems('{'), /not JSON/],
    [problems('[]'), /no JSON object/],
  ] as const)
    assert.match(file, pattern);
});

test("a file of Microsoft's form compiles as it is", () => {
  const rules = readRules(
    JSON.stringify({
      fhirVersion: 'R4',
      processingErrors: 'raise',
      fhirPathRules: [
        { path: "nodesByType('Extension')", method: 'redact' },
        { path: 'Organization.identifier', method: 'keep' },
        { path: "nodesByType('Address').country", method: 'keep' },
        { path: 'Resource.id', method: 'cryptoHash' },
        { path: "nodesByType('Reference').reference", method: 'cryptoHash' },
        { path: 'Group.name', method: 'redact' },
        { path: "nodesByType('date')", method: 'dateShift' },
        { path: "nodesByType('HumanName')", method: 'encrypt' },
        {
          path: "Patient.nodesByType('Quantity').value",
          method: 'perturb',
          span: 3,
          rangeType: 'fixed',
          roundTo: 0,
        },
      ],
      parameters: {
        dateShiftKey: '',
        dateShiftScope: 'resource',
        cryptoHashKey: '',
        encryptKey: '',
        enablePartialAgesForRedact: true,
        enablePartialDatesForRedact: true,
        enablePartialZipCodesForRedact: true,
        restrictedZipCodeTabulationAreas: ['036', '059'],
      },
    }),
  );
  assert.ok(!('problems' in rules));
  assert.equal(rules.rules.length, 9);
});
