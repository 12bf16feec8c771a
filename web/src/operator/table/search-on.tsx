import type { ComponentProps } from 'react';
import { useTranslation } from 'react-i18next';
import { More } from '../../shell/more.tsx';

/** Reads on in a filtered list. A page may hold no match although later ones do: then the label says "search on". */
export function SearchOn({
  query,
}: {
  readonly query: ComponentProps<typeof More>['query'] & { readonly data: readonly unknown[] | undefined };
}) {
  const { t } = useTranslation('operator');
  const found = query.data !== undefined && query.data.length > 0;
  return <More query={query} label={t(found ? 'more_here' : 'search_on')} />;
}
