import { z } from 'zod';
import { describeReadFailure, nameOfInput, readBounded } from '../documents/read-text.ts';
import { acceleratorsIn, CAPACITY_TYPE_LABEL, type OfferedType, type Offering } from '../regions/offered-type.ts';
import { isMapping } from '../units/is-mapping.ts';
import { isLabelValue, REGION_LABEL, ZONE_LABEL } from '../units/label-names.ts';
import { parseQuantity } from '../units/quantity.ts';
import { sayWhatIsDue } from '../units/shape-words.ts';
import { type Mistake, readChecked } from './checked-document.ts';

export type InstanceTypesRead =
  /** With the text as read, to watch the file for changes. */
  { readonly types: readonly OfferedType[]; readonly text: string } | { readonly issues: readonly string[] };

/** Some 2,000 types in six zones, as the KWOK provider writes them. */
const MOST_BYTES = 32 * 2 ** 20;

const labelValue = z.string().refine(isLabelValue, 'must be a name as nodes are labelled with it');
const price = z.number().min(0).max(1_000_000);
const written = z
  .union([z.string(), z.number()], { error: 'must be a quantity such as 8Gi' })
  .refine((text) => (parseQuantity(text) ?? -1) >= 0, 'must be a quantity such as 8Gi');
const quantity = written.transform((text) => parseQuantity(text) ?? 0);

/** What the KWOK provider of Karpenter reads (`INSTANCE_TYPES_FILE_PATH`). */
const providerType = z
  .looseObject({
    name: labelValue,
    architecture: z.string().optional(),
    operatingSystems: z.array(z.string()).optional(),
    resources: z.record(z.string(), written),
    offerings: z
      .array(
        z.looseObject({
          Price: price.optional(),
          Requirements: z.array(z.looseObject({ key: z.string(), operator: z.string(), values: z.array(z.string()) })),
        }),
      )
      .max(1_000),
  })
  .transform(fromProvider);

const ownType = z
  .strictObject({
    name: labelValue,
    vcpus: z.number().positive().max(10_000).optional(),
    memory: quantity.optional(),
    arch: z.enum(['amd64', 'arm64']).optional(),
    gpus: z.int().min(0).max(1_000).optional(),
    labels: z.record(z.string(), z.string()).default({}),
    offerings: z
      .array(
        z.strictObject({
          zone: labelValue,
          region: labelValue.optional(),
          capacityType: labelValue.optional(),
          price: price.optional(),
        }),
      )
      .min(1)
      .max(1_000),
  })
  .transform(({ vcpus, memory, arch, gpus, labels, ...type }): OfferedType => {
    const all = { ...labels, ...(arch !== undefined && { 'kubernetes.io/arch': arch }) };
    return {
      ...type,
      ...(vcpus !== undefined && { vcpus }),
      ...(memory !== undefined && { memoryGb: memory / 1e9 }),
      ...(gpus !== undefined && { accelerators: gpus }),
      labels: Object.fromEntries(Object.entries(all).map(([key, value]) => [key, [value]])),
      knowsAllLabels: false,
    };
  });

/** A type in the form that it has. */
const type = z.unknown().transform((value, context): OfferedType => {
  const schema = isMapping(value) && 'resources' in value ? providerType : ownType;
  const read = schema.safeParse(value, { error: sayWhatIsDue });
  if (read.success) return read.data;
  for (const issue of read.error.issues)
    context.addIssue({
      code: 'custom',
      path: issue.path,
      message: issue.code === 'unrecognized_keys' ? `no such key: ${issue.keys.join(', ')}` : issue.message,
    });
  return z.NEVER;
});
const types = z.array(type, { error: 'must be a list of instance types' }).max(20_000);

/**
 * Reads `--instance-types FILE`, JSON or YAML, a list: of instance types as Karpenter's KWOK provider reads them, or
 *
 * ```yaml
 * - name: m5.large
 *   vcpus: 2                # known by the name of AWS's, Azure's and Google's types
 *   memory: 8Gi
 *   gpus: 0
 *   arch: amd64
 *   labels: {karpenter.k8s.aws/instance-family: m5}    # that users' NodeOverlays ask for
 *   offerings:
 *     - {zone: us-east-1a, region: us-east-1, capacityType: on-demand, price: 0.096}    # an hour
 * ```
 *
 * Every mistake names the file, the line, the type and the path in it.
 */
export async function readInstanceTypes(path: string): Promise<InstanceTypesRead> {
  const name = nameOfInput(path);
  try {
    const text = await readBounded(path, MOST_BYTES);
    if (text === undefined) return { issues: [`${name}: is larger than ${MOST_BYTES / 2 ** 20} MiB`] };
    const read = parseInstanceTypes(text, name);
    return 'issues' in read ? read : { ...read, text };
  } catch (error) {
    return { issues: [describeReadFailure(name, error)] };
  }
}

/** Parses text that was read already, as a watch hands it over. */
export function parseInstanceTypes(
  text: string,
  path: string,
): { readonly types: readonly OfferedType[] } | { readonly issues: readonly string[] } {
  const fast = types.safeParse(parseJson(text));
  // YAML knows the lines of mistakes, and takes a hundred times as long.
  const read =
    fast.success && findTwice(fast.data).length === 0 ? { value: fast.data } : readChecked(text, path, CHECK);
  return 'issues' in read ? read : { types: read.value };
}

const CHECK = { schema: types as z.ZodType<readonly OfferedType[]>, findMore: findTwice, nameEntry: nameOfType };

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function nameOfType(entry: unknown): string | undefined {
  const name = isMapping(entry) ? entry['name'] : undefined;
  return typeof name === 'string' ? name : undefined;
}

function findTwice(value: unknown): readonly Mistake[] {
  const seen = new Set<unknown>();
  return (Array.isArray(value) ? value : []).flatMap((type, index) => {
    const name = isMapping(type) ? type['name'] : undefined;
    if (name === undefined || !seen.has(name)) return seen.add(name) && [];
    return [{ at: [index, 'name'], message: `${String(name)} is there twice` }];
  });
}

interface ProviderType {
  readonly name: string;
  readonly architecture?: string | undefined;
  readonly operatingSystems?: readonly string[] | undefined;
  readonly resources: Readonly<Record<string, string | number>>;
  readonly offerings: readonly {
    readonly Price?: number | undefined;
    readonly Requirements: readonly {
      readonly key: string;
      readonly operator: string;
      readonly values: readonly string[];
    }[];
  }[];
}

const SIZE_OF_AWS = /^\w+\.(nano|micro|small|medium|large|\d*xlarge|metal)$/;

/** With the labels that the provider gives its types (`kwok/cloudprovider/helpers.go`, 1.14). */
function fromProvider({ name, architecture, operatingSystems, resources, offerings }: ProviderType): OfferedType {
  const amounts = Object.fromEntries(Object.entries(resources).map(([key, text]) => [key, parseQuantity(text) ?? 0]));
  const { cpu: cpuText = '', memory: memoryText = '' } = resources;
  const { cpu, memory } = amounts;
  const [, family] = /^([^.-]*)[.-]/.exec(name) ?? [];
  return {
    name,
    ...(cpu !== undefined && { vcpus: cpu }),
    ...(memory !== undefined && { memoryGb: memory / 1e9 }),
    accelerators: acceleratorsIn(amounts) ?? 0,
    labels: {
      ...(architecture !== undefined && { 'kubernetes.io/arch': [architecture] }),
      'kubernetes.io/os': operatingSystems ?? [],
      'karpenter.kwok.sh/instance-family': [family ?? name.slice(0, 1)],
      'karpenter.kwok.sh/instance-size': [SIZE_OF_AWS.exec(name)?.[1] ?? String(cpuText)],
      'karpenter.kwok.sh/instance-cpu': [String(cpuText)],
      'karpenter.kwok.sh/instance-memory': [String(memoryText)],
    },
    knowsAllLabels: true,
    offerings: offerings.flatMap(({ Price, Requirements }) => offeringsOf(Requirements, Price)),
  };
}

function offeringsOf(
  requirements: ProviderType['offerings'][number]['Requirements'],
  price: number | undefined,
): readonly Offering[] {
  const valuesOf = (label: string) =>
    requirements.find(({ key, operator }) => key === label && operator === 'In')?.values ?? [];
  const [region] = valuesOf(REGION_LABEL);
  const [capacityType] = valuesOf(CAPACITY_TYPE_LABEL);
  return valuesOf(ZONE_LABEL).map((zone) => ({
    zone,
    ...(region !== undefined && { region }),
    ...(capacityType !== undefined && { capacityType }),
    ...(price !== undefined && { price }),
  }));
}
