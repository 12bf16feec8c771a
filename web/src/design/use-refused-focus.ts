import { type RefObject, useEffect, useRef } from 'react';
import { ProblemError } from '../api/problem.ts';

/**
 * Puts the focus into a field, and selects what is there, when what was typed into it was refused.
 * @param error of the last attempt; an error that is no refusal moves nothing
 */
export function useRefusedFocus(error: unknown): RefObject<HTMLInputElement | null> {
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (!(error instanceof ProblemError) || error.status >= 500) return;
    field.current?.focus();
    field.current?.select();
  }, [error]);
  return field;
}
