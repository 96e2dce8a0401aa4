import { stat } from 'node:fs/promises';
import { z } from 'zod';
import { describeReadFailure, nameOfInput, readText, STANDARD_INPUT } from '../documents/read-text.ts';
import type { YamlDocument } from '../documents/yaml-documents.ts';
import { parseInstanceType } from '../energy/instance-type.ts';
import { createPowerTable, DEFAULT_POWER_TABLE, type OwnInstance, type PowerTable } from '../energy/power-table.ts';
import { isMapping } from '../units/is-mapping.ts';
import { isLabelValue } from '../units/label-names.ts';
import { escapeUnseen } from '../units/legible.ts';
import { sayWhatIsDue } from '../units/shape-words.ts';
import { mistakesOf } from './config-mistakes.ts';
import { placed, readOneDocument } from './one-document.ts';

export type PowerTableRead = { readonly table: PowerTable } | { readonly issues: readonly string[] };

/** Far more than every instance type there is takes. */
const MAX_BYTES = 16 * 2 ** 20;
const LONGEST_KEY = 80;

/** Far outside of what there is, to tell a slip of units from an unusual machine. */
const watts = between(0, 100, 'watts');
const idleWatts = between(0.01, 50_000, 'watts');
const vcpus = z.int({ error: 'must be a whole number from 1 to 10000' }).min(1).max(10_000);
const pue = between(1, 5);

const instance = z
  .strictObject(
    {
      idleWatts: idleWatts.optional(),
      vcpus: vcpus.optional(),
      arch: z.enum(['arm64', 'amd64'], { error: 'must be arm64 or amd64' }).optional(),
      manufacturingKg: between(1, 1_000_000, 'kgCO2e').optional(),
      machineVcpus: vcpus.optional(),
    },
    { error: 'must be a number of idle watts, or fields such as idleWatts and vcpus' },
  )
  .refine(({ idleWatts, manufacturingKg }) => idleWatts !== undefined || manufacturingKg !== undefined, {
    error: 'needs idleWatts or manufacturingKg',
  })
  .refine(({ machineVcpus, manufacturingKg }) => machineVcpus === undefined || manufacturingKg !== undefined, {
    error: 'is of no use without manufacturingKg',
    path: ['machineVcpus'],
  });

const ownPower = z.strictObject(
  {
    vcpuWatts: z
      .strictObject({ min: watts, max: watts }, { error: 'must be {min: WATTS, max: WATTS}' })
      .refine(({ min, max }) => min <= max, { error: 'must not be below min', path: ['max'] })
      .optional(),
    memoryWattsPerGb: between(0, 100, 'watts').optional(),
    pue: z
      .strictObject(
        { aws: pue.optional(), azure: pue.optional(), gcp: pue.optional(), default: pue.optional() },
        { error: 'must be numbers by provider: {aws, azure, gcp, default}' },
      )
      .optional(),
    instances: z.record(z.string(), instance, { error: 'must be figures by instance type' }).default({}),
  },
  { error: 'must be fields: vcpuWatts, memoryWattsPerGb, pue, instances' },
);

/**
 * Reads `--power-table FILE`, YAML or JSON (without a file the embedded table counts): own figures, which count before the embedded ones, each as `looked-up`. All of
 * it may be left out. Every mistake names the file, the line and the path.
 *
 * ```yaml
 * vcpuWatts: {min: 0.9, max: 4.1}   # of one vCPU, idle and busy
 * memoryWattsPerGb: 0.35
 * pue: {aws: 1.15, azure: 1.18, gcp: 1.1, default: 1.4}   # default: regions of no public cloud
 * instances:
 *   m7g.large: 12.1                 # idle watts
 *   edge-box:
 *     idleWatts: 38
 *     vcpus: 16                     # for the family's other sizes; known of AWS, Azure and Google
 *     arch: amd64                   # for types that no family tells of
 *     manufacturingKg: 1200         # kgCO2e of the machine below
 *     machineVcpus: 64              # left out: the instance is the whole machine
 * ```
 */
export async function readPowerTable(path: string | undefined): Promise<PowerTableRead> {
  if (path === undefined) return { table: DEFAULT_POWER_TABLE };
  const name = nameOfInput(path);
  try {
    const { size } = path === STANDARD_INPUT ? { size: 0 } : await stat(path);
    if (size > MAX_BYTES) return { issues: [`${name}: is larger than 16 MiB; a power table is not`] };
    return parsePowerTable(await readText(path), name);
  } catch (error) {
    return { issues: [describeReadFailure(name, error)] };
  }
}

function parsePowerTable(text: string, path: string): PowerTableRead {
  const read = readOneDocument(text, path);
  if ('issues' in read) return read;
  return check(read.document, path);
}

function check(document: YamlDocument, path: string): PowerTableRead {
  const value = spellOut(document.value);
  const parsed = ownPower.safeParse(value, { error: sayWhatIsDue });
  const mistakes = parsed.success ? [] : parsed.error.issues.flatMap((issue) => mistakesOf(issue, ownPower, value));
  const all = [...mistakes, ...findOdd(value)];
  if (!parsed.success || all.length > 0)
    return {
      issues: all.map(({ at, message }) =>
        placed(path, document.lineOf(at), `${at.map(shown).join('.') || 'document'}: ${message}`),
      ),
    };
  const instances = new Map<string, OwnInstance>(Object.entries(parsed.data.instances));
  return { table: createPowerTable({ ...parsed.data, instances }) };
}

/** A number instead of an instance type's fields is its idle watts. */
function spellOut(value: unknown): unknown {
  if (!isMapping(value) || !isMapping(value['instances'])) return value;
  const entries = Object.entries(value['instances']).map(([name, entry]) => [
    name,
    typeof entry === 'number' ? { idleWatts: entry } : entry,
  ]);
  return { ...value, instances: Object.fromEntries(entries) };
}

/** Mistakes that need an instance type's name. */
function findOdd(value: unknown): { readonly at: readonly string[]; readonly message: string }[] {
  const instances = isMapping(value) ? value['instances'] : undefined;
  if (!isMapping(instances)) return [];
  return Object.entries(instances).flatMap(([name, entry]) => {
    const at = ['instances', name];
    // zod passes `__proto__` over without a word.
    // Nodes are labelled with it.
    if (!isLabelValue(name)) return [{ at, message: 'is no instance type; give one as nodes are labelled' }];
    if (!isMapping(entry)) return [];
    const own = Number(entry['vcpus'] ?? parseInstanceType(name)?.vcpus);
    const machine = Number(entry['machineVcpus']);
    if (own > machine) return [{ at: [...at, 'machineVcpus'], message: `must not be below the instance's ${own}` }];
    return [];
  });
}

/** A number within bounds; `unit` completes "a number of ...". */
function between(low: number, high: number, unit?: string) {
  const error = `must be a number${unit === undefined ? '' : ` of ${unit}`} from ${low} to ${high}`;
  return z.number({ error }).min(low, { error }).max(high, { error });
}

/** A key of the file, as a terminal may show it. */
function shown(key: string | number): string {
  const text = escapeUnseen(String(key).replaceAll(/[\n\t]/g, ' '), 'json');
  return text.length > LONGEST_KEY ? `${text.slice(0, LONGEST_KEY)}...` : text;
}
