import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { useColorScheme } from '../../design/color-scheme.ts';
import { useLocale } from '../../i18n/texts.ts';
import { numberLabels, timeLabels } from './axis-labels.ts';
import styles from './chart.module.css';

export type Colours = (name: string) => string;

const HEIGHT_PX = 220;
const HALF_MINUTE_S = 30;
const WHOLE_STEPS = [
  1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000,
];

/**
 * Lines or bars over time on a canvas. Hidden from screen readers: a summary and a table stand beside it.
 *
 * Why: docs/DECISIONS.md#charts-are-uplots
 */
export function Chart({
  data,
  series,
  bars = false,
  onPoint,
}: {
  readonly data: uPlot.AlignedData;
  /** Called for each colour scheme. Pass the same function at each render, or the chart is rebuilt. */
  readonly series: (colour: Colours) => readonly uPlot.Series[];
  /** Draws counts as bars, each centred on its minute. */
  readonly bars?: boolean;
  /** Called with the index of the time under the pointer. */
  readonly onPoint?: (index: number | undefined) => void;
}) {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | undefined>(undefined);
  const latest = useRef({ data, onPoint });
  latest.current = { data, onPoint };
  const { scheme } = useColorScheme();
  const locale = useLocale();

  // biome-ignore lint/correctness/useExhaustiveDependencies: the scheme changes the colours that the page's variables hold
  useEffect(() => {
    const element = place.current;
    if (!element) return;
    const computed = getComputedStyle(document.documentElement);
    const colour: Colours = (name) => computed.getPropertyValue(`--sello-${name}`).trim();
    const axis = {
      stroke: colour('ink-soft'),
      font: `12px ${colour('font')}`,
      grid: { stroke: colour('line'), width: 1 },
      ticks: { show: false },
    };
    const drawn = new uPlot(
      {
        width: element.clientWidth,
        height: HEIGHT_PX,
        legend: { show: false },
        cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
        padding: [8, 8, 0, 0],
        scales: {
          x: { range: (_plot, min, max) => (bars ? [min - HALF_MINUTE_S, max + HALF_MINUTE_S] : [min, max]) },
          y: { range: (_plot, _min, max) => [0, Math.max(bars ? 5 : 1, (max ?? 0) * 1.1)] },
        },
        axes: [
          {
            ...axis,
            grid: { show: false },
            size: 30,
            space: 72,
            values: (_plot, splits, _axis, _space, step) => timeLabels(splits, step, locale),
          },
          {
            ...axis,
            size: 48,
            values: (_plot, splits, _axis, _space, step) => numberLabels(splits, step, locale),
            ...(bars ? { incrs: WHOLE_STEPS } : {}),
          },
        ],
        series: [{}, ...series(colour)],
        hooks: { setCursor: [({ cursor }) => latest.current.onPoint?.(cursor.idx ?? undefined)] },
      },
      latest.current.data,
      element,
    );
    chart.current = drawn;
    const observer = new ResizeObserver(() => {
      if (element.clientWidth > 0) drawn.setSize({ width: element.clientWidth, height: HEIGHT_PX });
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
      drawn.destroy();
      chart.current = undefined;
    };
  }, [scheme, locale, series, bars]);

  useEffect(() => {
    chart.current?.setData(data);
  }, [data]);

  return <div ref={place} className={styles.chart} aria-hidden="true" />;
}
