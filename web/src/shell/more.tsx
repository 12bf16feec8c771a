import { Button, Group } from '@mantine/core';
import { useTranslation } from 'react-i18next';

/** A button that reads the next page of a list. Renders nothing at the end of the list. */
export function More({
  query,
  label,
}: {
  readonly query: {
    readonly hasNextPage: boolean;
    readonly isFetchingNextPage: boolean;
    readonly fetchNextPage: () => unknown;
  };
  readonly label?: string;
}) {
  const { t } = useTranslation();
  if (!query.hasNextPage) return null;
  return (
    <Group justify="center" mt="md">
      <Button variant="default" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
        {label ?? t('more')}
      </Button>
    </Group>
  );
}
