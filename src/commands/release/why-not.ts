import { WAIT_GATE } from '../../decision/gate.ts';
import { DEFERRED, RELEASED } from '../../decision/wait-annotations.ts';
import { isoTime } from '../../units/moment.ts';
import { nameFew } from '../../units/tell-few.ts';
import { nameTarget, type Target } from './asked.ts';

/** A pod or a Job, as far as it says what holds it. */
interface Held {
  readonly metadata?: {
    readonly deletionTimestamp?: string;
    readonly annotations?: Readonly<Record<string, string>> | null;
  };
  readonly spec?: {
    readonly nodeName?: string;
    readonly suspend?: boolean | null;
    readonly schedulingGates?: readonly { readonly name: string }[] | null;
  };
}

const MOST_NAMED = 3;

/**
 * Why an object that is there does not wait for gridgate, a sentence:
 *
 * | it                                       | then                       |
 * | ---------------------------------------- | -------------------------- |
 * | is being deleted                         | that                       |
 * | is a Job that others suspended           | who, and that it stays so  |
 * | has gates of others                      | which                      |
 * | has a node                               | that it has                |
 * | says that it was let go                  | when                       |
 * | any other                                | nothing more               |
 */
export function whyNot(target: Target, object: object): string {
  return `${nameTarget(target)} does not wait${reasonOf(target.kind, object as Held)}`;
}

function reasonOf(kind: string, { metadata, spec = {} }: Held): string {
  const annotations = metadata?.annotations ?? {};
  if (metadata?.deletionTimestamp) return ': it is being deleted';
  if (kind === 'Job' && spec.suspend === true && annotations[DEFERRED] === undefined)
    return ' for gridgate: its author, or another controller, suspended it, and it stays so';
  const others = (spec.schedulingGates ?? []).filter(({ name }) => name !== WAIT_GATE);
  if (others.length > 0)
    return ` for gridgate: gates of others hold it: ${nameFew(others, MOST_NAMED, ({ name }) => name)}`;
  const released = Date.parse(annotations[RELEASED] ?? '');
  if (!Number.isNaN(released)) return `: it was let go at ${isoTime(released)}`;
  return spec.nodeName ? `: it has a node, ${spec.nodeName}` : '';
}
