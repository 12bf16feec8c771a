import type { LIMITS } from '../../limits.ts';

/** The bounds of src/limits.ts; tests cross them at smaller values. */
export type TcpLimits = { readonly [Name in keyof typeof LIMITS]: number };
