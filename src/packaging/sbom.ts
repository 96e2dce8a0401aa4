import { createHash } from 'node:crypto';

interface NamedVersion {
  readonly name: string;
  readonly version: string;
}

/** A component of CycloneDX as npm writes it. */
export interface Component extends NamedVersion {
  readonly 'bom-ref': string;
  readonly purl: string;
  readonly [more: string]: unknown;
}

/** CycloneDX 1.5, as far as it is read here. */
export interface Sbom {
  readonly specVersion: string;
  readonly serialNumber: string;
  readonly metadata: { readonly component: Component; readonly [more: string]: unknown };
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn?: readonly string[] }[];
  readonly [more: string]: unknown;
}

/**
 * `npm sbom` of the lock file lists all that is installed to build; this is what of it is in the program, and nothing that differs
 * from one build of the same sources to the next. Throws for a package that is bundled but not in the lock file.
 *
 * A package that is only reached through one that is not bundled keeps its component and loses that edge.
 */
export function narrowSbom(all: Sbom, own: NamedVersion, bundled: readonly NamedVersion[]): Sbom {
  const components = new Map(all.components.map((component) => [component['bom-ref'], component]));
  const root = all.metadata.component['bom-ref'];
  const kept = [...new Set(bundled.map(({ name, version }) => `${name}@${version}`))].sort();
  const missing = kept.filter((ref) => !components.has(ref));
  if (missing.length > 0) throw new Error(`in the program, but not in package-lock.json: ${missing.join(', ')}`);
  const isKept = new Set([root, ...kept]);
  const { timestamp: _timestamp, ...metadata } = all.metadata;
  const content = {
    ...all,
    metadata: {
      ...metadata,
      lifecycles: [{ phase: 'build' }],
      component: { ...all.metadata.component, name: own.name, type: 'application', properties: [] },
    },
    components: kept.map(
      (ref) => ({ ...components.get(ref), scope: 'required', properties: [] }) as unknown as Component,
    ),
    dependencies: all.dependencies
      .filter(({ ref }) => isKept.has(ref))
      .map(({ ref, dependsOn = [] }) => ({ ref, dependsOn: dependsOn.filter((one) => isKept.has(one)) })),
  };
  return { ...content, serialNumber: uuidOf(JSON.stringify({ ...content, serialNumber: '' })) };
}

/** A UUID (version 8, of RFC 9562) that says the same of the same content. */
function uuidOf(content: string): string {
  const hex = createHash('sha256').update(content).digest('hex');
  const variant = ((Number.parseInt(hex.slice(16, 17), 16) & 0x3) | 0x8).toString(16);
  const parts = [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `${variant}${hex.slice(17, 20)}`];
  return `urn:uuid:${[...parts, hex.slice(20, 32)].join('-')}`;
}
