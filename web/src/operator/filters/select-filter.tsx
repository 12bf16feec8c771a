import { NativeSelect } from '@mantine/core';
import { useFilters } from './use-filters.ts';

/** A filter of the list with some values to choose from, kept in the address. A value in the address that is none counts as unset. */
export function SelectFilter({
  filter,
  label,
  options,
}: {
  readonly filter: string;
  readonly label: string;
  /** The first one is the unset filter. */
  readonly options: readonly { readonly value: string; readonly label: string }[];
}) {
  const [filters, setFilters] = useFilters();
  const value = filters[filter] ?? '';
  return (
    <NativeSelect
      label={label}
      value={options.some((option) => option.value === value) ? value : ''}
      onChange={({ currentTarget }) => setFilters({ [filter]: currentTarget.value })}
      data={options}
    />
  );
}
