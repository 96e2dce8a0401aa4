import { globSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { isMap, parseDocument, type Scalar, type YAMLMap } from 'yaml';
import { textOf } from '../config/published-schema.ts';
import { valuesSchema } from './values-schema.ts';

const MANIFESTS = 'manifests';
export const CHART = `${MANIFESTS}/chart`;
/** Of files/, each with what it is put together from: what exists once, in the kustomize base and its components. */
const PUT_TOGETHER: Readonly<Record<string, readonly string[]>> = {
  'crds.yaml': ['crd/regions.yaml'],
  'policies.yaml': ['base/controllers-guard.yaml', 'crd/region-warnings.yaml'],
  'rbac.yaml': ['base/rbac.yaml', 'base/controllers-rbac.yaml'],
  'strict-rbac.yaml': ['strict/rbac.yaml'],
  'priority-classes.yaml': ['base/priority-classes.yaml'],
  'check.yaml': ['check/rbac.yaml', 'check/guard.yaml'],
  'uninstall.yaml': ['uninstall/rbac.yaml'],
  'webhooks.yaml': ['base/mutating-webhook.yaml', 'base/validating-webhook.yaml'],
};
const COMPONENTS = globSync(`${MANIFESTS}/capacity/*/kustomization.yaml`).map((path) => path.split('/').at(-2) ?? '');
/** As kustomize builds them: the patch's webhooks come first. */
const STRICT_WEBHOOKS = ['base/mutating-webhook.yaml', 'strict/validating-webhook.yaml'];

/** All of the chart that `npm run chart` writes, by path. */
export function chartFiles(): ReadonlyMap<string, string> {
  const together = Object.entries(PUT_TOGETHER).map(([name, sources]) => [name, join(sources)] as const);
  const capacity = COMPONENTS.map((name) => [`capacity/${name}.yaml`, join(resourcesOf(name))] as const);
  const [, ofBase] = read('base/validating-webhook.yaml').split(/^webhooks:\n/m);
  const strict = ['strict-webhooks.yaml', `${join(STRICT_WEBHOOKS)}\n${ofBase}`] as const;
  const copied = [
    ...globSync(`${MANIFESTS}/alerts/rules.yaml`).map((path) => ['rules.yaml', readFileSync(path, 'utf8')] as const),
    ...globSync(`${MANIFESTS}/dashboards/*.json`).map(
      (path) => [`dashboards/${basename(path)}`, readFileSync(path, 'utf8')] as const,
    ),
  ];
  return new Map([
    ...[...together, ...capacity, strict, ...copied].map(([name, text]) => [`${CHART}/files/${name}`, text] as const),
    [`${CHART}/values.schema.json`, textOf(valuesSchema())],
    [`${CHART}/README.md`, pageWithValues()],
  ]);
}

/** The resources of a component, as its kustomization names them. */
function resourcesOf(component: string): readonly string[] {
  const { resources } = parseDocument(read(`capacity/${component}/kustomization.yaml`)).toJS();
  return (resources as readonly string[]).map((file) => `capacity/${component}/${file}`);
}

function join(sources: readonly string[]): string {
  const head = `# Written by npm run chart: change ${sources.map((source) => `${MANIFESTS}/${source}`).join(', ')}.\n`;
  return head + sources.map((source) => read(source)).join('---\n');
}

function read(path: string): string {
  return readFileSync(`${MANIFESTS}/${path}`, 'utf8');
}

const VALUES = /(?<=<!-- values: npm run chart -->\n\n)[\s\S]*?(?=\n\n<!-- end of values -->)/;

/** The page with the values as values.yaml says them. */
function pageWithValues(): string {
  const rows = valueRows().map(({ key, value, says }) => `| \`${key}\` | \`${value}\` | ${says} |`);
  const table = ['| value | default | what it is |', '| --- | --- | --- |', ...rows].join('\n');
  return readFileSync(`${CHART}/README.md`, 'utf8').replace(VALUES, () => table);
}

interface ValueRow {
  readonly key: string;
  readonly value: string;
  readonly says: string;
}

/** A row for each key with a comment that begins with `--`. Throws for a key that neither has one nor is a map of such keys. */
export function valueRows(text = readFileSync(`${CHART}/values.yaml`, 'utf8')): readonly ValueRow[] {
  const { contents } = parseDocument(text);
  if (!isMap(contents)) throw new Error('values.yaml is no map');
  return rowsOf(contents, '');
}

function rowsOf(map: YAMLMap, prefix: string): readonly ValueRow[] {
  return map.items.flatMap(({ key, value }, index) => {
    const name = `${prefix}${(key as Scalar).value}`;
    // Before its first key, a map keeps that key's comment itself.
    const comment = (key as Scalar).commentBefore ?? (index === 0 ? map.commentBefore : undefined) ?? '';
    const says = /(?:^|\n) -- ([\s\S]*)$/.exec(comment)?.[1]?.replaceAll(/\n\s*/g, ' ');
    if (says !== undefined) return [{ key: name, value: tellDefault(value), says: says.replaceAll('|', '\\|') }];
    if (!isMap(value)) throw new Error(`values.yaml: ${name} has no comment that begins with "# --"`);
    return rowsOf(value, `${name}.`);
  });
}

function tellDefault(value: unknown): string {
  return JSON.stringify((value as { toJSON(): unknown }).toJSON());
}
