import { type Command, Option as Flag } from 'commander';
import { STANDARD_INPUT } from '../documents/read-text.ts';
import { longFlag, type Option } from './option.ts';
import { type OptionWords, wordsOf } from './option-words.ts';
import { OPTIONS, type OptionKey, type OptionValues } from './options.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** A Service named `gridgate-metrics` makes Kubernetes set GRIDGATE_METRICS_PORT=tcp://10.0.0.7:9090 in pods near it. */
const SERVICE_LINK = /^(?:tcp|udp|sctp):\/\/[0-9a-f.:[\]]+:\d+$/;
const LONGEST_QUOTE = 80;
/** The user and password of an address, which no message repeats. */
const USER_INFO = /(:\/\/)[^/?#]*@/g;

/** The flag or environment variable that each option came from; those without one have their default. */
export type Origins = Readonly<Partial<Record<OptionKey, string>>>;

interface Given {
  readonly text: string;
  readonly from: string;
}

/** Adds options to a commander command; help shows each default and environment variable. */
export function addOptions(command: Command, keys: readonly OptionKey[]): Command {
  // Neither commander's .env() nor its .default(): it would read process.env itself, and hide whether a flag was given.
  for (const key of keys) command.option(OPTIONS[key].flags, describe(OPTIONS[key], wordsOf(command.name(), key)));
  return command;
}

const BOOLEAN_WORD = /^(?:true|false|1|0)$/;

/**
 * A command's arguments in which no boolean flag takes the next word for its value unless it is one, as kubectl reads them: `--dry-run pod/etl`
 * names a pod. What stands behind `--` is left alone.
 */
export function sealBooleans(command: Command, args: readonly string[]): readonly string[] {
  const sealed: string[] = [];
  for (let index = 0; index < args.length; index++) {
    const word = args[index] ?? '';
    if (word === '--') return [...sealed, ...args.slice(index)];
    const flag = command.options.find(({ short, long }) => word === short || word === long);
    const next = args[index + 1];
    const isAlone = flag?.optional && (next === undefined || !BOOLEAN_WORD.test(next));
    sealed.push(isAlone ? `${flag.long}=true` : word);
    if (next !== undefined && (flag?.required || (flag?.optional && !isAlone))) sealed.push(args[++index] ?? '');
  }
  return sealed;
}

/** Reads a parsed command's options, flag over environment over default; on mistakes answers every one, a sentence each,
 * and the values that have none. */
export function readOptions<K extends OptionKey>(
  command: Command,
  keys: readonly K[],
  env: Environment,
):
  | { readonly values: OptionValues<K> }
  | { readonly issues: readonly string[]; readonly values: Partial<OptionValues<K>> } {
  const values: Partial<Record<OptionKey, unknown>> = {};
  const issues: string[] = [];
  const flags = command.opts<Record<string, unknown>>();
  const given = new Map<OptionKey, Given>();
  for (const key of keys) {
    const option: Option<unknown> = OPTIONS[key];
    const found = findText(option, flags, env);
    if (found) given.set(key, found);
    const read = found ? parseGiven(option, found) : valueWithout(option, wordsOf(command.name(), key));
    if ('issue' in read) issues.push(read.issue);
    else values[key] = read.value;
  }
  issues.push(...findMissingPartners(given, keys), ...findShared(given));
  return issues.length > 0
    ? { issues, values: values as Partial<OptionValues<K>> }
    : { values: values as OptionValues<K> };
}

/** Where the values that `readOptions` answers came from. */
export function findOrigins(command: Command, keys: readonly OptionKey[], env: Environment): Origins {
  const flags = command.opts<Record<string, unknown>>();
  const found = keys.map((key) => [key, findText(OPTIONS[key], flags, env)?.from] as const);
  return Object.fromEntries(found.filter(([, from]) => from !== undefined));
}

function findText(
  option: Option<unknown>,
  flags: Readonly<Record<string, unknown>>,
  env: Environment,
): Given | undefined {
  // Commander's key is the flag's; ours may be another, where one flag means different things to different commands.
  const flag = flags[new Flag(option.flags).attributeName()];
  if (flag !== undefined) return { text: String(flag), from: longFlag(option.flags) };
  const text = env[option.env];
  // An empty variable is how manifests and shells write "not set".
  if (text === undefined || text === '' || SERVICE_LINK.test(text)) return undefined;
  return { text, from: option.env };
}

function parseGiven(option: Option<unknown>, { text, from }: Given): { value: unknown } | { issue: string } {
  const parsed = option.parse(text);
  return 'value' in parsed ? parsed : { issue: `${from}: ${quote(text)} is not allowed; give ${parsed.allowed}` };
}

function valueWithout(option: Option<unknown>, { help }: OptionWords): { value: unknown } | { issue: string } {
  if (option.required) return { issue: `${nameBoth(option)}: is missing; give ${help}` };
  return { value: option.default };
}

function findMissingPartners(given: ReadonlyMap<OptionKey, Given>, keys: readonly OptionKey[]): string[] {
  const issues: string[] = [];
  for (const [key, { from, text }] of given) {
    const partner = keys.find((other) => other === OPTIONS[key].needs);
    if (partner === undefined || given.has(partner)) continue;
    issues.push(`${from}: ${quote(text)} needs ${nameBoth(OPTIONS[partner])} too`);
  }
  return issues;
}

/** Standard input can be read once. */
function findShared(given: ReadonlyMap<OptionKey, Given>): string[] {
  const readers = [...given]
    .filter(([key, { text }]) => isFile(OPTIONS[key]) && text.split(',').includes(STANDARD_INPUT))
    .map(([, { from }]) => from);
  return readers.slice(1).map((from) => `${from}: standard input is ${readers[0]} already; give a file`);
}

function isFile({ flags }: Option<unknown>): boolean {
  return /<(?:file|path\.\.\.)>$/.test(flags);
}

function describe(option: Option<unknown>, { help, fallback }: OptionWords): string {
  const notes = [
    ...(option.required ? ['required'] : []),
    ...(fallback === undefined ? [] : [`default: ${fallback}`]),
    `env: ${option.env}`,
  ];
  return `${help} (${notes.join(', ')})`;
}

function nameBoth(option: { readonly flags: string; readonly env: string }): string {
  return `${longFlag(option.flags)} (${option.env})`;
}

function quote(text: string): string {
  const shown = text.replace(USER_INFO, '$1...@');
  return JSON.stringify(shown.length > LONGEST_QUOTE ? `${shown.slice(0, LONGEST_QUOTE)}...` : shown);
}
