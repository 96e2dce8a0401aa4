import { BarChart } from 'echarts/charts';
import { GridComponent, LegendComponent } from 'echarts/components';
import { init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import { onOneLine } from '../../units/legible.ts';
import { formatGramsPerHour } from './grams-per-hour.ts';

use([BarChart, GridComponent, LegendComponent, SVGRenderer]);

export interface Bars {
  readonly name: string;
  /** Grams of CO2e an hour, for each series. */
  readonly values: readonly number[];
}

/** Two series of horizontal bars, as SVG: `width` pixels wide, as high as its bars. Colours are those of the page around it. */
export function drawBars(bars: readonly Bars[], series: readonly [string, string], width: number): string {
  const isNarrow = width < NARROW;
  const chart = init(null, null, { renderer: 'svg', ssr: true, width, height: HEAD_PX + bars.length * BAR_PX });
  chart.setOption({
    animation: false,
    aria: { enabled: false },
    textStyle: { fontFamily: 'inherit' },
    color: ['var(--mark)', 'var(--low)'],
    legend: {
      top: 0,
      left: 0,
      itemWidth: 12,
      itemHeight: 12,
      itemGap: 18,
      selectedMode: false,
      textStyle: text('var(--text)'),
    },
    grid: {
      left: 0,
      right: 48,
      top: HEAD_PX - 6,
      bottom: 0,
      containLabel: false,
      outerBoundsMode: 'same',
      outerBoundsContain: 'axisLabel',
    },
    xAxis: { type: 'value', show: false, min: 0 },
    yAxis: {
      type: 'category',
      inverse: true,
      data: bars.map(({ name }) => printable(name)),
      axisLine: { lineStyle: { color: 'var(--rule)' } },
      axisTick: { show: false },
      axisLabel: { ...text('var(--text)'), interval: 0, width: isNarrow ? 105 : 150, overflow: 'truncate' },
    },
    series: series.map((name, index) => ({
      type: 'bar',
      name,
      barWidth: 10,
      barGap: '20%',
      data: bars.map(({ values }) => finite(values[index])),
      label: {
        show: true,
        position: 'right',
        ...text(index === 0 ? 'var(--soft)' : 'var(--text)'),
        formatter: ({ value }: { readonly value: unknown }) => formatGramsPerHour(Number(value)),
      },
    })),
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}

const NARROW = 400;
const HEAD_PX = 34;
const BAR_PX = 34;

function text(color: string) {
  return { color, fontSize: 12 };
}

function finite(value = 0): number {
  return Number.isFinite(value) ? value : 0;
}

/**
 * The space before it is not seen. Without it a name such as `__proto__` or `constructor` reaches what the chart keeps texts'
 * widths in, an object without a guard (zrender 6.1, core/LRU), and changes Object.prototype of the whole process.
 */
function printable(name: string): string {
  return ` ${onOneLine(name)}`;
}
