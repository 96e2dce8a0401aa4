import { type Column, renderTable } from '../../terminal/render-table.ts';
import { wrapText } from '../../terminal/wrap-text.ts';
import { figure, leverWords, span } from './lever-words.ts';
import type { OverlaysReport, ReportedSize, ReportedType } from './overlays-report.ts';

const MOST_ROWS = 24;

/** What prices of carbon change, for people; how strong the lever is comes last, where a terminal shows it. */
export function renderOverlays(report: OverlaysReport, width: number): string {
  const { overlays, types, sizes, mode, carbonPricePerKg, carbonPricePerTonne, utilisationPercent } = report;
  const price = `${figure(carbonPricePerKg)} a kgCO2e (${figure(carbonPricePerTonne)} a tonne)`;
  const head = `${overlays} NodeOverlays, mode ${mode}, ${price}, instances ${figure(utilisationPercent)}% busy`;
  return [
    wrapText(head, width),
    renderTable(TYPES, types.slice(0, MOST_ROWS), width) + andMore(types.length, 'instance types'),
    ...(sizes.length > 0
      ? [renderTable(SIZES, sizes.slice(0, MOST_ROWS).flatMap(linesOf), width) + andMore(sizes.length, 'sizes')]
      : []),
    leverWords(report)
      .map((sentence) => wrapText(capitalised(sentence), width))
      .join(''),
  ].join('\n');
}

const TYPES: readonly Column<ReportedType>[] = [
  { title: 'INSTANCE TYPE', givesWay: 1, cell: ({ type }) => type },
  right('W', ({ watts, isMemoryAssumed }) => `${isMemoryAssumed ? '~' : ''}${figure(watts)}`),
  right(
    'gCO2e/h',
    ({ gramsPerHour, embodied }) => `${embodied.basis === 'estimated' ? '~' : ''}${figure(gramsPerHour.median)}`,
  ),
  right('CARBON/h', ({ carbonPrice }) => figure(carbonPrice.median)),
  right('PRICE/h', ({ price }) => (price ? figure(price.median) : '-')),
  right('CHANGE', ({ changePercent }) => (changePercent ? `${figure(changePercent.median)}%` : '-')),
  right('OFFERINGS', ({ changePercent, offerings }) => (changePercent ? span(changePercent, '%') : `${offerings}`)),
];

/** A line of a size: what is chosen, and below it what that becomes. Side by side they would be too wide for a terminal. */
interface SizeLine {
  readonly size: string;
  readonly choice: string;
  readonly from: string;
}

const SIZES: readonly Column<SizeLine>[] = [
  { title: 'SIZE', givesWay: 1, cell: ({ size }) => size },
  { title: 'CHEAPEST', cell: ({ choice }) => choice },
  right('FROM/t', ({ from }) => from),
];

function linesOf(one: ReportedSize): readonly SizeLine[] {
  const { cheapest, next } = one;
  const first = { size: sizeWords(one), choice: placeWords(cheapest) };
  const from = turnWords(one);
  if (!next) return [{ ...first, from }];
  return [
    { ...first, from: '' },
    { size: '', choice: `becomes ${placeWords(next)}`, from },
  ];
}

function sizeWords({ vcpus, memoryGb, accelerators, arch }: ReportedSize): string {
  const more = accelerators > 0 ? `, ${accelerators} accelerators` : '';
  return `${figure(vcpus)} vCPU, ${figure(memoryGb)} GB${more}${arch === null ? '' : `, ${arch}`}`;
}

function placeWords({ type, zone, capacityType }: ReportedSize['cheapest']): string {
  return `${type} in ${zone}${capacityType === undefined ? '' : `, ${capacityType}`}`;
}

function turnWords({ isTie, carbonPrice }: ReportedSize): string {
  if (isTie) return 'any';
  return carbonPrice === undefined ? 'never' : figure(carbonPrice * 1_000);
}

function right<Row>(title: string, cell: (row: Row) => string): Column<Row> {
  return { title, align: 'right', cell };
}

function andMore(count: number, what: string): string {
  return count > MOST_ROWS ? `and ${count - MOST_ROWS} more ${what}; --explain -o json lists them\n` : '';
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
