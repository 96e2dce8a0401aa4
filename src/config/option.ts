import type { Parser } from './parsers.ts';

/** One option of a command; `V` is what a command reads, undefined included where nothing is given. */
export interface Option<V> {
  /** As commander and `--help` write it. */
  readonly flags: string;
  readonly env: string;
  readonly help: string;
  readonly parse: Parser<NonNullable<V>>;
  readonly default?: NonNullable<V>;
  /** What happens without it, in words, where that depends on more than this option. */
  readonly defaultText?: string;
  readonly required?: true;
  /** The key of an option without which this one means nothing. */
  readonly needs?: string;
}

type Spec<T> = Omit<Option<T>, 'default' | 'required' | 'env'> & { readonly env?: string };

/** The long flag of an option, without what it takes: `--port`. */
export function longFlag(flags: string): string {
  return /--[a-z-]+/.exec(flags)?.[0] ?? flags;
}

export function withDefault<T>(value: NonNullable<T>, spec: Spec<T>): Option<T> {
  return { ...named(spec), default: value };
}

export function optional<T>(spec: Spec<T>): Option<T | undefined> {
  return named(spec) as Option<T | undefined>;
}

export function required<T>(spec: Spec<T>): Option<T> {
  return { ...named(spec), required: true };
}

/** Environment variables are GRIDGATE_<FLAG> unless an option says otherwise. */
function named<T>(spec: Spec<T>): Option<T> {
  const env = `GRIDGATE_${longFlag(spec.flags).slice(2).toUpperCase().replaceAll('-', '_')}`;
  return { env, ...spec };
}
