import { z } from 'zod';
import { isLabelValue } from '../units/label-names.ts';
import { sayWhatIsDue } from '../units/shape-words.ts';
import { MAX_REASON_CHARACTERS } from './outage-by-hand.ts';
import { MAX_GRAMS_PER_KWH, SIGNALS } from './reading.ts';

const labelValue = z.string().refine(isLabelValue, 'must be a valid label value of at most 63 characters');
const MAX_HOMES = 256;
const API_VERSION = 'gridgate.dev/v1alpha1';

const notNegative = z.number().nonnegative();
const time = z.iso.datetime({ offset: true });
const reason = z
  .string()
  .refine((text) => [...text].length <= MAX_REASON_CHARACTERS, `must have at most ${MAX_REASON_CHARACTERS} characters`);
const latencies = z
  .record(labelValue, notNegative)
  .refine((homes) => Object.keys(homes).length <= MAX_HOMES, `must have at most ${MAX_HOMES} homes`);

/**
 * The Region resource, as `kubectl` would apply it; `status` belongs to gridgate and is passed over.
 * manifests/crd/regions.yaml says the same to the API server.
 */
/** As kubectl prints it before a name. */
export const REGION_TYPE = 'region.gridgate.dev';

export const regionResource = z.strictObject({
  apiVersion: z.literal(API_VERSION),
  kind: z.literal('Region'),
  metadata: z.object({ name: labelValue }).loose(),
  spec: z
    .strictObject({
      gridZone: z.string().min(1).optional(),
      wattTime: z.string().min(1).optional(),
      ukCarbonIntensity: z.union([z.string().min(1), z.number().int()]).optional(),
      carbonAwareSdk: z.string().min(1).optional(),
      gramsPerKwh: notNegative.max(MAX_GRAMS_PER_KWH).optional(),
      signal: z.enum(SIGNALS).optional(),
      latencyMs: latencies.optional(),
      pricePerHour: notNegative.optional(),
      elastic: z.boolean().optional(),
      outage: z.strictObject({ active: z.boolean(), reason: reason.optional(), until: time.optional() }).optional(),
    })
    .default({}),
  status: z.unknown().optional(),
});

export type RegionResource = z.infer<typeof regionResource>;
export type RegionSpec = RegionResource['spec'];

/** Validates one document; every mistake is a sentence with its path. */
export function parseRegion(document: unknown): { region: RegionResource } | { issues: readonly string[] } {
  const another = kindOtherThanRegion(document);
  if (another) return { issues: [another] };
  const parsed = regionResource.safeParse(document, { error: sayWhatIsDue });
  if (parsed.success) return { region: parsed.data };
  return {
    issues: parsed.error.issues.flatMap((issue) =>
      issue.code === 'unrecognized_keys'
        ? issue.keys.map((key) => `${[...issue.path, key].join('.')}: ${sayUnknown(key, keysAt(issue.path))}`)
        : `${issue.path.join('.') || 'document'}: ${issue.message}`,
    ),
  };
}

/** Who gives the wrong file hears that alone, and not what it lacks of a Region. */
function kindOtherThanRegion(document: unknown): string | undefined {
  const { apiVersion, kind } = (document ?? {}) as { readonly apiVersion?: unknown; readonly kind?: unknown };
  const isNamed = typeof apiVersion === 'string' && typeof kind === 'string';
  if (!isNamed || kind === 'Region') return undefined;
  return `kind: is ${kind} (${apiVersion}), not Region (${API_VERSION})`;
}

function sayUnknown(key: string, known: readonly string[]): string {
  const meant = known.find((one) => one.toLowerCase() === key.toLowerCase());
  return meant === undefined ? `no such key; known are ${known.join(', ')}` : `no such key, did you mean ${meant}?`;
}

interface Properties {
  readonly properties?: Readonly<Record<string, Properties>>;
}

function keysAt(path: readonly PropertyKey[]): readonly string[] {
  const schema = z.toJSONSchema(regionResource, { io: 'input', unrepresentable: 'any' }) as Properties;
  const at = path.reduce<Properties | undefined>((one, step) => one?.properties?.[String(step)], schema);
  return Object.keys(at?.properties ?? {});
}
