import { useEffect, useRef, useState } from 'react';
import { useHash } from '../../routing/use-route.ts';
import { type Filters, filtersOf, withFilters } from './hash-filters.ts';

const TYPING_MS = 350;

/** Changes the filters in the address without a step in the history: "back" leaves the list. */
function setFilters(changes: Filters): void {
  history.replaceState(null, '', withFilters(location.hash, changes));
  dispatchEvent(new HashChangeEvent('hashchange'));
}

/** The filters in the address, and how to change some. */
export function useFilters(): readonly [Filters, (changes: Filters) => void] {
  return [filtersOf(useHash()), setFilters];
}

/** A filter that is typed: it goes into the address once the typing pauses. @returns what is in the field, and its setter */
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
