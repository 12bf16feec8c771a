import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type uPlot from 'uplot';
import type { Overview } from '../../api/operations.ts';
import { useLocale } from '../../i18n/texts.ts';
import { Table } from '../table/table.tsx';
import { useNumber } from '../use-number.ts';
import { Chart, type Colours } from './chart.tsx';
import { ChartFigure } from './chart-figure.tsx';
import { type LatencySample, percentiles } from './series.ts';
import type { LiveOverview } from './use-overview.ts';

/** The lines differ in dashes as well as in colour. */
function series(colour: Colours): readonly uPlot.Series[] {
  const line = (name: string, dash: number[]): uPlot.Series => ({
    stroke: colour(name),
    width: 2,
    dash,
    points: { show: false },
  });
  return [line('pine-5', []), line('amber-5', [8, 5]), line('brick-4', [2, 4])];
}

const KINDS = ['p50', 'p95', 'p99'] as const;

export function LatencyChart({
  latency,
  samples,
}: {
  readonly latency: Overview['latency_ms'];
  readonly samples: LiveOverview['samples'];
}) {
  const { t } = useTranslation('operator');
  const locale = useLocale();
  const number = useNumber();
  const [index, setIndex] = useState<number>();
  const data = useMemo(() => percentiles(samples), [samples]);
  const clock = new Intl.DateTimeFormat(locale, { timeStyle: 'medium' });
  const ms = (value: number) => t('overview.ms', { value: number(value, 1) });
  const measured = samples.filter((sample): sample is LatencySample => 'p50' in sample);
  const pointed = samples[index ?? -1];
  const found = pointed && 'p50' in pointed ? pointed : undefined;
  const figures = ({ p50, p95, p99 }: Pick<LatencySample, 'p50' | 'p95' | 'p99'>) => ({
    ...{ p50: ms(p50), p95: ms(p95), p99: ms(p99) },
  });
  const told = () => {
    if (found) return t('overview.latency_told', { time: clock.format(found.at), ...figures(found) });
    if (latency.requests === 0) return t('overview.latency_none');
    return t('overview.latency_summary', { ...figures(latency), max: ms(latency.max) });
  };
  return (
    <ChartFigure
      title={t('overview.latency_title')}
      legend={KINDS.map((kind) => [kind, t(`overview.${kind}`)])}
      told={told()}
      table={() => (
        <Table
          caption={t('overview.latency_title')}
          rows={[...measured].reverse()}
          keyOf={({ at }) => `${at}`}
          columns={[
            { key: 'at', title: t('overview.time'), cell: ({ at }) => clock.format(at) },
            ...KINDS.map((kind) => ({
              key: kind,
              title: t(`overview.${kind}`),
              numeric: true,
              cell: (sample: LatencySample) => ms(sample[kind]),
            })),
          ]}
        />
      )}
    >
      <Chart data={data} series={series} onPoint={setIndex} />
    </ChartFigure>
  );
}
