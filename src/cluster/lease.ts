import { within } from '../units/deadline.ts';
import type { ApiClient } from './api-client.ts';
import { FIELD_MANAGER } from './api-writer.ts';
import { getIfThere } from './get-if-there.ts';
import type { KubeObject } from './kube-object.ts';

export interface LeaseSpec {
  /** Empty or absent: nobody holds it. */
  readonly holderIdentity?: string | null;
  readonly leaseDurationSeconds?: number | null;
  /** Written for people; nobody decides by another process's clock. */
  readonly acquireTime?: string | null;
  readonly renewTime?: string | null;
  readonly leaseTransitions?: number | null;
}

/** A coordination.k8s.io/v1 Lease. */
export interface Lease extends KubeObject {
  readonly spec?: LeaseSpec | null;
}

/** One Lease; each request rejects after `timeoutMs`, or with an ApiError or the network's own error. */
export interface LeaseClient {
  /** Undefined where there is none. */
  get(timeoutMs: number, signal?: AbortSignal): Promise<Lease | undefined>;
  create(spec: LeaseSpec, timeoutMs: number): Promise<Lease>;
  /** Rejects with a 409 when anything has changed since `lease` was read. */
  update(lease: Lease, spec: LeaseSpec, timeoutMs: number): Promise<Lease>;
}

const JSON_TYPE = 'application/json';
const API_SERVER = 'the API server';
const QUERY = { fieldManager: FIELD_MANAGER };

/** Requests for one Lease, past the ApiWriter: whoever renews a lease cannot be asked to lead already. */
export function createLeaseClient(deps: { api: ApiClient; namespace: string; name: string }): LeaseClient {
  const { api, namespace, name } = deps;
  const leasesPath = `/apis/coordination.k8s.io/v1/namespaces/${encodeURIComponent(namespace)}/leases`;
  const path = `${leasesPath}/${encodeURIComponent(name)}`;

  return {
    async get(timeoutMs, hangUp) {
      const options = { accept: JSON_TYPE, idleTimeoutMs: timeoutMs };
      const read = (signal: AbortSignal) => getIfThere(api, path, { ...options, signal });
      const answer = await within(API_SERVER, timeoutMs, read, hangUp);
      return answer === undefined ? undefined : toLease(answer);
    },
    async create(spec, timeoutMs) {
      const body = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name, namespace }, spec };
      const options = { contentType: JSON_TYPE, body, query: QUERY, idleTimeoutMs: timeoutMs };
      return toLease(
        await within(API_SERVER, timeoutMs, (signal) => api.send('POST', leasesPath, { ...options, signal })),
      );
    },
    async update(lease, spec, timeoutMs) {
      const body = { ...lease, spec: { ...lease.spec, ...spec } }; // labels and fields of others stay
      const options = { contentType: JSON_TYPE, body, query: QUERY, idleTimeoutMs: timeoutMs };
      return toLease(await within(API_SERVER, timeoutMs, (signal) => api.send('PUT', path, { ...options, signal })));
    },
  };
}

/** A time as the API server reads a MicroTime: exactly six digits after the point. */
export function toMicroTime(epochMs: number): string {
  return new Date(epochMs).toISOString().replace('Z', '000Z');
}

// Without its resourceVersion an update would overwrite whatever is there.
function toLease(answer: unknown): Lease {
  const lease = answer as Lease | null;
  if (!lease?.metadata?.resourceVersion) throw new Error('the API server answers something that is not a Lease');
  return lease;
}
