import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import uPlot from 'uplot';
import type { Overview } from '../../api/operations.ts';
import { useLocale } from '../../i18n/texts.ts';
import { Table } from '../table/table.tsx';
import { useNumber } from '../use-number.ts';
import { Chart, type Colours } from './chart.tsx';
import { ChartFigure } from './chart-figure.tsx';
import { sharesOf, stacked } from './series.ts';

function series(colour: Colours): readonly uPlot.Series[] {
  const { bars } = uPlot.paths;
  const bar = (name: string): uPlot.Series => ({
    fill: colour(name),
    width: 0,
    points: { show: false },
    ...(bars ? { paths: bars({ size: [0.72, 14], radius: 0.15 }) } : {}),
  });
  return [bar('line-strong'), bar('brick-4'), bar('pine-5')];
}

/** Decisions of the last hour, one bar a minute. */
export function DecisionsChart({ minutes }: { readonly minutes: Overview['minutes'] }) {
  const { t } = useTranslation('operator');
  const locale = useLocale();
  const number = useNumber();
  const [index, setIndex] = useState<number>();
  const data = useMemo(() => stacked(minutes), [minutes]);
  const clock = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit' });
  const sum = (kind: 'approved' | 'refused' | 'other') =>
    number(minutes.map(sharesOf).reduce((total, share) => total + share[kind], 0));
  const pointed = index === undefined ? undefined : minutes[index];
  const shares = pointed && sharesOf(pointed);
  const told = shares
    ? t('overview.minute_told', {
        time: clock.format(shares.at),
        approved: number(shares.approved),
        refused: number(shares.refused),
        other: number(shares.other),
      })
    : t('overview.minutes_summary', {
        approved: sum('approved'),
        refused: sum('refused'),
        other: sum('other'),
      });
  return (
    <ChartFigure
      title={t('overview.minutes_title')}
      legend={[
        ['approved', t('overview.approved')],
        ['refused', t('overview.refused_word')],
        ['other', t('overview.other')],
      ]}
      told={told}
      table={() => (
        <Table
          caption={t('overview.minutes_title')}
          rows={[...minutes].reverse()}
          keyOf={({ at }) => at}
          columns={[
            { key: 'at', title: t('overview.minute'), cell: ({ at }) => clock.format(new Date(at)) },
            ...(['approved', 'refused', 'requested', 'log_ins', 'other'] as const).map((kind) => ({
              key: kind,
              title: t(
                `overview.${kind === 'refused' ? 'refused_word' : kind === 'other' ? 'others' : kind}` as const,
              ),
              numeric: true,
              cell: (minute: Overview['minutes'][number]) => number(minute[kind]),
            })),
          ]}
        />
      )}
    >
      <Chart data={data} series={series} bars onPoint={setIndex} />
    </ChartFigure>
  );
}
