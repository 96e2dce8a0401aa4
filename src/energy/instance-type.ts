/** As the label `kubernetes.io/arch` has it. */
export type Arch = 'arm64' | 'amd64';

interface InstanceShape {
  /** What sizes of one kind share: `m7g`, `Ds_v5`, `n2-standard`. */
  readonly family: string;
  readonly arch: Arch;
  /** What the host sets aside; absent where the name does not tell, as with `metal` and shared cores. */
  readonly vcpus?: number;
}

const AWS = /^((?=[a-z-]*\d)[a-z][a-z0-9]*(?:-[a-z0-9]+)?)\.([a-z0-9-]+)$/;
/** Graviton has a g after the generation; before Graviton2 there was only a1. */
const GRAVITON = /^(?:a1|[a-z]+\d+[a-z]*g[a-z]*)$/;
const AZURE = /^(?:Standard|Basic)_([A-Z]+)(\d+)(?:-\d+)?([a-z]*)((?:_[A-Z][A-Z0-9]*)?)((?:_v\d+)?)$/;
/** The kinds by name: elsewhere people call their machines `k8s-worker-3`. */
const GOOGLE =
  /^([a-z]\d+[a-z]*)-(standard|high(?:mem|cpu|gpu|lssd)|(?:mega|ultra|hyper)mem|(?:mega|ultra|edge|max)gpu|micro|small|medium)(?:-(\d+)([a-z]?)(?:-[a-z0-9]+)*)?$/;
const GOOGLE_CUSTOM = /^(?:([a-z]\d+[a-z]*)-)?custom-(\d+)-\d+(?:-ext)?$/;
const GOOGLE_ARM = /^(?:t2a|c4a|n4a|a4x)$/;

/** vCPUs of Azure's sizes that are numbered by rank, as every Dv2 is. */
const AZURE_RANKS: Readonly<Record<string, Readonly<Record<number, number>>>> = {
  D: { 1: 1, 2: 2, 3: 4, 4: 8, 5: 16, 11: 2, 12: 4, 13: 8, 14: 16, 15: 20 },
  G: { 1: 2, 2: 4, 3: 8, 4: 16, 5: 32 },
};

const AWS_SIZES: Readonly<Record<string, number>> = { medium: 1, large: 2, xlarge: 4 };
/** T3 and later have two vCPUs at least. */
const AWS_BURSTABLE_SIZES: Readonly<Record<string, number>> = {
  nano: 2,
  micro: 2,
  small: 2,
  medium: 2,
  large: 2,
  xlarge: 4,
};
const AWS_T2_SIZES: Readonly<Record<string, number>> = { ...AWS_BURSTABLE_SIZES, nano: 1, micro: 1, small: 1 };

/** What an instance type's name tells; `undefined` when it is no name of AWS, Azure or Google. */
export function parseInstanceType(name: string): InstanceShape | undefined {
  // Longer ones are no label values.
  if (name.length > 63) return undefined;
  return parseAws(name) ?? parseAzure(name) ?? parseGoogle(name);
}

function parseAws(name: string): InstanceShape | undefined {
  const [, family, size] = AWS.exec(name) ?? [];
  if (family === undefined || size === undefined) return undefined;
  return shape(family, GRAVITON.test(family), awsVcpus(family, size));
}

function awsVcpus(family: string, size: string): number | undefined {
  const [, multiple] = /^(?:metal-)?(\d+)xl(?:arge)?$/.exec(size) ?? [];
  if (multiple !== undefined) return 4 * Number(multiple);
  const isBurstable = /^t[2-9]/.test(family);
  const sizes = family === 't2' ? AWS_T2_SIZES : isBurstable ? AWS_BURSTABLE_SIZES : AWS_SIZES;
  return Object.hasOwn(sizes, size) ? sizes[size] : undefined;
}

/** `Standard_E16-4as_v4` shows 4 vCPUs of the 16 that its host sets aside. */
function parseAzure(name: string): InstanceShape | undefined {
  const [, kind, number, features = '', accelerator = '', version = ''] = AZURE.exec(name) ?? [];
  if (kind === undefined) return undefined;
  const family = `${kind}${features}${accelerator}${version}`;
  return shape(family, features.includes('p'), azureVcpus(kind, Number(number), version));
}

function azureVcpus(kind: string, number: number, version: string): number | undefined {
  const isFirst = version === '' || version === '_v2';
  const ranked = (kind === 'D' || kind === 'DS') && isFirst ? 'D' : kind === 'G' || kind === 'GS' ? 'G' : undefined;
  if (ranked !== undefined) return AZURE_RANKS[ranked]?.[number];
  // A0 to A11 follow no rule.
  return kind === 'A' && version === '' ? undefined : number;
}

/** The number of an accelerator's type counts accelerators (`a2-highgpu-1g`), and shared cores have none (`e2-medium`). */
function parseGoogle(name: string): InstanceShape | undefined {
  const custom = GOOGLE_CUSTOM.exec(name);
  if (custom) {
    const [, series = 'n1', vcpus] = custom;
    return shape(`${series}-custom`, GOOGLE_ARM.test(series), Number(vcpus));
  }
  const [, series, kind, number, unit] = GOOGLE.exec(name) ?? [];
  if (series === undefined) return undefined;
  const isCounted = number !== undefined && unit === '';
  return shape(`${series}-${kind}`, GOOGLE_ARM.test(series), isCounted ? Number(number) : undefined);
}

function shape(family: string, isArm: boolean, vcpus: number | undefined): InstanceShape {
  const arch = isArm ? 'arm64' : 'amd64';
  return isPlausible(vcpus) ? { family, arch, vcpus } : { family, arch };
}

/** Whether a number can be one of vCPUs: the largest machines have fewer than 2,000. */
export function isPlausible(vcpus: number | undefined): vcpus is number {
  return vcpus !== undefined && vcpus > 0 && vcpus <= 10_000;
}
