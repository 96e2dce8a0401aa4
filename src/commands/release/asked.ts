import { cronJobOf } from '../../cluster/waiting-work.ts';
import { ownerOf } from '../../decision/owner.ts';
import { controllerOf } from '../../decision/pod.ts';
import { quoted } from '../../decision/policy-annotations.ts';
import type { ReleaseValues } from './options.ts';
import type { WaitingUnit } from './waiting-units.ts';

/** One of the objects that a command line names. */
export interface Target {
  /** As the API writes it where it is known; in small letters otherwise. */
  readonly kind: string;
  readonly name: string;
}

/** What is to go. */
export type Asked =
  | { readonly what: 'named'; readonly targets: readonly Target[] }
  | { readonly what: 'all' | 'overdue' };

const KINDS: Readonly<Record<string, string>> = {
  po: 'Pod',
  pod: 'Pod',
  pods: 'Pod',
  job: 'Job',
  jobs: 'Job',
  cj: 'CronJob',
  cronjob: 'CronJob',
  cronjobs: 'CronJob',
};
const NAME = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;

/**
 * | names  | --overdue | --all | then    |
 * | ------ | --------- | ----- | ------- |
 * | some   | -         | -     | those   |
 * | -      | yes       | -     | overdue |
 * | -      | -         | yes   | all     |
 * | other combinations         | a mistake |
 */
export function readAsked(
  words: readonly string[],
  { overdue, allWaiting, allNamespaces, selector }: ReleaseValues,
): Asked | { readonly issues: readonly string[] } {
  const ways = [words.length > 0 && 'names', overdue && '--overdue', allWaiting && '--all'].filter(Boolean);
  if (ways.length !== 1) {
    const given = ways.length > 1 ? `${ways.join(' and ')} cannot stand together; ` : '';
    return { issues: [`release: ${given}give the names of pods, jobs or cronjobs, or --overdue, or --all`] };
  }
  if (words.length === 0) return { what: overdue ? 'overdue' : 'all' };
  const targets = words.map(readTarget);
  const issues = [
    ...words.flatMap((word, index) => (targets[index] ? [] : [mistakeIn(word)])),
    ...(allNamespaces ? ['--all-namespaces: means nothing beside names, which are in one namespace'] : []),
    ...(selector === undefined ? [] : ['--selector: means nothing beside names']),
  ];
  return issues.length > 0 ? { issues } : { what: 'named', targets: targets.filter((target) => target !== undefined) };
}

/** kubectl's ways to name an object: `web-0`, `pod/web-0`, `jobs.batch/train`. */
function readTarget(word: string): Target | undefined {
  const slash = word.indexOf('/');
  const name = word.slice(slash + 1);
  const [type = ''] = (slash < 0 ? 'pod' : word.slice(0, slash)).toLowerCase().split('.');
  return type === '' || !NAME.test(name) ? undefined : { kind: KINDS[type] ?? type, name };
}

function mistakeIn(word: string): string {
  return `release: ${quoted(word)} names no object; write POD, job/NAME or cronjob/NAME`;
}

/** Whether a unit is the object of that name, or one that belongs to it. */
export function isOf({ kind, object }: WaitingUnit, target: Target): boolean {
  const { metadata } = object;
  const owner = kind === 'Pod' ? ownerOf({ metadata }) : cronJobOf(object);
  const all = [{ kind, name: metadata.name }, controllerOf({ metadata }), owner];
  return all.some((one) => one?.name === target.name && isKind(one.kind ?? '', target.kind));
}

/** Kinds that others made are named in small letters, in the singular or the plural. */
function isKind(kind: string, asked: string): boolean {
  return kind === asked || [asked, asked.replace(/s$/, '')].includes(kind.toLowerCase());
}
