import type { ComponentProps } from 'react';
import { useTranslation } from 'react-i18next';
import { More } from '../../shell/more.tsx';

/**
 * Button that loads the next page of a filtered list. A page without matches is labelled "search on", because later pages
 * may have some.
 */
export function SearchOn({
  query,
}: {
  readonly query: ComponentProps<typeof More>['query'] & { readonly data: readonly unknown[] | undefined };
}) {
  const { t } = useTranslation('operator');
  const found = query.data !== undefined && query.data.length > 0;
  return <More query={query} label={t(found ? 'more_here' : 'search_on')} />;
}
