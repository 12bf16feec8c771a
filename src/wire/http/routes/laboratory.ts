import Type from 'typebox';
import { isRefusal, refuse } from '../../../domain/errors.ts';
import { preferredLanguage } from '../../../language/language.ts';
import { route } from '../route.ts';
import { closed, Id, named } from '../schema.ts';

const Attack = closed({
  name: Type.String(),
  summary: Type.String(),
  aim: Type.String({ description: 'What an attacker could hope for.' }),
});

const Step = closed({
  id: Type.String(),
  what: Type.String(),
  original: Type.Optional(
    Type.String({ description: 'What the user had sent, where it was changed on the way.' }),
  ),
  sent: Type.String(),
  received: Type.String(),
  journal: Type.Optional(Type.String({ description: "The journal's entry about it." })),
  expected: Type.String(),
  held: Type.Boolean(),
});

const Verdict = named(
  'AttackVerdict',
  closed({
    name: Type.String(),
    held: Type.Boolean({ description: 'Every step went as it must.' }),
    verdict: Type.Enum(['HELD', 'BROKEN']),
    took_ms: Type.Integer(),
    steps: Type.Array(Step),
    skipped: Type.Array(closed({ id: Type.String(), what: Type.String(), why: Type.String() })),
    figures: Type.Record(Type.String(), Type.Number()),
  }),
);

export const laboratoryRoutes = [
  route({
    method: 'GET',
    path: '/v1/lab/attacks',
    tag: 'laboratory',
    summary: 'List the attacks of the lab',
    description: 'Where `lab_enabled` and `lab_allowed` are on.',
    caller: 'admin',
    responses: {
      200: {
        description: 'In the language of Accept-Language.',
        schema: closed({
          running: Type.Union([Type.String(), Type.Null()]),
          attacks: Type.Array(Attack),
        }),
      },
    },
    refusals: [],
    handle({ headers }, dependencies) {
      const laboratory = dependencies.laboratory();
      if (!laboratory) return refuse('resource_unknown');
      const attacks = [...laboratory.attacks(preferredLanguage(`${headers['accept-language'] ?? ''}`))];
      return { status: 200, body: { running: laboratory.running ?? null, attacks } };
    },
  }),
  route({
    method: 'POST',
    path: '/v1/lab/attacks/{name}',
    tag: 'laboratory',
    summary: 'Try an attack',
    description: 'With throw-away users, who are disabled at its end. One at a time; it takes some seconds.',
    caller: 'admin',
    params: { name: Id },
    body: closed({}),
    bodyExample: {},
    responses: { 200: { description: 'What was tried and what came of it.', schema: Verdict } },
    refusals: ['already_running'],
    async handle({ params, headers }, dependencies) {
      const laboratory = dependencies.laboratory();
      if (!laboratory) return refuse('resource_unknown');
      const startedAt = performance.now();
      const language = preferredLanguage(`${headers['accept-language'] ?? ''}`);
      const verdict = await laboratory.run(params.name, language);
      if (isRefusal(verdict)) return verdict;
      const took = Math.round(performance.now() - startedAt);
      const word = verdict.held ? 'HELD' : 'BROKEN';
      return { status: 200, body: { ...verdict, verdict: word, took_ms: took } };
    },
  }),
];
