import Type, { type Static } from 'typebox';
import { makeSurrogates, reverseSurrogates } from '../../../application/datasets/convert-surrogates.ts';
import {
  createDataset,
  type Dataset,
  type DatasetAct,
  datasetOf,
  destroyDataset,
  rotateDataset,
} from '../../../application/datasets/manage-datasets.ts';
import { isRefusal, type Refusal, refuse } from '../../../domain/errors.ts';
import { rfc3339 } from '../../../domain/journal/entry.ts';
import { VERSION_MAX } from '../../../domain/surrogates/data-key.ts';
import { isFf1Alphabet } from '../../../domain/surrogates/ff1-surrogates.ts';
import type { SurrogateMode } from '../../../domain/surrogates/surrogates.ts';
import { LIMITS } from '../../../limits.ts';
import type { Caller } from '../caller.ts';
import { callerId } from '../caller.ts';
import { type KeyedRequest, ownIdempotency } from '../idempotency.ts';
import { replayed } from '../idempotent-answer.ts';
import { type RouteResponse, route } from '../route.ts';
import { Cursor, closed, Limit, NextCursor, named, time } from '../schema.ts';

const Name = Type.String({
  minLength: 1,
  maxLength: 64,
  description: 'A-Z, a-z, 0-9, dot, dash, underscore; the first a letter or digit.',
});
const Version = Type.Integer({ minimum: 1, maximum: VERSION_MAX });

const DatasetView = named(
  'Dataset',
  closed({
    name: Name,
    versions: Type.Array(
      closed({
        version: Version,
        status: Type.Enum(['active', 'retired', 'destroyed'], {
          description: 'The active one makes surrogates; those that are not destroyed turn theirs back.',
        }),
        created_at: time('When it was made.'),
        changed_at: time('When it came to that status.'),
      }),
      { description: 'The oldest first.' },
    ),
  }),
);

const Texts = Type.Array(Type.String({ minLength: 1, maxLength: LIMITS.identifierCharactersMax }), {
  minItems: 1,
  maxItems: LIMITS.surrogatesPerRequestMax,
});
const Mode = {
  mode: Type.Optional(
    Type.Enum(['siv', 'hmac', 'ff1'], {
      description:
        '`siv` (default): reversible and authenticated. `hmac`: one way. `ff1`: keeps length and alphabet, and authenticates nothing.',
    }),
  ),
  alphabet: Type.Optional(
    Type.String({ minLength: 2, maxLength: 95, description: 'Of `ff1`; digits by default.' }),
  ),
  version: Type.Optional(Version),
};

function view({ name, versions }: Dataset): Static<typeof DatasetView> {
  return {
    name,
    versions: versions.map(({ version, status, createdAt, changedAt }) => ({
      ...{ version, status },
      created_at: rfc3339(createdAt),
      changed_at: rfc3339(changedAt),
    })),
  };
}

function answer(changed: Dataset | Refusal, status: number): RouteResponse | Refusal {
  if (isRefusal(changed)) return changed;
  return { status, headers: replayed(changed.repeated), body: view(changed) };
}

function actOf(caller: Caller, request: KeyedRequest & { idempotencyKey: string | undefined }): DatasetAct {
  const { idempotencyKey: key, ...keyed } = request;
  const by = caller.kind === 'user' ? { by: caller.session.username } : { service: caller.service.name };
  const owned = key === undefined ? undefined : `${callerId(caller)}/${key}`;
  return { ...by, ...ownIdempotency(owned, callerId(caller), keyed) };
}

function modeOf(given: { readonly mode?: string; readonly alphabet?: string }): SurrogateMode | Refusal {
  const { mode = 'siv', alphabet } = given;
  if (mode !== 'ff1') {
    if (alphabet !== undefined) return refuse('message_invalid', { detail: 'alphabet: of mode ff1 alone' });
    return mode === 'hmac' ? { mode } : { mode: 'siv' };
  }
  if (alphabet !== undefined && !isFf1Alphabet(alphabet))
    return refuse('message_invalid', { detail: 'alphabet: 2 to 95 different printable characters of ASCII' });
  return { mode, ...(alphabet === undefined ? {} : { alphabet }) };
}

export const datasetRoutes = [
  route({
    method: 'POST',
    path: '/v1/datasets',
    tag: 'datasets',
    summary: 'Make a dataset',
    description:
      'Its seed is made by the key vault and stays wrapped by it. For administrators, and services that make surrogates.',
    caller: 'admin_or_service',
    scope: 'surrogates:make',
    repeatable: true,
    body: closed({ name: Name }),
    bodyExample: { name: 'oncology-2026' },
    responses: { 201: { description: 'Made.', schema: DatasetView } },
    refusals: ['dataset_invalid', 'dataset_exists', 'datasets_too_many', 'busy'],
    async handle({ caller, body, path, idempotencyKey }, { context }) {
      const act = actOf(caller, { method: 'POST', path, body, idempotencyKey });
      return answer(await createDataset(context, body.name, act), 201);
    },
  }),
  route({
    method: 'GET',
    path: '/v1/datasets',
    tag: 'datasets',
    summary: 'List datasets',
    description: 'By name.',
    caller: 'admin_or_service',
    scope: 'surrogates:make',
    query: { limit: Type.Optional(Limit), cursor: Type.Optional(Cursor) },
    responses: {
      200: {
        description: 'A page.',
        schema: closed({ datasets: Type.Array(DatasetView), next_cursor: NextCursor }),
      },
    },
    refusals: ['cursor_invalid'],
    async handle({ caller, query }, { context, cursors }) {
      const list = ['datasets', callerId(caller)];
      const after = await cursors.read(list, query.cursor);
      if (isRefusal(after)) return after;
      const { limit = LIMITS.pageSize } = query;
      const rows = await context.store.listDatasets({ after: after ?? '', limit: limit + 1 });
      const found = [...Map.groupBy(rows, ({ dataset }) => dataset).values()].map(datasetOf);
      const datasets = found.slice(0, limit);
      const last = datasets.at(-1);
      const next = found.length > limit && last ? await cursors.write(list, last.name) : null;
      return { status: 200, body: { datasets: datasets.map(view), next_cursor: next } };
    },
  }),
  route({
    method: 'GET',
    path: '/v1/datasets/{name}',
    tag: 'datasets',
    summary: 'Read a dataset',
    caller: 'admin_or_service',
    scope: 'surrogates:make',
    params: { name: Name },
    responses: { 200: { description: 'As it is now.', schema: DatasetView } },
    refusals: ['dataset_unknown'],
    async handle({ params }, { context }) {
      const versions = await context.store.findDataset(params.name);
      return versions.length === 0
        ? refuse('dataset_unknown')
        : { status: 200, body: view(datasetOf(versions)) };
    },
  }),
  route({
    method: 'POST',
    path: '/v1/datasets/{name}/versions',
    tag: 'datasets',
    summary: 'Give a dataset a new version',
    description: 'It makes the surrogates from then on; the versions before turn back what they made.',
    caller: 'admin',
    repeatable: true,
    params: { name: Name },
    responses: { 201: { description: 'As it is now.', schema: DatasetView } },
    refusals: ['dataset_unknown', 'dataset_versions_too_many', 'busy'],
    async handle({ caller, params, path, idempotencyKey }, { context }) {
      const act = actOf(caller, { method: 'POST', path, idempotencyKey });
      return answer(await rotateDataset(context, params.name, act), 201);
    },
  }),
  route({
    method: 'DELETE',
    path: '/v1/datasets/{name}/versions/{version}',
    tag: 'datasets',
    summary: 'Destroy the keys of one version',
    description: 'Nobody can make or turn back its surrogates again. This cannot be undone.',
    caller: 'admin',
    repeatable: true,
    params: { name: Name, version: Version },
    responses: { 200: { description: 'As it is now.', schema: DatasetView } },
    refusals: ['dataset_unknown', 'busy'],
    async handle({ caller, params, path, idempotencyKey }, { context }) {
      const act = actOf(caller, { method: 'DELETE', path, idempotencyKey });
      return answer(await destroyDataset(context, params, act), 200);
    },
  }),
  route({
    method: 'DELETE',
    path: '/v1/datasets/{name}',
    tag: 'datasets',
    summary: 'Destroy the keys of a dataset',
    description: 'Of all its versions. This cannot be undone; its name stays taken.',
    caller: 'admin',
    repeatable: true,
    params: { name: Name },
    responses: { 200: { description: 'As it is now.', schema: DatasetView } },
    refusals: ['dataset_unknown', 'busy'],
    async handle({ caller, params, path, idempotencyKey }, { context }) {
      const act = actOf(caller, { method: 'DELETE', path, idempotencyKey });
      return answer(await destroyDataset(context, { name: params.name }, act), 200);
    },
  }),
  route({
    method: 'POST',
    path: '/v1/datasets/{name}/surrogates',
    tag: 'datasets',
    summary: 'Make surrogates',
    description:
      'In order. Equal identifiers of one domain, dataset and version have equal surrogates, here and in bulk. All or none.',
    caller: 'service',
    scope: 'surrogates:make',
    params: { name: Name },
    body: closed({ domain: Name, values: Texts, ...Mode }),
    bodyBytesMax: LIMITS.surrogatesBodyBytesMax,
    bodyExample: { domain: 'patient', values: ['8f14e45f-ceea-467f-9f1a-0b2f6c0d1a2b'] },
    responses: {
      200: { description: 'One for each value.', schema: closed({ surrogates: Type.Array(Type.String()) }) },
    },
    refusals: ['dataset_unknown', 'dataset_destroyed', 'domain_invalid', 'identifier_invalid'],
    async handle({ caller, params, body }, { dataKeys }) {
      const mode = modeOf(body);
      if (isRefusal(mode)) return mode;
      const { domain, values: texts, version } = body;
      const made = await makeSurrogates(dataKeys, {
        ...{ dataset: params.name, domain, texts, mode, service: caller.service.name },
        ...(version === undefined ? {} : { version }),
      });
      return isRefusal(made) ? made : { status: 200, body: { surrogates: made } };
    },
  }),
  route({
    method: 'POST',
    path: '/v1/datasets/{name}/reversals',
    tag: 'datasets',
    summary: 'Turn surrogates back',
    description:
      'All or none; each request is on record, with how many but without a value. A surrogate that does not authenticate is named by its place.',
    caller: 'service',
    scope: 'surrogates:reverse',
    params: { name: Name },
    body: closed({ domain: Name, surrogates: Texts, ...Mode }),
    bodyBytesMax: LIMITS.surrogatesBodyBytesMax,
    bodyExample: { domain: 'patient', surrogates: ['ABq3Z.k0TjR9x1'] },
    responses: {
      200: { description: 'One for each surrogate.', schema: closed({ values: Type.Array(Type.String()) }) },
    },
    refusals: ['dataset_unknown', 'dataset_destroyed', 'domain_invalid', 'surrogate_invalid'],
    async handle({ caller, params, body }, { context, dataKeys }) {
      const mode = modeOf(body);
      if (isRefusal(mode)) return mode;
      const { domain, surrogates: texts, version } = body;
      const turned = await reverseSurrogates(context, dataKeys, {
        ...{ dataset: params.name, domain, texts, mode, service: caller.service.name },
        ...(version === undefined ? {} : { version }),
      });
      return isRefusal(turned) ? turned : { status: 200, body: { values: turned } };
    },
  }),
];
