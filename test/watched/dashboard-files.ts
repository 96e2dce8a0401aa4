import { globSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';

export interface GrafanaPanel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly datasource?: { readonly uid: string };
  readonly targets?: readonly { readonly expr: string; readonly datasource: { readonly uid: string } }[];
  readonly links?: readonly { readonly url: string }[];
  readonly fieldConfig?: {
    readonly defaults: {
      readonly unit?: string;
      readonly thresholds?: { readonly steps: readonly { readonly value: number | null }[] };
    };
  };
}

export interface GrafanaDashboard {
  readonly file: string;
  readonly uid: string;
  readonly title: string;
  readonly schemaVersion: number;
  readonly links: readonly { readonly url: string }[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly query: unknown }[] };
  readonly panels: readonly GrafanaPanel[];
}

/** As they are in the folder. */
export function readDashboards(): readonly GrafanaDashboard[] {
  return globSync('manifests/dashboards/*.json')
    .sort()
    .map((file) => ({ ...JSON.parse(readFileSync(file, 'utf8')), file: basename(file) }));
}

export interface Asked {
  /** Dashboard, panel and number of the query, in words. */
  readonly where: string;
  readonly expr: string;
}

export function queriesOf({ file, panels }: GrafanaDashboard): readonly Asked[] {
  return panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr }, i) => ({ where: `${file}, "${title}", query ${i + 1}`, expr })),
  );
}
