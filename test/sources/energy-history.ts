/** What an exporter tells: a counter of joules, or a gauge, which stays at its value. */
export type Meter = Span & ({ readonly watts: number } | { readonly value: number });

interface Span {
  /** Name and labels. */
  readonly series: string;
  /** From so many hours ago, 2 by default. */
  readonly hours?: number;
  /** Until so many hours ago; until now where it is left out. */
  readonly untilHours?: number;
}

const STEP_S = 15;

/** What a Prometheus has stored of meters, in OpenMetrics; `now` is epoch milliseconds. */
export function energyHistory(meters: readonly Meter[], now: number): string {
  const nowS = Math.floor(now / 1_000);
  const families = Map.groupBy(meters, ({ series }) => series.replace(/\{.*/, '').replace(/_total$/, ''));
  return [...families]
    .map(([family, ofFamily]) => `# TYPE ${family} ${typeOf(ofFamily)}\n${ofFamily.map(lines).join('')}`)
    .join('');

  function lines(meter: Meter): string {
    const { series, hours = 2, untilHours = 0 } = meter;
    const first = nowS - hours * 3_600;
    const count = Math.floor(((hours - untilHours) * 3_600) / STEP_S);
    const points = Array.from({ length: count + 1 }, (_, index) => index * STEP_S);
    const at = (seconds: number) => ('value' in meter ? meter.value : meter.watts * seconds);
    return points.map((seconds) => `${series} ${at(seconds)} ${first + seconds}\n`).join('');
  }
}

function typeOf([first]: readonly Meter[]): string {
  return first && 'value' in first ? 'gauge' : 'counter';
}
