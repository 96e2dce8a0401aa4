import type { Decision } from '../../decision/decide.ts';
import type { Effect } from '../../decision/effect.ts';
import { bestFirst } from '../../decision/judge.ts';
import { isMapping } from '../../units/is-mapping.ts';
import { isoTime } from '../../units/moment.ts';
import type { Expectation } from './test-file.ts';

/** What came of one pod. */
export interface Outcome {
  readonly decision: Decision;
  readonly effect: Effect;
  /** The pod with the patch of its admission. */
  readonly admitted: () => unknown;
}

/** What came otherwise than expected. */
export interface Mismatch {
  /** As in the file: `admitted.spec.priorityClassName`. */
  readonly field: string;
  readonly expected: string;
  readonly got: string;
}

/** Everything in which an outcome differs from what was expected of it; empty where it is as it should be. */
export function compare(expected: Expectation, outcome: Outcome): readonly Mismatch[] {
  const { decision, effect } = outcome;
  return [
    ...same('decision', expected.decision, decision.decision),
    ...same('reason', expected.reason, decision.reason),
    ...unnamedReason(expected, decision),
    ...same('allowed', expected.allowed, effect.allowed),
    ...compareRegions(expected, decision),
    ...holds('message', expected.message, effect.allowed && decision.decision !== 'deny' ? [] : [decision.message]),
    ...compareWarnings(expected.warnings, effect.warnings),
    ...same('startsAt', timeOf(expected.startsAt), timeOf(decision.wait?.start.startAt)),
    ...(expected.admitted === undefined ? [] : differences(expected.admitted, outcome.admitted(), 'admitted')),
  ];
}

/**
 * A pod that gridgate leaves alone is let in whatever the policy says: who expects `allow` and does not say why would be content with a
 * namespace that never opted in.
 */
function unnamedReason({ decision, reason }: Expectation, { steps, ...came }: Decision): readonly Mismatch[] {
  if (decision !== 'allow' || came.decision !== 'allow' || reason !== undefined || steps) return [];
  return [{ field: 'reason', expected: 'one that is named: gridgate leaves this pod alone', got: came.reason }];
}

function timeOf(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : isoTime(ms);
}

function same<T extends string | boolean>(
  field: string,
  expected: T | undefined,
  got: T | undefined,
): readonly Mismatch[] {
  if (expected === undefined || expected === got) return [];
  return [{ field, expected: String(expected), got: got === undefined ? 'none' : String(got) }];
}

function compareRegions({ best, includes, excludes, refused }: Expectation, { steps }: Decision): readonly Mismatch[] {
  const judgement = steps?.judgement;
  if (!judgement) {
    const asked = Object.entries({ best, includes, excludes, refused });
    return asked.flatMap(([field, value]) =>
      value === undefined
        ? []
        : [{ field, expected: Array.isArray(value) ? value.join(', ') : tell(value), got: 'no region was looked at' }],
    );
  }
  const open = judgement.candidates.map(({ name }) => name);
  const ranked = bestFirst(judgement).map(({ name }) => name);
  const reasons = new Map(judgement.refused.map(({ region, refusal }) => [region.name, refusal]));
  return [
    ...(best?.some((name, index) => ranked[index] !== name)
      ? [
          {
            field: 'best',
            expected: best.join(', '),
            got: listed(ranked) || `none is ranked; open are ${listed(open) || 'none'}`,
          },
        ]
      : []),
    ...(includes ?? [])
      .filter((name) => !open.includes(name))
      .map((name) => ({ field: 'includes', expected: name, got: reasons.get(name) ?? listed(open) ?? 'none' })),
    ...(excludes ?? [])
      .filter((name) => open.includes(name))
      .map((name) => ({ field: 'excludes', expected: `not ${name}`, got: listed(open) })),
    ...Object.entries(refused ?? {}).flatMap(([name, reason]) =>
      same(
        `refused.${name}`,
        reason as string,
        reasons.get(name) ?? (open.includes(name) ? 'open' : 'not within reach'),
      ),
    ),
  ];
}

const MOST_LISTED = 10;

function listed(names: readonly string[]): string {
  const more = names.length - MOST_LISTED;
  return [...names.slice(0, MOST_LISTED), ...(more > 0 ? [`${more} more`] : [])].join(', ');
}

function holds(field: string, parts: readonly string[] | undefined, texts: readonly string[]): readonly Mismatch[] {
  return (parts ?? [])
    .filter((part) => !texts.some((text) => text.includes(part)))
    .map((part) => ({
      field,
      expected: `holds ${JSON.stringify(part)}`,
      got: texts.map((one) => JSON.stringify(one)).join(', ') || 'none',
    }));
}

function compareWarnings(expected: readonly string[] | undefined, got: readonly string[]): readonly Mismatch[] {
  if (expected?.length !== 0 || got.length === 0) return holds('warnings', expected, got);
  return [{ field: 'warnings', expected: 'none', got: got.map((one) => JSON.stringify(one)).join(', ') }];
}

/** What of the expected part is not in the whole; an entry of a list may be any of the whole's. */
function differences(part: unknown, whole: unknown, field: string): readonly Mismatch[] {
  if (isMapping(part)) {
    if (!isMapping(whole)) return [{ field, expected: tell(part), got: tell(whole) }];
    return Object.entries(part).flatMap(([key, value]) => differences(value, own(whole, key), `${field}.${key}`));
  }
  if (Array.isArray(part)) {
    const all: readonly unknown[] = Array.isArray(whole) ? whole : [];
    return part.flatMap((one, index) =>
      all.some((other) => differences(one, other, '').length === 0)
        ? []
        : [{ field: `${field}.${index}`, expected: tell(one), got: tell(whole) }],
    );
  }
  return Object.is(part, whole) || (part === null && whole === undefined)
    ? []
    : [{ field, expected: tell(part), got: tell(whole) }];
}

function own(whole: Readonly<Record<string, unknown>>, key: string): unknown {
  return Object.hasOwn(whole, key) ? whole[key] : undefined;
}

const LONGEST = 300;

function tell(value: unknown): string {
  const text = value === undefined ? 'nothing' : typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}...` : text;
}
