import type { OptionValues } from '../config/options.ts';
import type { Environment } from '../config/read-options.ts';
import { WORLD_OPTIONS } from './load-world.ts';

export const AUDIT_OPTIONS = [
  ...WORLD_OPTIONS,
  'files',
  'live',
  'report',
  'html',
  'auditNamespace',
  'assumeMode',
  'powerTable',
  'auditOutput',
] as const;

export type AuditValues = OptionValues<(typeof AUDIT_OPTIONS)[number]>;

/** To be built. */
export async function audit(_values: AuditValues, _env: Environment): Promise<number> {
  throw new Error('not built yet');
}
