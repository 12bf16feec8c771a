import { TextInput } from '@mantine/core';
import { useTypedFilter } from './use-filters.ts';

/** A text filter of the list, kept in the address. */
export function SearchField({
  filter,
  lengthMax,
  ...texts
}: {
  readonly filter: string;
  readonly lengthMax: number;
  readonly label: string;
  readonly description?: string;
  readonly placeholder?: string;
}) {
  const [typed, setTyped] = useTypedFilter(filter);
  return (
    <TextInput
      type="search"
      maxLength={lengthMax}
      value={typed}
      onChange={({ currentTarget }) => setTyped(currentTarget.value)}
      {...texts}
    />
  );
}
