import { Button } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { DownloadIcon } from '../../design/icons.tsx';

/** Links that download what is filtered. */
export function ExportLinks({
  path,
  query,
}: {
  readonly path: string;
  /** The filters, as the list has them. */
  readonly query: Readonly<Record<string, string>>;
}) {
  const { t } = useTranslation('operator');
  return (
    <>
      {(['csv', 'ndjson'] as const).map((format) => (
        <Button
          key={format}
          component="a"
          variant="subtle"
          href={`${path}?${new URLSearchParams({ ...query, format })}`}
          download
          leftSection={<DownloadIcon size={18} />}
        >
          {t(`filters.export_${format}`)}
        </Button>
      ))}
    </>
  );
}
