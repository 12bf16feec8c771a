import type { Refusal } from '../../domain/errors.ts';

/** Carries a refusal through Fastify, which passes on errors only. Never leaves src/wire/http. */
export class RefusedRequest extends Error {
  override name = 'RefusedRequest';
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal.refused);
    this.refusal = refusal;
  }
}
