import { INSTANCE_TYPE_LABELS } from '../../energy/node-shape.ts';
import { HOSTNAME_LABEL } from '../../units/label-names.ts';
import { parseQuantity } from '../../units/quantity.ts';

/** What is read of a node; each but the name may be missing. */
export interface FleetNode {
  readonly name: string;
  /** Of the kubelet, as it reports it: `v1.33.2-eks-1a2b3c`. */
  readonly version?: string;
  readonly arch?: string;
  readonly instanceType?: string;
  readonly region?: string;
  readonly vcpus?: number;
  /** Host name and addresses: what monitoring may call it. */
  readonly aliases: readonly string[];
  /** The annotation in which some installers keep the KubeletConfiguration, YAML or JSON. */
  readonly kubeletConfig?: string;
}

const ARCH_LABELS = ['kubernetes.io/arch', 'beta.kubernetes.io/arch'];
const KUBELET_CONFIG = 'kubernetes.io/kubelet-config';

/** Reads a Node as somebody wrote it, or the API server sent it: what has another shape counts as missing. */
export function parseFleetNode(node: unknown, regionLabel: string): FleetNode {
  const labels = fieldAt(node, 'metadata', 'labels');
  const label = (keys: readonly string[]) => keys.map((key) => textAt(labels, key)).find(Boolean);
  const version = textAt(node, 'status', 'nodeInfo', 'kubeletVersion');
  const arch = textAt(node, 'status', 'nodeInfo', 'architecture') ?? label(ARCH_LABELS);
  const instanceType = label(INSTANCE_TYPE_LABELS);
  const region = label([regionLabel]);
  const vcpus = parseQuantity(fieldAt(node, 'status', 'capacity', 'cpu'));
  const kubeletConfig = textAt(node, 'metadata', 'annotations', KUBELET_CONFIG);
  return {
    name: textAt(node, 'metadata', 'name') ?? '',
    ...(version !== undefined && { version }),
    ...(arch !== undefined && { arch }),
    ...(instanceType !== undefined && { instanceType }),
    ...(region !== undefined && { region }),
    ...(vcpus !== undefined && vcpus > 0 && { vcpus }),
    aliases: aliasesOf(node, label([HOSTNAME_LABEL])),
    ...(kubeletConfig !== undefined && { kubeletConfig }),
  };
}

function aliasesOf(node: unknown, hostname: string | undefined): readonly string[] {
  const addresses = fieldAt(node, 'status', 'addresses');
  const known = Array.isArray(addresses) ? addresses.map((one: unknown) => textAt(one, 'address')) : [];
  return [...new Set([hostname, ...known])].filter((alias) => alias !== undefined);
}

/** An empty text says nothing. */
function textAt(value: unknown, ...path: readonly string[]): string | undefined {
  const found = fieldAt(value, ...path);
  return typeof found === 'string' && found !== '' ? found : undefined;
}

/** What stands at a path, where all of it is there. */
export function fieldAt(value: unknown, ...path: readonly string[]): unknown {
  let found = value;
  for (const key of path) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, key)) return undefined;
    found = (found as Readonly<Record<string, unknown>>)[key];
  }
  return found;
}

/** `v1.33.2-eks-1a2b3c`, `v1.33.2+k3s1`, `1.33`. */
const VERSION = /^v?(\d+)\.(\d+)(?:\.(\d+))?(?![\d.])/;

/** Major and minor of what a kubelet reports, such as `1.33`; `undefined` where it is no version. */
export function minorVersionOf(version: string | undefined): string | undefined {
  const parts = VERSION.exec(version ?? '');
  return parts ? `${Number(parts[1])}.${Number(parts[2])}` : undefined;
}

/** The newest of the minors that kubelets report, such as `1.33`; `undefined` where none reports a version. */
export function newestMinorOf(versions: readonly (string | undefined)[]): string | undefined {
  const minors = new Set(versions.flatMap((version) => minorVersionOf(version) ?? []));
  return [...minors].sort((a, b) => b.localeCompare(a, 'en', { numeric: true }))[0];
}

/**
 * Whether a kubelet's version is the one that is asked for:
 *
 * | target   | v1.33.2-eks-1a2b3c | v1.33.4 | v1.3.3 | no version |
 * | -------- | ------------------ | ------- | ------ | ---------- |
 * | `1.33`   | yes                | yes     | no     | no         |
 * | `1.33.2` | yes                | no      | no     | no         |
 */
export function isVersion(version: string | undefined, target: string): boolean {
  const wanted = VERSION.exec(target);
  if (!wanted || minorVersionOf(version) !== minorVersionOf(target)) return false;
  const patch = VERSION.exec(version ?? '')?.[3];
  return wanted[3] === undefined || Number(wanted[3]) === Number(patch);
}
