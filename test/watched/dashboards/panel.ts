/** What a panel asks, without the selector of the cluster, and how its series are called (Grafana's `{{label}}`). */
export interface Query {
  readonly expr: string;
  readonly legend: string;
}

type Color = 'green' | 'yellow' | 'orange' | 'red' | 'blue' | 'text';
/** A colour from a value on; the first has none. */
export type Threshold = readonly [color: Color, from?: number];
/** What a value is called, and its colour. */
export type Named = Readonly<Record<number, readonly [text: string, color: Color]>>;

interface Told {
  readonly title: string;
  /** What it means, and when to worry. */
  readonly description: string;
  readonly queries: readonly Query[];
  /** One of Grafana's ids: `s`, `percentunit`, `suffix: gCO2e/kWh`. */
  readonly unit: string;
  /** Of 24 columns. */
  readonly width: number;
  /** Rows of 30 pixels; 8 unless told otherwise. */
  readonly height?: number;
  readonly thresholds?: readonly Threshold[];
  readonly named?: Named;
  readonly decimals?: number;
  readonly min?: number;
  readonly max?: number;
  /** The heading of the runbook that says what to do. */
  readonly runbook?: string;
}

interface Lines extends Told {
  readonly kind: 'lines' | 'stacked';
  readonly showsThresholds?: boolean;
}

interface Moment extends Told {
  readonly kind: 'number' | 'bars' | 'shares';
}

interface States extends Told {
  readonly kind: 'states';
  readonly named: Named;
}

/** Columns by the letter of their query, in order; labels come first. */
interface Rows extends Told {
  readonly kind: 'rows';
  readonly labels: Readonly<Record<string, string>>;
  readonly columns: readonly Column[];
}

interface Column {
  readonly title: string;
  readonly unit: string;
  readonly thresholds?: readonly Threshold[];
}

export type Panel = Lines | Moment | States | Rows;

// biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of Grafana's
export const DATASOURCE = { type: 'prometheus', uid: '${datasource}' } as const;
export const RUNBOOK = 'manifests/runbook.md';
const LETTERS = 'ABCDEFGH';
const LAST = { calcs: ['lastNotNull'], fields: '', values: false } as const;

/** Grafana's object of a panel, but for its id and place. */
export function panelObject(panel: Panel): object {
  const { title, description, queries, runbook } = panel;
  return {
    ...shapeOf(panel),
    title,
    description,
    datasource: DATASOURCE,
    ...(runbook !== undefined && { links: [runbookLink(runbook)] }),
    targets: queries.map(({ expr, legend }, i) => ({
      refId: LETTERS[i],
      datasource: DATASOURCE,
      expr: inCluster(expr),
      legendFormat: legend,
      ...(isOverTime(panel) ? { range: true, instant: false } : { range: false, instant: true }),
      ...(panel.kind === 'rows' && { format: 'table' }),
    })),
  };
}

/** Every metric of gridgate, of its processes and of the API server is asked of the cluster that was chosen. */
export function inCluster(expr: string): string {
  return expr.replace(/\b((?:gridgate|apiserver|process|nodejs)_[a-z0-9_]+)(\{)?/g, (_, name, brace) =>
    brace ? `${name}{cluster="$cluster", ` : `${name}{cluster="$cluster"}`,
  );
}

function isOverTime({ kind }: Panel): boolean {
  return kind === 'lines' || kind === 'stacked' || kind === 'states';
}

/** As Grafana's schema wants all of it. */
export function link(title: string, url: string): object {
  return {
    type: 'link',
    title,
    url,
    icon: 'doc',
    tooltip: '',
    tags: [],
    asDropdown: false,
    includeVars: false,
    keepTime: false,
    targetBlank: true,
  };
}

function runbookLink(heading: string): object {
  const url = `${RUNBOOK}#${heading.toLowerCase().replaceAll(' ', '-')}`;
  return link(`Runbook: ${heading}`, url);
}

function shapeOf(panel: Panel): object {
  switch (panel.kind) {
    case 'lines':
    case 'stacked':
      return timeseries(panel);
    case 'number':
      return {
        type: 'stat',
        fieldConfig: fields(panel),
        options: {
          colorMode: panel.thresholds ? 'background' : 'value',
          graphMode: 'none',
          justifyMode: 'auto',
          textMode: 'auto',
          orientation: 'auto',
          wideLayout: true,
          showPercentChange: false,
          percentChangeColorMode: 'standard',
          reduceOptions: LAST,
        },
      };
    case 'bars':
      return {
        type: 'bargauge',
        fieldConfig: fields(panel),
        options: {
          displayMode: 'basic',
          orientation: 'horizontal',
          valueMode: 'color',
          namePlacement: 'auto',
          showUnfilled: true,
          sizing: 'auto',
          minVizWidth: 8,
          minVizHeight: 16,
          maxVizHeight: 300,
          legend: { showLegend: false, displayMode: 'list', placement: 'bottom', calcs: [] },
          reduceOptions: LAST,
        },
      };
    case 'shares':
      return {
        type: 'piechart',
        fieldConfig: fields(panel),
        options: {
          pieType: 'donut',
          orientation: 'auto',
          displayLabels: ['name', 'percent'],
          legend: {
            showLegend: true,
            displayMode: 'table',
            placement: 'right',
            values: ['value', 'percent'],
            calcs: [],
          },
          tooltip: { mode: 'single', sort: 'none' },
          reduceOptions: LAST,
        },
      };
    case 'states':
      return {
        type: 'state-timeline',
        fieldConfig: fields(panel, { lineWidth: 0, fillOpacity: 70 }),
        options: {
          mergeValues: true,
          showValue: 'auto',
          alignValue: 'left',
          rowHeight: 0.9,
          legend: { showLegend: true, displayMode: 'list', placement: 'bottom', calcs: [] },
          tooltip: { mode: 'single', sort: 'none' },
        },
      };
    case 'rows':
      return table(panel);
  }
}

function timeseries(panel: Lines): object {
  const custom = {
    drawStyle: 'line',
    lineInterpolation: 'linear',
    lineWidth: 1,
    fillOpacity: panel.kind === 'stacked' ? 30 : 5,
    showPoints: 'never',
    spanNulls: false,
    stacking: { mode: panel.kind === 'stacked' ? 'normal' : 'none', group: 'A' },
    thresholdsStyle: { mode: panel.showsThresholds ? 'line' : 'off' },
  };
  return {
    type: 'timeseries',
    fieldConfig: fields(panel, custom),
    options: {
      legend: { showLegend: true, displayMode: 'table', placement: 'bottom', calcs: ['lastNotNull', 'max'] },
      tooltip: { mode: 'multi', sort: 'desc' },
    },
  };
}

/** Queries that share their labels become one row each, a column a query. */
function table(panel: Rows): object {
  const { labels, columns } = panel;
  const valueName = (i: number) => (columns.length === 1 ? 'Value' : `Value #${LETTERS[i]}`);
  const names = [...Object.keys(labels), ...columns.map((_, i) => valueName(i))];
  return {
    type: 'table',
    fieldConfig: {
      ...fields(panel, { align: 'auto', inspect: false }),
      overrides: columns.map(({ title, unit, thresholds }) => ({
        matcher: { id: 'byName', options: title },
        properties: [
          { id: 'unit', value: unit },
          ...(thresholds
            ? [
                { id: 'thresholds', value: steps(thresholds) },
                { id: 'custom.cellOptions', value: { type: 'color-background', mode: 'basic' } },
              ]
            : []),
        ],
      })),
    },
    options: { frameIndex: 0, showHeader: true, cellHeight: 'sm' },
    transformations: [
      { id: 'merge', options: {} },
      {
        id: 'organize',
        options: {
          excludeByName: { Time: true },
          indexByName: Object.fromEntries(names.map((name, i) => [name, i])),
          renameByName: { ...labels, ...Object.fromEntries(columns.map(({ title }, i) => [valueName(i), title])) },
        },
      },
    ],
  };
}

function fields({ unit, thresholds = [['green']], named, decimals, min, max }: Panel, custom: object = {}): object {
  return {
    defaults: {
      unit,
      color: { mode: named || thresholds.length > 1 ? 'thresholds' : 'palette-classic' },
      thresholds: steps(thresholds),
      mappings: named
        ? [
            {
              type: 'value',
              options: Object.fromEntries(
                Object.entries(named).map(([value, [text, color]], index) => [value, { text, color, index }]),
              ),
            },
          ]
        : [],
      ...(decimals !== undefined && { decimals }),
      ...(min !== undefined && { min }),
      ...(max !== undefined && { max }),
      custom,
    },
    overrides: [],
  };
}

function steps(thresholds: readonly Threshold[]): object {
  return { mode: 'absolute', steps: thresholds.map(([color, from]) => ({ color, value: from ?? null })) };
}
