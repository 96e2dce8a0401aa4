import type { OptionValues } from '../../config/options.ts';
import { WORLD_OPTIONS } from '../../world/options.ts';

export const AUDIT_OPTIONS = [
  ...WORLD_OPTIONS,
  'files',
  'live',
  'strictFiles',
  'report',
  'html',
  'auditNamespace',
  'allNamespaces',
  'selector',
  'assumeMode',
  'killSwitch',
  'powerTable',
  'auditOutput',
] as const;

export type AuditValues = OptionValues<(typeof AUDIT_OPTIONS)[number]>;
