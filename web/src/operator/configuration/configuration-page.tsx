import { Badge, Checkbox } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { SettingsIcon } from '../../design/icons.tsx';
import { InlineCode } from '../../design/inline-code.tsx';
import { Card, Empty, Page } from '../../shell/page.tsx';
import { Reading } from '../../shell/reading.tsx';
import { useConfiguration } from '../../shell/use-configuration.ts';
import { FilterBar } from '../filters/filter-bar.tsx';
import { SearchField } from '../filters/search-field.tsx';
import { useFilters } from '../filters/use-filters.ts';
import { Table } from '../table/table.tsx';
import styles from './configuration-page.module.css';
import { GROUPS, type Group, groupOf } from './groups.ts';
import { found, type Setting } from './settings.ts';
import { shownValue, writtenValue } from './shown-value.ts';

const SOURCES = ['default', 'profile', 'file', 'environment', 'flag'] as const;
const SEARCH_LENGTH_MAX = 100;

/** The configuration in force. */
export function ConfigurationPage() {
  const { t } = useTranslation('operator');
  const query = useConfiguration();
  const [{ search = '', changed = '' }, setFilters] = useFilters();
  return (
    <Page title={t('configuration.title')} intro={t('configuration.intro')}>
      <Card>
        <FilterBar label={t('configuration.search')}>
          <SearchField
            filter="search"
            lengthMax={SEARCH_LENGTH_MAX}
            label={t('configuration.search')}
            description={t('configuration.search_hint')}
          />
          <Checkbox
            className={styles.changed ?? ''}
            label={t('configuration.changed')}
            checked={changed !== ''}
            onChange={({ currentTarget }) => setFilters({ changed: currentTarget.checked ? '1' : '' })}
          />
        </FilterBar>
        <Reading query={query} lines={6}>
          {(keys) => {
            const shown = found(keys, search, changed !== '');
            return (
              <>
                <p className={styles.count} role="status">
                  {t('configuration.count', { count: shown.length })}
                </p>
                {shown.length === 0 ? (
                  <Empty
                    icon={<SettingsIcon size={26} />}
                    title={t('configuration.none_title')}
                    text={t('configuration.none')}
                  />
                ) : (
                  GROUPS.map((group) => {
                    const settings = shown.filter(({ key }) => groupOf(key) === group);
                    return settings.length > 0 && <Settings key={group} group={group} settings={settings} />;
                  })
                )}
              </>
            );
          }}
        </Reading>
      </Card>
    </Page>
  );
}

function Settings({ group, settings }: { readonly group: Group; readonly settings: readonly Setting[] }) {
  const { t } = useTranslation('operator');
  return (
    <section className={styles.group}>
      <h2 className={styles.groupTitle}>{t(`configuration.group.${group}`)}</h2>
      <Table
        caption={t(`configuration.group.${group}`)}
        rows={settings}
        keyOf={({ key }) => key}
        columns={[
          {
            key: 'key',
            title: t('configuration.key'),
            cell: ({ key, description }) => (
              <>
                <code className={styles.key}>{key}</code>
                <p className={styles.description}>
                  <InlineCode text={description} />
                </p>
              </>
            ),
          },
          {
            key: 'value',
            title: t('configuration.value'),
            cell: (setting) => <Value setting={setting} />,
          },
          {
            key: 'source',
            title: t('configuration.source'),
            whole: true,
            cell: ({ source }) => {
              const known = SOURCES.find((each) => each === source);
              return (
                <Badge
                  color={source === 'default' ? 'gray' : 'pine'}
                  variant="light"
                  tt="none"
                  size="lg"
                  fw={600}
                >
                  {known ? t(`configuration.source_${known}`) : source}
                </Badge>
              );
            },
          },
        ]}
      />
    </section>
  );
}

function Value({ setting: { key, value, secret } }: { readonly setting: Setting }) {
  const { t } = useTranslation('operator');
  if (secret) return <span className={styles.quiet}>{t('configuration.secret')}</span>;
  const shown = shownValue(key, value);
  if (shown === undefined) return <span className={styles.quiet}>{t('configuration.unset')}</span>;
  const written = writtenValue(value);
  return (
    <>
      <code className={styles.value}>{shown}</code>
      {typeof value === 'number' && written !== shown && <code className={styles.written}>{written}</code>}
    </>
  );
}
