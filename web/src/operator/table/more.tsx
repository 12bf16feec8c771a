import { Button, Group } from '@mantine/core';
import { useTranslation } from 'react-i18next';

/** Goes on with a list where there is more of it. `found`: none so far, so that the search only goes on. */
export function More({
  query,
  found,
}: {
  readonly query: {
    readonly hasNextPage: boolean;
    readonly isFetchingNextPage: boolean;
    readonly fetchNextPage: () => unknown;
  };
  readonly found: boolean;
}) {
  const { t } = useTranslation('operator');
  if (!query.hasNextPage) return null;
  return (
    <Group justify="center" mt="md">
      <Button variant="default" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
        {t(found ? 'more_here' : 'search_on')}
      </Button>
    </Group>
  );
}
