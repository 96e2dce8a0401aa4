import { type Column, renderTable } from '../../terminal/render-table.ts';
import { wrapText } from '../../terminal/wrap-text.ts';
import { nameFew } from '../../units/tell-few.ts';
import type { Installation, Stays } from './find-installation.ts';
import type { Obstacle } from './find-obstacle.ts';
import { OURS, PART_OF, STEPS, type Step } from './installed-objects.ts';

const MOST_NAMES = 6;

type Going = Pick<Installation, 'removals' | 'traces' | 'waiting'>;

/** Objects of one kind that are treated alike. */
interface Line {
  readonly step: Step;
  readonly count: number;
  readonly kind: string;
  readonly which: string;
}

const COLUMNS: readonly Column<Line>[] = [
  { title: 'STEP', cell: ({ step }) => step },
  { title: 'COUNT', align: 'right', cell: ({ count }) => String(count) },
  { title: 'KIND', cell: ({ kind }) => kind },
  { title: 'WHAT', givesWay: 1, cell: ({ which }) => which },
];

export function isNothing({ removals, traces, waiting }: Going): boolean {
  return removals.length + traces.length + waiting.length === 0;
}

/** What is removed, in the order of the steps, a line for each kind. */
export function renderRemovals(installation: Going, width: number): string {
  return renderTable(COLUMNS, linesOf(installation), width);
}

function linesOf({ removals, traces, waiting }: Going): readonly Line[] {
  return STEPS.flatMap((step) => {
    const ofStep = removals.filter((one) => one.step === step);
    const byKind = Map.groupBy(ofStep, ({ kind }) => kind);
    const deleted = [...byKind].map(([kind, ofKind]) => {
      const which = nameFew(ofKind, MOST_NAMES, ({ called }) => called);
      return { step, count: ofKind.length, kind, which };
    });
    if (step === 'waiting') return waitingLines(waiting);
    return step === 'traces' ? [...traceLines(traces), ...deleted] : deleted;
  });
}

function waitingLines(waiting: Installation['waiting']): readonly Line[] {
  return [...Map.groupBy(waiting, ({ kind }) => kind)].map(([kind, ofKind]) => {
    const named = nameFew(ofKind, MOST_NAMES, ({ object: { metadata } }) => `${metadata.namespace}/${metadata.name}`);
    return { step: 'waiting', count: ofKind.length, kind, which: `let go: ${named}` };
  });
}

function traceLines(traces: Installation['traces']): readonly Line[] {
  const each = traces.flatMap((trace) => trace.traces.what.map((what) => ({ ...trace, what })));
  return [...Map.groupBy(each, ({ kind, what }) => `${kind.kind} ${what}`).values()].flatMap((alike) => {
    const [first] = alike;
    if (!first) return [];
    const { kind, what } = first;
    const which = kind.isNamed ? `${what} (${nameFew(alike, MOST_NAMES, ({ path }) => nameIn(path))})` : what;
    return [{ step: 'traces', count: alike.length, kind: kind.kind, which }];
  });
}

/** `shop/web`, or the name alone of what is in no namespace. */
function nameIn(path: string): string {
  const [, namespace, name = path.split('/').at(-1) ?? ''] = /\/namespaces\/([^/]+)\/.*\/([^/]+)$/.exec(path) ?? [];
  return [namespace, name].flatMap((one) => (one === undefined ? [] : decodeURIComponent(one))).join('/');
}

/** Why nothing may be removed, and what to do, in a sentence. */
export function tellObstacle(obstacle: Obstacle): string {
  if (obstacle.why === 'of Helm') {
    const { name, namespace } = obstacle.release;
    return `Helm installed gridgate, as release ${name} in namespace ${namespace}: helm uninstall ${name} -n ${namespace}`;
  }
  if (obstacle.why === 'not of Helm')
    return `no release of Helm, and no application of Argo CD, has gridgate here (${nameFew(obstacle.objects, MOST_NAMES, String)}), so nothing goes before one: to remove it leave out --before-helm; of a chart that you render, apply what helm template --no-hooks prints`;
  if (obstacle.why === 'elsewhere') {
    const { asked, namespaces } = obstacle;
    return `gridgate is in ${namespaces.join(' and in ')}, not in ${asked}: --system-namespace ${namespaces[0]}`;
  }
  const says = `${obstacle.objects.join(', ')}: the label ${PART_OF} says ${obstacle.partOf.join(', ')}`;
  return `${says}; where this is gridgate's after all, set it to ${OURS} on all objects of gridgate`;
}

/** What stays, and how it goes, a sentence each. */
export function tellStays(stays: Stays): readonly string[] {
  const { maybeNotIn, toHelm, kinds, policies, followers, settings, ofOthers, namespace } = stays;
  return [
    ...(maybeNotIn === undefined
      ? []
      : [
          `what gridgate has in another namespace: there is no Deployment, nor anything else of it, in ${maybeNotIn} (--system-namespace)`,
        ]),
    ...(toHelm > 0 ? [`${counted(toHelm, 'object')} of the chart, which helm uninstall removes`] : []),
    ...kinds.map(
      ({ noun, count }) =>
        `${counted(count, noun)} and ${count === 1 ? 'its' : 'their'} CustomResourceDefinition (--regions)`,
    ),
    ...(policies > 0
      ? [
          `the annotations gridgate.dev/* of ${counted(policies, 'namespace')}, which do nothing without gridgate (--policies)`,
        ]
      : []),
    ...(followers > 0
      ? [
          `gridgate.dev/carbon-aware and what goes with it (threshold, weights, paused) on ${counted(followers, 'NodePool')}: they are their owners', and do nothing without gridgate`,
        ]
      : []),
    ...(settings.length > 0 ? [`${settings.join(', ')} (--settings)`] : []),
    ...ofOthers.map((one) => `${one}: ${PART_OF} says that it is part of something else`),
    ...(namespace === undefined ? [] : [tellNamespace(namespace, settings)]),
  ];
}

function tellNamespace(namespace: NonNullable<Stays['namespace']>, settings: readonly string[]): string {
  if (namespace === 'not ours') return 'the namespace, which was not made for gridgate';
  const others = namespace.others.filter((one) => !settings.some((setting) => isTheSame(setting, one)));
  const reasons = [
    ...(settings.length > 0 ? ['those settings'] : []),
    ...(others.length > 0 ? [nameFew(others, MOST_NAMES, (one) => one)] : []),
    ...(namespace.unread.length > 0 ? [`maybe what could not be looked into: ${namespace.unread.join(', ')}`] : []),
  ];
  return `the namespace, which holds ${reasons.join('; ')}`;
}

/** `ConfigMap gridgate-system/gridgate` and `ConfigMap gridgate`. */
function isTheSame(called: string, found: string): boolean {
  return called.replace(/ .*\//, ' ') === found;
}

export function renderStays(stays: Stays, width: number): string {
  const sentences = tellStays(stays);
  const lines = sentences.map((one) => wrapText(`- ${one}`, Number.isFinite(width) ? width : LONGEST_LINE, '  '));
  return sentences.length === 0 ? '' : `Stays:\n${lines.join('')}`;
}

const LONGEST_LINE = 10_000;

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
