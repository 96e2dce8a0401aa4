import { helmReleaseOf } from '../../units/helm-release.ts';
import { ROLES, type Role } from '../../units/role.ts';
import type { DeploymentFacts, KeyRef, Mount } from './facts.ts';

/** A Deployment, as far as it is read; the API server has checked its types. */
export interface DeploymentObject {
  readonly metadata: { readonly name: string; readonly annotations?: Readonly<Record<string, string>> };
  readonly spec?: {
    readonly replicas?: number;
    readonly template?: {
      readonly spec?: {
        readonly serviceAccountName?: string;
        readonly containers?: readonly ContainerObject[];
        readonly volumes?: readonly VolumeObject[];
      };
    };
  };
  readonly status?: { readonly availableReplicas?: number };
}

interface ContainerObject {
  readonly name: string;
  readonly args?: readonly string[];
  readonly command?: readonly string[];
  readonly env?: readonly {
    readonly name: string;
    readonly value?: string;
    readonly valueFrom?: { readonly secretKeyRef?: KeyObject; readonly configMapKeyRef?: KeyObject };
  }[];
  readonly envFrom?: readonly {
    readonly prefix?: string;
    readonly secretRef?: { readonly name?: string };
    readonly configMapRef?: { readonly name?: string };
  }[];
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string; readonly subPath?: string }[];
}

interface KeyObject {
  readonly name?: string;
  readonly key: string;
}

interface VolumeObject {
  readonly name: string;
  readonly secret?: { readonly secretName?: string; readonly items?: readonly ItemObject[] };
  readonly configMap?: { readonly name?: string; readonly items?: readonly ItemObject[] };
}

interface ItemObject {
  readonly key: string;
  readonly path: string;
}

/** Reads a Deployment of gridgate's; sidecars are passed over. */
export function toDeploymentFacts({
  metadata: { name, annotations },
  spec,
  status,
}: DeploymentObject): DeploymentFacts {
  const release = helmReleaseOf(annotations);
  const { serviceAccountName = 'default', containers = [], volumes = [] } = spec?.template?.spec ?? {};
  const container = containers.find((one) => one.name === 'gridgate') ?? containers[0];
  const args = [...(container?.command ?? []), ...(container?.args ?? [])];
  return {
    name,
    roles: rolesOf(args),
    account: serviceAccountName,
    replicas: spec?.replicas ?? 1,
    available: status?.availableReplicas ?? 0,
    args,
    variables: new Map((container?.env ?? []).flatMap(variableOf)),
    variableObjects: (container?.envFrom ?? []).flatMap(({ prefix = '', secretRef, configMapRef }) => [
      ...(secretRef?.name ? [{ kind: 'Secret' as const, name: secretRef.name, prefix }] : []),
      ...(configMapRef?.name ? [{ kind: 'ConfigMap' as const, name: configMapRef.name, prefix }] : []),
    ]),
    mounts: (container?.volumeMounts ?? []).map((mount) => mountOf(mount, volumes)),
    ...(release && { release }),
  };
}

/** The value of an option among arguments, `--name=value` or `--name value`; the last one counts. */
export function argumentOf(args: readonly string[], option: string): string | undefined {
  const index = args.findLastIndex((arg) => arg === option || arg.startsWith(`${option}=`));
  const found = args[index];
  return found === option ? args[index + 1] : found?.slice(option.length + 1);
}

/** Whether controllers run with an option of manifests/capacity that is not off. By a variable, too: what stands in that one counts as on. */
export function isSwitchedOn(deployments: readonly DeploymentFacts[], option: string): boolean {
  const variable = `GRIDGATE_${option.slice(2).replaceAll('-', '_').toUpperCase()}`;
  return deployments
    .filter(({ roles }) => roles.includes('controllers'))
    .some(({ args, variables }) => (argumentOf(args, option) ?? (variables.has(variable) ? 'on' : 'off')) !== 'off');
}

function rolesOf(args: readonly string[]): readonly Role[] {
  const said = argumentOf(args, '--roles')
    ?.split(',')
    .map((role) => role.trim());
  return said ? ROLES.filter((role) => said.includes(role)) : ROLES;
}

type Variable = NonNullable<ContainerObject['env']>[number];

function variableOf({ name, value, valueFrom }: Variable): readonly (readonly [string, KeyRef | 'set'])[] {
  const { secretKeyRef, configMapKeyRef } = valueFrom ?? {};
  if (secretKeyRef) return [[name, refOf('Secret', secretKeyRef)]];
  if (configMapKeyRef) return [[name, refOf('ConfigMap', configMapKeyRef)]];
  return value || valueFrom ? [[name, 'set']] : [];
}

function refOf(kind: KeyRef['kind'], { name = '', key }: KeyObject): KeyRef {
  return { kind, name, key };
}

function mountOf(
  { name, mountPath, subPath }: NonNullable<ContainerObject['volumeMounts']>[number],
  volumes: readonly VolumeObject[],
): Mount {
  const path = mountPath.replace(/\/+$/, '');
  const { secret, configMap } = volumes.find((volume) => volume.name === name) ?? {};
  const from = secret
    ? { kind: 'Secret' as const, name: secret.secretName ?? '' }
    : configMap && { kind: 'ConfigMap' as const, name: configMap.name ?? '' };
  const items = (secret ?? configMap)?.items;
  const keys = items && new Map(items.map((item) => [item.path, item.key]));
  const keyOf = subPath ? new Map([['', keys?.get(subPath) ?? subPath]]) : keys;
  return { path, ...(from && { from }), ...(keyOf && { keyOf }) };
}
