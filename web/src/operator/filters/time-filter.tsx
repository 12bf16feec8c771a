import { TextInput } from '@mantine/core';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { SelectFilter } from './select-filter.tsx';
import { beginningOfSpan, TIME_SPANS, type TimeSpan, timeOfField, timeSpanOf } from './time-span.ts';
import { useFilters } from './use-filters.ts';

const SPANS = Object.keys(TIME_SPANS) as TimeSpan[];

/** Chooses a span of time: one that ends now, or from one time to another. */
export function TimeFilter() {
  const { t } = useTranslation('operator');
  const [filters, setFilters] = useFilters();
  return (
    <>
      <SelectFilter
        filter="span"
        label={t('filters.time')}
        options={[
          { value: '', label: t('filters.any_time') },
          ...SPANS.map((value) => ({ value, label: t(`filters.spans.${value}`) })),
          { value: 'custom', label: t('filters.spans.custom') },
        ]}
      />
      {filters.span === 'custom' &&
        (['from', 'to'] as const).map((name) => (
          <TextInput
            key={name}
            type="datetime-local"
            label={t(`filters.${name}`)}
            value={filters[name] ?? ''}
            onChange={({ currentTarget }) => setFilters({ [name]: currentTarget.value })}
          />
        ))}
    </>
  );
}

/** The chosen span as the server takes it. One that ends now begins when it was chosen, so that the pages of a list fit together. */
export function useTimeSpan(): { readonly from?: string; readonly to?: string } {
  const [{ span, from, to }] = useFilters();
  return useMemo(() => {
    const known = timeSpanOf(span);
    if (known) return { from: beginningOfSpan(known, Date.now()) };
    if (span !== 'custom') return {};
    const [since, before] = [timeOfField(from), timeOfField(to)];
    return { ...(since ? { from: since } : {}), ...(before ? { to: before } : {}) };
  }, [span, from, to]);
}
