import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The fields of an audit.k8s.io/v1 Event that tests look at. */
export type AuditEvent = {
  readonly verb: string;
  readonly user: { readonly username: string; readonly groups?: readonly string[] };
  readonly objectRef?: {
    readonly apiGroup?: string;
    readonly resource: string;
    readonly subresource?: string;
    readonly namespace?: string;
    readonly name?: string;
  };
  readonly responseStatus?: { readonly code: number; readonly message?: string };
  readonly annotations?: Readonly<Record<string, string>>;
};

// What an admission webhook can annotate, and every write of gridgate's controllers. Status writes of others are left out:
// kwok alone would drown the rest.
const POLICY = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [
    { level: 'None', verbs: ['get', 'list', 'watch'] },
    { level: 'Metadata', users: ['system:serviceaccount:gridgate-system:gridgate-controllers'] },
    {
      level: 'Metadata',
      resources: [
        { group: '', resources: ['pods', 'pods/binding', 'pods/eviction', 'namespaces'] },
        { group: 'apps', resources: ['deployments', 'replicasets', 'statefulsets', 'daemonsets'] },
        { group: 'batch', resources: ['jobs', 'cronjobs'] },
      ],
    },
    { level: 'None' },
  ],
};

/** Writes the API server's --audit-policy-file and returns its path. */
export function writeAuditPolicy(dir: string): string {
  const file = join(dir, 'audit-policy.json');
  writeFileSync(file, JSON.stringify(POLICY, null, 2));
  return file;
}

/** All events so far, oldest first, or those that contain a text. An event can follow the response to its request by a moment: poll for it. */
export function readAuditLog(file: string, containing = ''): AuditEvent[] {
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1); // what follows the last line break is still being written
  return lines.filter((line) => line.includes(containing)).map((line) => JSON.parse(line) as AuditEvent);
}
