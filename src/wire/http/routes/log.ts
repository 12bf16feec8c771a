import Type from 'typebox';
import { TileReader } from '../../../application/log/tile-reader.ts';
import { refuse } from '../../../domain/errors.ts';
import { parseTilePath } from '../../../domain/log/tiles.ts';
import { LIMITS } from '../../../limits.ts';
import { logHeaders, refuseLogReader } from '../log-access.ts';
import { route } from '../route.ts';

const PLAIN = 'text/plain; charset=utf-8';
const BYTES = 'application/octet-stream';
const FOR_EVER = 'max-age=31536000, immutable';

const Tile = Type.String({
  description:
    'Level and number of a tile of hashes (`0/x001/234`), or `entries/` and the number of a bundle; with `.p/` and the width where it is not full.',
});

export const logRoutes = [
  route({
    method: 'GET',
    path: '/log/vkey',
    tag: 'log',
    summary: "The log's verifier key",
    description: 'As c2sp.org/signed-note has it. It stays the same for ever.',
    caller: 'anyone',
    responses: { 200: { description: 'One line.', contentType: 'text/plain' } },
    refusals: [],
    async handle(asked, dependencies) {
      const refusal = await refuseLogReader(dependencies, asked);
      if (refusal) return refusal;
      return {
        status: 200,
        headers: logHeaders(dependencies, 'max-age=300'),
        text: `${await dependencies.context.logKey.text()}\n`,
        contentType: PLAIN,
      };
    },
  }),
  route({
    method: 'GET',
    path: '/log/checkpoint',
    tag: 'log',
    summary: 'The last checkpoint of the log',
    description: 'A signed note (c2sp.org/tlog-checkpoint): origin, size and root of the log of all entries.',
    caller: 'anyone',
    responses: { 200: { description: 'The note.', contentType: 'text/plain' } },
    refusals: ['not_sealed_yet'],
    async handle(asked, dependencies) {
      const refusal = await refuseLogReader(dependencies, asked);
      if (refusal) return refusal;
      const last = await dependencies.context.store.log.lastCheckpoint();
      if (!last) return refuse('not_sealed_yet', { retryAfterMs: LIMITS.logCheckpointMs });
      return {
        status: 200,
        headers: logHeaders(dependencies, 'max-age=1'),
        text: last.note,
        contentType: PLAIN,
      };
    },
  }),
  route({
    method: 'GET',
    path: '/log/tile/{tile}',
    restOfPath: true,
    tag: 'log',
    summary: 'A tile of hashes, or a bundle of entries',
    description:
      "As c2sp.org/tlog-tiles has them. An entry is the 32 bytes of a journal entry's hash, and nothing else.",
    caller: 'anyone',
    params: { tile: Tile },
    responses: { 200: { description: 'The bytes.', contentType: BYTES } },
    refusals: [],
    async handle(asked, dependencies) {
      const refusal = await refuseLogReader(dependencies, asked);
      if (refusal) return refusal;
      const { log } = dependencies.context.store;
      const name = parseTilePath(asked.path.slice('/log/'.length));
      const last = name && (await log.lastCheckpoint());
      const bytes = last && (await new TileReader(log, last).read(name));
      if (!bytes) return refuse('resource_unknown');
      return { status: 200, headers: logHeaders(dependencies, FOR_EVER), bytes, contentType: BYTES };
    },
  }),
];
