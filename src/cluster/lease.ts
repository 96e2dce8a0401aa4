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

const JSON_TYPE = 'application/json';
const API_SERVER = 'the API server';
const QUERY = { fieldManager: FIELD_MANAGER };

/**
 * Requests for one Lease, past the ApiWriter: whoever renews a lease cannot be asked to lead already. Each rejects after
 * `timeoutMs`, or with an ApiError or the network's own error.
 */
export function createLeaseClient(deps: { api: ApiClient; namespace: string; name: string }) {
  const { api, namespace, name } = deps;
  const leasesPath = `/apis/coordination.k8s.io/v1/namespaces/${encodeURIComponent(namespace)}/leases`;
  const path = `${leasesPath}/${encodeURIComponent(name)}`;

  async function send(method: 'POST' | 'PUT', to: string, body: object, timeoutMs: number): Promise<Lease> {
    const options = { contentType: JSON_TYPE, body, query: QUERY, idleTimeoutMs: timeoutMs };
    return toLease(await within(API_SERVER, timeoutMs, (signal) => api.send(method, to, { ...options, signal })));
  }

  return {
    /** Undefined where there is none. */
    async get(timeoutMs: number, hangUp?: AbortSignal): Promise<Lease | undefined> {
      const options = { accept: JSON_TYPE, idleTimeoutMs: timeoutMs };
      const read = (signal: AbortSignal) => getIfThere(api, path, { ...options, signal });
      const answer = await within(API_SERVER, timeoutMs, read, hangUp);
      return answer === undefined ? undefined : toLease(answer);
    },
    create(spec: LeaseSpec, timeoutMs: number): Promise<Lease> {
      const body = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name, namespace }, spec };
      return send('POST', leasesPath, body, timeoutMs);
    },
    /** Rejects with a 409 when anything has changed since `lease` was read; labels and fields of others stay. */
    update(lease: Lease, spec: LeaseSpec, timeoutMs: number): Promise<Lease> {
      return send('PUT', path, { ...lease, spec: { ...lease.spec, ...spec } }, timeoutMs);
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
