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
  const named = withKinds(words);
  const targets = named.map(readTarget);
  const issues = [
    ...named.flatMap((word, index) => (targets[index] ? [] : [mistakeIn(word)])),
    ...(allNamespaces ? ['--all-namespaces: means nothing beside names, which are in one namespace'] : []),
    ...(selector === undefined ? [] : ['--selector: means nothing beside names']),
  ];
  return issues.length > 0 ? { issues } : { what: 'named', targets: targets.filter((target) => target !== undefined) };
}

/** `job train other`, as kubectl takes it, is `job/train job/other`; a name that is none for itself alone is a mistake. */
function withKinds(words: readonly string[]): readonly string[] {
  const [first = '', ...names] = words;
  const isKind = Object.hasOwn(KINDS, typeOf(first));
  if (!isKind || words.some((word) => word.includes('/'))) return words;
  return names.length > 0 ? names.map((name) => `${first}/${name}`) : [`${first}/`];
}

function typeOf(word: string): string {
  return word.toLowerCase().split('.')[0] ?? '';
}

/** kubectl's ways to name an object: `web-0`, `pod/web-0`, `jobs.batch/train`. */
function readTarget(word: string): Target | undefined {
  const slash = word.indexOf('/');
  const name = word.slice(slash + 1);
  const type = typeOf(slash < 0 ? 'pod' : word.slice(0, slash));
  return type === '' || !NAME.test(name) ? undefined : { kind: KINDS[type] ?? type, name };
}

function mistakeIn(word: string): string {
  return `release: ${quoted(word)} names no object; write POD, job/NAME, cronjob/NAME or KIND NAME`;
}

/** Whether a unit is the object of that name, or one that belongs to it. */
export function isOf(unit: WaitingUnit, target: Target): boolean {
  return namesOf(unit).some((one) => one.name === target.name && isKind(one.kind, target.kind));
}

/** What waits under a name, whatever kind was asked for, as a command line names it: `job/train`. */
export function waitingUnder(name: string, units: readonly WaitingUnit[]): readonly string[] {
  const found = units.flatMap(namesOf).filter((one) => one.name === name);
  return [...new Set(found.map((one) => nameTarget(one)))];
}

export function nameTarget({ kind, name }: Target): string {
  return `${kind.toLowerCase()}/${name}`;
}

/** A unit itself, and all that it belongs to. */
function namesOf({ kind, object }: WaitingUnit): readonly Target[] {
  const { metadata } = object;
  const { kind: ownKind = '', name: ownName = '' } = controllerOf({ metadata }) ?? {};
  const owner = kind === 'Pod' ? ownerOf({ metadata }) : cronJobOf(object);
  return [{ kind, name: metadata.name }, { kind: ownKind, name: ownName }, ...(owner ? [owner] : [])];
}

/** Kinds that others made are named in small letters, in the singular or the plural. */
function isKind(kind: string, asked: string): boolean {
  return kind === asked || [asked, asked.replace(/s$/, '')].includes(kind.toLowerCase());
}
