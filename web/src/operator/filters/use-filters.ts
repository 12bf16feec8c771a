import { useEffect, useRef, useState } from 'react';
import { useHash } from '../../routing/use-route.ts';
import { type Filters, filtersOf, withFilters } from './hash-filters.ts';

const TYPING_MS = 350;

/** Changes filters in the address without a history entry, so that "back" leaves the list. */
function setFilters(changes: Filters): void {
  history.replaceState(null, '', withFilters(location.hash, changes));
  dispatchEvent(new HashChangeEvent('hashchange'));
}

/** Returns the filters in the address, and a function that changes some of them. */
export function useFilters(): readonly [Filters, (changes: Filters) => void] {
  return [filtersOf(useHash()), setFilters];
}

/** A text filter, written to the address when typing pauses. @returns the text in the field, and its setter */
export function useTypedFilter(name: string): readonly [string, (value: string) => void] {
  const stored = filtersOf(useHash())[name] ?? '';
  const [draft, setDraft] = useState(stored);
  const written = useRef(stored);
  useEffect(() => {
    if (stored === written.current) return;
    written.current = stored;
    setDraft(stored);
  }, [stored]);
  useEffect(() => {
    const wanted = draft.trim();
    if (wanted === written.current) return;
    const timer = setTimeout(() => {
      written.current = wanted;
      setFilters({ [name]: wanted });
    }, TYPING_MS);
    return () => clearTimeout(timer);
  }, [draft, name]);
  return [draft, setDraft];
}
