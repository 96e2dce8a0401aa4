import { DATASOURCE, inCluster, link, type Panel, panelObject, RUNBOOK } from './panel.ts';

export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

export interface Dashboard {
  /** Of its file and its uid. */
  readonly name: string;
  readonly title: string;
  readonly description: string;
  /** Whether one can choose namespaces; their metric with that label. */
  readonly namespacesOf?: string;
  readonly rows: readonly Row[];
}

/** Grafana 11. */
const SCHEMA_VERSION = 39;
const COLUMNS = 24;
const PANEL_HEIGHT = 8;
const TAG = 'gridgate';

/** As Grafana exports and imports it. */
export function dashboardObject({ name, title, description, namespacesOf, rows }: Dashboard): object {
  return {
    uid: `gridgate-${name}`,
    title: `gridgate / ${title}`,
    description,
    tags: [TAG],
    schemaVersion: SCHEMA_VERSION,
    version: 1,
    editable: true,
    timezone: 'browser',
    graphTooltip: 1,
    refresh: '30s',
    time: { from: 'now-6h', to: 'now' },
    links: [
      {
        type: 'dashboards',
        title: 'gridgate',
        tags: [TAG],
        asDropdown: true,
        includeVars: true,
        keepTime: true,
        targetBlank: false,
        icon: 'external link',
        tooltip: 'The other dashboards of gridgate',
        url: '',
      },
      link('Runbook', RUNBOOK),
    ],
    annotations: { list: [] },
    templating: { list: [datasource(), cluster(), ...(namespacesOf === undefined ? [] : [namespaces(namespacesOf)])] },
    panels: placed(rows),
  };
}

function datasource(): object {
  return {
    type: 'datasource',
    name: 'datasource',
    label: 'Prometheus',
    query: 'prometheus',
    regex: '',
    refresh: 1,
    multi: false,
    includeAll: false,
    hide: 0,
    skipUrlSync: false,
  };
}

/** Empty where no series has such a label: then it selects those without. */
function cluster(): object {
  return asked('cluster', 'Cluster', 'label_values(gridgate_config_reload_failed, cluster)', {});
}

function namespaces(metric: string): object {
  const query = `label_values(${inCluster(metric)}, namespace)`;
  return asked('namespace', 'Namespace', query, { multi: true, includeAll: true, allValue: '.*' });
}

function asked(name: string, label: string, query: string, more: object): object {
  return {
    type: 'query',
    name,
    label,
    datasource: DATASOURCE,
    definition: query,
    query: { query, refId: `Variable-${name}`, qryType: 1 },
    refresh: 2,
    sort: 1,
    regex: '',
    multi: false,
    includeAll: false,
    hide: 0,
    skipUrlSync: false,
    ...more,
  };
}

/** From left to right, row by row, as wide and high as each says. */
function placed(rows: readonly Row[]): readonly object[] {
  const all: object[] = [];
  let [x, y, lineHeight] = [0, 0, 0];
  const breakLine = () => {
    y += lineHeight;
    [x, lineHeight] = [0, 0];
  };
  for (const { title, panels } of rows) {
    breakLine();
    all.push({ id: all.length + 1, type: 'row', title, collapsed: false, gridPos: at(0, y, COLUMNS, 1), panels: [] });
    y += 1;
    for (const panel of panels) {
      const { width, height = PANEL_HEIGHT } = panel;
      if (x + width > COLUMNS) breakLine();
      all.push({ id: all.length + 1, ...panelObject(panel), gridPos: at(x, y, width, height) });
      x += width;
      lineHeight = Math.max(lineHeight, height);
    }
  }
  return all;
}

function at(x: number, y: number, w: number, h: number): object {
  return { x, y, w, h };
}
