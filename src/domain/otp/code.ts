import type { TokenState } from '../user-state.ts';

/** `step`: the time step or counter that the code was for. `spent`: it is right, but for a step that was used: a replay. */
export type CodeVerdict = { readonly accepted: TokenState; readonly step: number } | 'wrong' | 'spent';
