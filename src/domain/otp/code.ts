import type { TokenState } from '../user-state.ts';

/**
 * The verdict on a submitted code. `step`: the time step or counter that the code belongs to. `spent`: the code is
 * correct for a step that was already used, so it is a replay.
 */
export type CodeVerdict = { readonly accepted: TokenState; readonly step: number } | 'wrong' | 'spent';
